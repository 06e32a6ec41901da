"""How often endpoints were asked: observed before declared, predictions before spans, in any order of arrival."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.graph.graph_made import connection_with, declared_fact, state
from trivium.bootstrap import meaning
from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.kinds import Kind
from trivium.facts.predictions import PredictionsReceived, encode_received
from trivium.facts.spans import SpansReceived, encode_spans
from trivium.facts.statements import Alias, Predicted, VersionUsed
from trivium.facts.traffic import Traffic
from trivium.graph.flows_reader import read_flows
from trivium.graph.fold import GraphFold
from trivium.graph.tables import metadata
from trivium.graph.traversal import lineage_at

OCTOBER, NOVEMBER = parse_instant("2026-10-01"), parse_instant("2026-11-01")
E, V1, V2 = "endpoint:e", "model:m/1", "model:m/2"


def logged(*rows: tuple[Any, ...], key: str = "k") -> Fact:
    """A delivery of predictions: (version, day of October, requests, errors)."""
    body = PredictionsReceived(files=(), predictions=0, traffic=traffic(rows))
    kind = Kind.PREDICTIONS_RECEIVED
    return Fact(kind=kind, subject="", happened_at=0, source="p", key=key, body=encode_received(body))


def traced(*rows: tuple[Any, ...]) -> Fact:
    body = SpansReceived(files=(), spans=0, traffic=traffic(rows))
    return Fact(kind=Kind.SPANS_RECEIVED, subject="", happened_at=0, source="s", key="k", body=encode_spans(body))


def traffic(rows: tuple[tuple[Any, ...], ...]) -> tuple[Traffic, ...]:
    return tuple(
        Traffic(endpoint=E, version=version, day=OCTOBER + day * DAY, requests=requests, errors=errors)
        for version, day, requests, errors in rows
    )


def graph(*said: Any, sizes: tuple[int, ...] = (100,)) -> Connection:
    """Fold facts in their order, in batches of the sizes given."""
    fold = GraphFold(meaning)
    connection = connection_with(fold)
    facts = [
        RecordedFact(sequence=number, recorded_at=0, fact=one if isinstance(one, Fact) else declared_fact(one))
        for number, one in enumerate(said, 1)
    ]
    turn = itertools.cycle(sizes)
    while facts:
        size = next(turn)
        fold.apply(connection, facts[:size])
        facts = facts[size:]
    return connection


def predicted(connection: Connection) -> dict[tuple[str, str, int], int]:
    flows = read_flows(connection)
    made = flows.predictions
    columns = (made.version.tolist(), made.consumer.tolist(), made.month.tolist(), made.count.tolist())
    return {
        (flows.versions.keys[version], flows.consumers[by], month): count
        for version, by, month, count in zip(*columns, strict=True)
    }


def used(connection: Connection) -> list[tuple[str, int, int]]:
    flows = read_flows(connection)
    uses = flows.consumptions
    rows = zip(uses.version.tolist(), uses.since.tolist(), uses.until.tolist(), strict=True)
    return [(flows.versions.keys[version], since, until) for version, since, until in rows]


def test_what_was_observed_of_a_month_counts_before_what_was_declared_of_it() -> None:
    declared = [
        Predicted(V1, E, "2026-10", 1000),
        Predicted(V1, E, "2026-09", 7),
        Predicted(V2, "job:n/j", "2026-10", 5),
    ]
    found = predicted(graph(*declared, logged((V1, 3, 10, 2), (V1, 4, 1, 0))))
    assert found[V1, E, OCTOBER] == 9
    assert found[V1, E, parse_instant("2026-09-01")] == 7
    assert found[V2, "job:n/j", OCTOBER] == 5


def test_predictions_of_a_day_count_before_its_spans() -> None:
    found = predicted(graph(traced((V1, 3, 50, 0), (V1, 5, 4, 1)), logged((V1, 3, 10, 0))))
    assert found == {(V1, E, OCTOBER): 13}


def test_an_observed_answer_is_a_use_of_that_month() -> None:
    connection = graph(logged((V1, 3, 10, 0)))
    assert used(connection) == [(V1, OCTOBER + 3 * DAY, NOVEMBER)]
    assert [step.asset for step in lineage_at(connection).downstream(V1)] == [E]


def test_a_declared_use_stays_as_it_is_declared() -> None:
    assert used(graph(VersionUsed(V1, E, OCTOBER), logged((V1, 3, 10, 0)))) == [(V1, OCTOBER, 2**63 - 1)]


def test_a_version_without_any_of_an_endpoints_named_predictions_had_none() -> None:
    uses = [VersionUsed(V1, E, OCTOBER), VersionUsed(V2, E, OCTOBER)]
    assert predicted(graph(*uses, logged((V1, 3, 10, 0)))) == {(V1, E, OCTOBER): 10, (V2, E, OCTOBER): 0}
    assert predicted(graph(*uses, logged((V1, 3, 10, 0), ("", 3, 1, 0)))) == {(V1, E, OCTOBER): 10}
    assert predicted(graph(*uses, Predicted(V2, E, "2026-10", 4), logged((V1, 3, 10, 0)))) == {
        (V1, E, OCTOBER): 10, (V2, E, OCTOBER): 4,
    }  # fmt: skip


def test_two_names_of_a_version_are_counted_together() -> None:
    found = predicted(graph(logged((V1, 3, 10, 0), (V2, 3, 5, 0)), Alias(V2, V1)))
    assert found == {(V1, E, OCTOBER): 15}


rows = st.tuples(st.sampled_from(["", V1, V2]), st.integers(0, 45), st.integers(1, 9), st.integers(0, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(rows, min_size=1, max_size=3), min_size=1, max_size=5), st.data())
def test_any_order_and_batching_of_deliveries_gives_the_same_graph(deliveries: list[Any], data: st.DataObject) -> None:
    facts = [traced(*one) if place % 2 else logged(*one) for place, one in enumerate(deliveries)]
    facts += [declared_fact(Predicted(V1, E, "2026-10", 100)), declared_fact(VersionUsed(V2, E, OCTOBER))]
    order = data.draw(st.permutations(facts))
    one, other = graph(*facts), graph(*order, sizes=(1, 2))
    assert predicted(one) == predicted(other)
    assert used(one) == used(other)
    assert asked(one) == asked(other)
    requests = sum(row[2] for delivery in deliveries for row in delivery)
    assert sum(row[-2] for row in asked(one)) == requests


def asked(connection: Connection) -> list[Any]:
    found = state(connection)["graph_asked"]
    keys = dict(connection.exec_driver_sql("SELECT id, key FROM graph_names").all())
    return sorted((keys[row[0]], keys.get(row[1], ""), *row[2:]) for row in found)


@pytest.mark.parametrize("sizes", [(1,), (2,), (100,)])
def test_the_table_is_the_same_however_facts_are_batched(sizes: tuple[int, ...]) -> None:
    facts = [logged((V1, 3, 10, 0), ("", 3, 1, 1)), traced((V2, 4, 2, 0)), logged((V1, 3, 5, 1), key="b")]
    table = metadata.tables["graph_asked"]
    whole = graph(*facts).execute(table.select()).all()
    assert graph(*facts, sizes=sizes).execute(table.select()).all() == whole
