"""Any order, repetition and batching of the same observations gives the same graph (design.md §5, promise 3)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graph.graph_made import connection_with, event, read_any, recorded, recording, rows, state
from tests.shared_data import shared
from trivium.facts.fact import RecordedFact
from trivium.graph.export import graph_export
from trivium.graph.flows import Flows
from trivium.graph.flows_reader import read_flows
from trivium.graph.fold import GraphFold
from trivium.graph.rows import Description, RunRow, later, united

RUNS = ["a", "b", "c", "d"]
TIMES = [f"2026-10-0{day}T0{hour}:00:00Z" for day in (1, 2) for hour in (0, 1)]
KINDS = ["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"]
TYPES = ["", "", "TEST", "SQL"]
names = st.sampled_from(["x", "y", "z"])
spellings = st.sampled_from(["s3://lake", "s3a://lake", "s3n://lake/"])
checks = {"dataQualityAssertions": {"assertions": [{"assertion": "unique", "success": True}]}}


@st.composite
def datasets(draw: Any) -> dict[str, Any]:
    one: dict[str, Any] = {"namespace": draw(spellings), "name": draw(names)}
    if draw(st.booleans()):
        one["inputFacets"] = {"inputStatistics": {"size": draw(st.integers(0, 9)), "rowCount": draw(st.integers(0, 9))}}
    if draw(st.integers(0, 4)) == 0:
        one["facets"] = {
            "symlinks": {"identifiers": [{"namespace": "hive", "name": draw(names)}]},
            "ownership": {"owners": [{"name": draw(names)}]},
            **checks,
        }
    return one


@st.composite
def events(draw: Any) -> bytes:
    facets = (
        {"tags": {"tags": [{"key": "mlflow.run_id", "value": draw(names)}]}} if draw(st.integers(0, 5)) == 0 else {}
    )
    return event(
        draw(st.sampled_from(RUNS)),
        draw(st.sampled_from(KINDS)),
        draw(st.sampled_from(TIMES)),
        job=draw(names),
        reads=draw(st.lists(datasets(), max_size=2)),
        writes=draw(st.lists(datasets(), max_size=2)),
        parent=draw(st.sampled_from(["", *RUNS, "p"])),
        root=draw(st.sampled_from(["", "r"])),
        job_type=draw(st.sampled_from(TYPES)),
        **facets,
    )


def folded(facts: list[RecordedFact], sizes: list[int]) -> Any:
    """Fold facts in batches of the sizes given, over and over."""
    fold = GraphFold(read_any)
    connection = connection_with(fold)
    start, turn = 0, 0
    while start < len(facts):
        size = sizes[turn % len(sizes)]
        fold.apply(connection, facts[start : start + size])
        start, turn = start + size, turn + 1
    return connection


def comparable(flows: Flows) -> str:
    """Write flows as text without sequences."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        if hasattr(value, "__dataclass_fields__"):
            return {one.name: plain(getattr(value, one.name)) for one in fields(value) if "sequence" not in one.name}
        if isinstance(value, list):
            return [plain(one) for one in value]
        return value

    return repr(plain(flows))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(st.lists(events(), min_size=1, max_size=12), st.data())
def test_order_repetition_and_batches_leave_the_same_graph(said: list[bytes], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(said), max_size=4))
    other = data.draw(st.permutations(said + again))
    one = folded(recorded(said), [len(said)])
    two = folded(recorded(other), data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    assert state(one) == state(two)
    assert graph_export(one) == graph_export(two)
    assert comparable(read_flows(one)) == comparable(read_flows(two))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(st.lists(events(), min_size=1, max_size=10), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_batches_do_not_show_even_in_numbers_and_sequences(said: list[bytes], sizes: list[int]) -> None:
    facts = recorded(said)
    assert rows(folded(facts, [len(facts)])) == rows(folded(facts, sizes))


row = st.builds(
    RunRow,
    start_at=st.none() | st.integers(0, 3),
    end_at=st.none() | st.integers(0, 3),
    success=st.booleans(),
    end_sequence=st.integers(1, 9),
    job=st.sampled_from(["j", "k"]),
    job_at=st.integers(0, 3),
    root=st.sampled_from(["", "r", "s"]),
    checked=st.booleans(),
    sequence=st.integers(1, 9),
).map(lambda one: one if one.end_at is not None else RunRow(start_at=one.start_at, job=one.job, job_at=one.job_at))


@settings(database=None)
@given(row, row, row)
def test_uniting_runs_is_commutative_associative_and_idempotent(one: RunRow, two: RunRow, three: RunRow) -> None:
    assert united(one, two) == united(two, one)
    assert united(united(one, two), three) == united(one, united(two, three))
    assert united(one, one) == one


described = st.builds(Description, st.sampled_from("ab"), st.integers(0, 2), st.integers(1, 3))


@settings(database=None)
@given(described, described, described)
def test_uniting_descriptions_is_commutative_associative_and_idempotent(
    one: Description, two: Description, three: Description
) -> None:
    assert later(one, two) == later(two, one)
    assert later(later(one, two), three) == later(one, later(two, three))
    assert later(one, one) == one


def test_the_recordings_give_one_graph_in_any_order_and_repetition() -> None:
    legacy, structured = (recording(shared(f"data/openlineage/dbt_{form}.jsonl")) for form in ("legacy", "structured"))
    random = np.random.default_rng(7)
    straight = folded(recorded(legacy + structured), [1000])
    expected = graph_export(straight)
    for size in (1, 17, 1000):
        mixed = [*legacy, *structured, *legacy, *structured[::3]]
        random.shuffle(mixed)
        other = folded(recorded(mixed), [size])
        assert graph_export(other) == expected
        assert state(other) == state(straight)
