from __future__ import annotations

import json

import pytest

from tests.graph.graph_made import connection_with, event, ran, recorded
from trivium.facts.instants import parse_instant
from trivium.graph.producers import ProducerHeard, ProducersFold, producers_heard
from trivium.intake.openlineage.meaning import producer

DBT = "https://github.com/OpenLineage/OpenLineage/tree/1.54.0/integration/dbt"


def made_by(code: object, run: str) -> bytes:
    return json.dumps(json.loads(event(run, "COMPLETE", "2026-10-01")) | {"producer": code}).encode()


@pytest.mark.parametrize("size", [1, 2, 100])
def test_producers_are_counted_however_facts_are_batched(size: int) -> None:
    said = [made_by(DBT, "a"), made_by("spark", "b"), made_by(DBT, "c"), *ran("d", "2026-10-01", "2026-10-02")]
    connection, fold = connection_with(ProducersFold(producer)), ProducersFold(producer)
    facts = recorded([*said, made_by(7, "e"), made_by("x" * 9000, "f")])
    for start in range(0, len(facts), size):
        fold.apply(connection, facts[start : start + size])
    at = parse_instant("2026-12-01")
    assert producers_heard(connection) == [
        ProducerHeard(DBT, 2, at), ProducerHeard("spark", 1, at), ProducerHeard("x" * 512, 1, at),
    ]  # fmt: skip
