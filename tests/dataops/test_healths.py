from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import text

from tests.dataops.test_quality import X, at, checked, folded, written
from tests.graph.graph_made import NS, event, ran
from trivium.dataops.healths import healths
from trivium.dataops.quality import quality
from trivium.facts.instants import parse_instant
from trivium.facts.statements import Alias

AS_OF = parse_instant("2026-10-29T00:00:00Z")


@pytest.mark.parametrize("seed", range(12))
def test_a_list_says_of_each_dataset_what_its_own_card_says(seed: int) -> None:
    dice = Random(seed)
    said = []
    for day in dice.sample(range(1, 27), 12):
        said.append(checked(f"{day:02}", dice.choice("xyz"), unique=dice.random() > 0.3, soft=dice.random() > 0.3))
        said.append(written(f"{day:02}", dice.choice([90, 100, 110, 400])))
    connection = folded(*said)
    found = healths(connection, AS_OF)
    assert X in found
    for key, health in found.items():
        card = quality(connection, key, AS_OF)
        assert (health.state, health.passed, health.failed) == (card.state, card.passed, card.failed)
        assert health.freshness == card.freshness
        counted = {volume.measure: volume.value for volume in card.volumes}
        assert health.rows == (None if "rows" not in counted else int(counted["rows"]))
        assert len(health.failing) == health.failed


def test_names_of_one_dataset_are_one_line() -> None:
    other = "dataset:s3://lake/other"
    connection = folded(checked("02", "x", unique=True), checked("04", "other", unique=False), Alias(other, X))
    found = healths(connection, AS_OF)
    assert list(found) == [X]
    assert (found[X].passed, found[X].failed, found[X].failing) == (0, 1, ("unique",))
    assert healths(connection, at("2026-10-03"))[X].state == "passing"


def test_a_dataset_that_is_only_written_is_listed_without_checks() -> None:
    connection = folded(ran("w", "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z", writes=["y"]))
    health = healths(connection, AS_OF)[f"dataset:{NS}/y"]
    assert (health.state, health.total, health.freshness.last_write) == ("unknown", 0, at("2026-10-01T01:00:00Z"))


def test_few_queries_however_many_datasets() -> None:
    connection = folded(*[event(f"c{n}", "COMPLETE", "2026-10-02", writes=[f"t{n}"]) for n in range(30)])
    asked = []
    connection.exec_driver_sql("SELECT 1")
    trace = connection.connection.driver_connection
    assert trace is not None
    trace.set_trace_callback(asked.append)
    assert len(healths(connection, AS_OF)) == 30
    trace.set_trace_callback(None)
    assert len(asked) < 10
    assert connection.execute(text("SELECT count(*) FROM dataops_refreshes")).scalar() == 30
