from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from tests.graph.graph_made import NS, connection_with, event, ran, read_any, recorded, recording
from tests.shared_data import shared
from trivium.dataops.fold import DataopsFold
from trivium.dataops.quality import SchemaChange, columns_of, last_good, last_write, quality
from trivium.dataops.tables import metadata
from trivium.dataops.usual import usual
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.statements import Alias
from trivium.graph.fold import GraphFold
from trivium.mlops.fold import ModelsFold

X = "dataset:s3://lake/x"


def at(text: str) -> int:
    return parse_instant(text)


def folded(*said: Any) -> Connection:
    flat = [one for part in said for one in (part if isinstance(part, list) else [part])]
    folds = (GraphFold(read_any), DataopsFold(read_any), ModelsFold())
    connection = connection_with(*folds)
    for fold in folds:
        fold.apply(connection, [fact for fact in recorded(flat) if fact.fact.kind in fold.kinds])
    return connection


def checked(day: str, name: str = "x", **passed: bool) -> bytes:
    assertions = [
        {"assertion": check, "success": success, "severity": "warn" if check == "soft" else "error"}
        for check, success in passed.items()
    ]
    dataset = {"namespace": NS, "name": name, "inputFacets": {"dataQualityAssertions": {"assertions": assertions}}}
    return event(f"check-{day}", "COMPLETE", f"2026-10-{day}", reads=[dataset], job_type="TEST")


def written(day: str, rows: int, columns: dict[str, str] | None = None) -> list[bytes]:
    schema = {"schema": {"fields": [{"name": n, "type": t} for n, t in columns.items()]}} if columns else {}
    dataset = {"namespace": NS, "name": "x", "facets": schema, "outputFacets": {"outputStatistics": {"rowCount": rows}}}
    return ran(f"write-{day}", f"2026-10-{day}T00:00:00Z", f"2026-10-{day}T01:00:00Z", writes=[dataset])


def test_the_latest_result_of_each_check_counts() -> None:
    connection = folded(
        checked("04", unique=False, present=True),
        checked("02", unique=True, present=False),
        checked("03", unique=False),
    )
    card = quality(connection, X)
    assert (card.passed, card.failed, card.state) == (1, 1, "failing")
    unique = {check.check: check for check in card.checks}["unique"]
    assert (unique.failing_since, unique.last_passed, unique.at) == (
        at("2026-10-03"),
        at("2026-10-02"),
        at("2026-10-04"),
    )
    assert card.failing_since == at("2026-10-03")
    assert last_good(connection, X) == at("2026-10-02")
    assert quality(connection, X, at("2026-10-02")).failing_since == at("2026-10-02")


def test_since_when_a_dataset_is_bad_may_be_unknown() -> None:
    assert last_good(folded(checked("02", unique=False)), X) is None
    assert last_good(folded(), X) is None
    assert last_good(folded(checked("02", unique=True), checked("03", unique=True, present=True)), X) == at(
        "2026-10-03"
    )


def test_a_warning_is_no_failure() -> None:
    assert quality(folded(checked("02", unique=True, soft=False)), X).state == "warning"
    assert quality(folded(checked("02", unique=True)), X).state == "passing"
    assert quality(folded(written("02", 5)), X).state == "unknown"


def test_freshness_is_the_wait_since_the_last_write_beside_its_usual_interval() -> None:
    failed = [
        event("f", "FAIL", "2026-10-20", writes=["x"]),
        event("t", "COMPLETE", "2026-10-21", writes=["x"], job_type="TEST"),
    ]
    connection = folded(*(written(f"0{day}", 100) for day in range(1, 7)), failed)
    fresh = quality(connection, X, at("2026-10-07T01:00:00Z")).freshness
    assert (fresh.last_write, fresh.waiting, fresh.usual_interval, fresh.late) == (
        at("2026-10-06T01:00:00Z"),
        DAY,
        DAY,
        False,
    )
    assert quality(connection, X, at("2026-10-08T01:00:01Z")).freshness.late
    assert quality(connection, X).freshness.late is None
    assert quality(connection, X, at("2026-09-01")).freshness.last_write is None
    assert last_write(connection, X) == at("2026-10-06T01:00:00Z")
    assert last_write(connection, X, at("2026-09-01")) is None


def test_a_volume_out_of_its_usual_range_is_told() -> None:
    usual_days = [written(f"0{day}", 100 + day) for day in range(1, 7)]
    (volume,) = quality(folded(*usual_days, written("07", 20)), X).volumes
    assert (volume.measure, volume.value, volume.unusual) == ("rows", 20.0, True)
    (volume,) = quality(folded(*usual_days, written("07", 104)), X).volumes
    assert volume.unusual is False
    (volume,) = quality(folded(written("01", 3)), X).volumes
    assert volume.usual is None


def test_schema_changes_are_told_by_column() -> None:
    connection = folded(
        written("01", 1, {"id": "int", "name": "text"}),
        written("02", 1, {"id": "bigint", "name": "text"}),
        written("03", 1, {"id": "", "mail": "text"}),
    )
    card = quality(connection, X)
    assert card.schema_changes == (
        SchemaChange(at("2026-10-02"), retyped=("id int → bigint",)),
        SchemaChange(at("2026-10-03"), ("mail",), ("name",)),
    )
    assert columns_of(connection, X, at("2026-10-02T12:00:00Z")) == (("id", "bigint"), ("name", "text"))


def test_all_names_of_a_dataset_are_one() -> None:
    connection = folded(checked("02", "old", unique=True), Alias("dataset:s3a://lake/old", X))
    assert quality(connection, "dataset:s3n://lake/old").dataset == X
    assert quality(connection, X).passed == 1


def test_the_recordings_give_one_state_in_any_order_and_repetition() -> None:
    events = recording(shared("data/openlineage/dbt_legacy.jsonl")) + recording(
        shared("data/openlineage/dbt_structured.jsonl")
    )
    mixed = [*events, *events[::4]]
    np.random.default_rng(3).shuffle(mixed)
    assert _tables(folded(events)) == _tables(folded(mixed))
    orders = "dataset:duckdb://jaffle_shop.duckdb/jaffle_shop.main.orders"
    card = quality(folded(events), orders)
    assert (card.passed, card.failed, card.state) == (10, 0, "passing")
    assert card.freshness.last_write is not None


@given(st.lists(st.floats(0, 1e6), min_size=4, max_size=20))
def test_the_middle_is_always_usual(values: list[float]) -> None:
    found = usual(values)
    assert found is not None
    assert found.holds(found.middle)
    assert found.low >= 0


def _tables(connection: Connection) -> list[Any]:
    found = []
    for table in metadata.sorted_tables:
        columns = ", ".join(column.name for column in table.columns if column.name != "sequence")
        found.append((table.name, sorted(connection.execute(text(f"SELECT {columns} FROM {table.name}")).all())))
    return found
