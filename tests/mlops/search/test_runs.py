"""Searches of runs find what each comparison says, one by one, on any runs (an evaluation in plain Python)."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import postgresql

from tests.mlops.search.worlds import World, a_search, a_world, fill
from trivium.facts.problem import ProblemError
from trivium.intake.mlflow.names import VIEWS
from trivium.mlops.search.grammar import Comparison, OrderBy, parse_filter, parse_orders
from trivium.mlops.search.runs import WORDS, RunSearch, find_runs, select_runs

SMALL = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
BY: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "IN": lambda left, right: left in right,
    "NOT IN": lambda left, right: left not in right,
    "LIKE": lambda left, right: like(left, right),
    "ILIKE": lambda left, right: like(left.translate(SMALL), right.translate(SMALL)),
}
ATTRIBUTES = {"run_id": "id", "user_id": "user", "start_time": "start_ms", "end_time": "end_ms", "run_name": "name"}
TABLES = {"metric": "tracking_latest", "param": "tracking_params", "tag": "tracking_run_tags"}


def like(text: str, pattern: str) -> bool:
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def values(world: World, run: dict[str, Any], entity: str, key: str) -> list[Any]:
    """Give the values that a run has under a name; NaN is the float."""
    if entity == "attribute":
        return [run[ATTRIBUTES.get(key, key)]]
    if entity == "dataset":
        rows = {row["dataset"]: row for row in world["tracking_datasets"]}
        links = [row for row in world["tracking_inputs"] if row["run"] == run["run"]]
        return [link["context"] if key == "context" else rows[link["dataset"]][key] for link in links]
    found = [row for row in world[TABLES[entity]] if row["run"] == run["run"] and row["key"] == key]
    return [float("nan") if row.get("is_nan") else row["value"] for row in found]


def holds(world: World, run: dict[str, Any], comparison: Comparison) -> bool:
    entity, key = comparison.entity, comparison.key
    if (entity, key) == ("attribute", "run_name"):
        entity, key = "tag", "mlflow.runName"
    found = values(world, run, entity, key)
    if comparison.operator.startswith("IS"):
        return bool(found) is (comparison.operator == "IS NOT NULL")
    return any(BY[comparison.operator](value, comparison.value) for value in found if value is not None)


def place(world: World, run: dict[str, Any], order: OrderBy) -> tuple[Any, ...]:
    """Give a key to sort by, ascending, that puts numbers before NaN before nothing."""
    found = values(world, run, order.entity, order.key)
    value = found[0] if found else None
    if value is None or value != value:
        return (2 if value is None else 1, 0)
    if order.ascending:
        return (0, value)
    return (0, -value if isinstance(value, (int, float)) else (*(-ord(letter) for letter in value), 1))


def evaluated(world: World, asked: dict[str, Any]) -> list[int]:
    """Find runs without SQL."""
    comparisons, orders = parse_filter(asked["filter"], WORDS), parse_orders(asked["order_by"], WORDS)
    stages = VIEWS[asked["view"]]
    found = [
        run
        for run in world["tracking_runs"]
        if run["experiment"] in asked["experiments"]
        and run["stage"] in stages
        and all(holds(world, run, comparison) for comparison in comparisons)
    ]
    found.sort(key=lambda run: (*(place(world, run, order) for order in orders), -run["start_ms"], run["id"]))
    return [run["run"] for run in found]


def search(asked: dict[str, Any], **changed: Any) -> RunSearch:
    return RunSearch(
        experiments=tuple(asked["experiments"]),
        filter=asked["filter"],
        order_by=tuple(asked["order_by"]),
        stages=VIEWS[asked["view"]],
        **changed,
    )


@settings(max_examples=60, phases=[Phase.generate])  # a lesser seed is no simpler world
@given(st.integers(0, 2**32))
def test_a_search_finds_what_an_evaluation_in_python_finds(seed: int) -> None:
    random = Random(seed)
    world = a_world(random, size=8)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        fill(connection, world)
        for _ in range(8):
            asked = a_search(random, "runs", world)
            try:
                expected = evaluated(world, asked)
            except ProblemError:
                continue
            assert list(find_runs(connection, search(asked)).ids) == expected, asked
    engine.dispose()


@pytest.fixture
def connection() -> Any:
    """Open a database in memory with six runs of one experiment."""
    engine = create_engine("sqlite://")
    world: World = {"tracking_runs": [], "tracking_latest": [], "tracking_params": [], "tracking_run_tags": []}
    told = [(1.0, "1"), (float("nan"), "10"), (None, "9"), (1.7976931348623157e308, "X"), (-2.0, "x"), (1.0, None)]
    for number, (metric, param) in enumerate(told):
        run = {"run": number, "id": f"{number:032x}", "experiment": 0, "name": "n", "user": "", "status": "FINISHED"}
        run |= {
            "start_ms": 10,
            "end_ms": None,
            "stage": "active",
            "deleted_ms": None,
            "artifact_uri": "",
            "sequence": 1,
        }
        world["tracking_runs"].append(run)
        if metric is not None:
            nan = metric != metric
            row = {"run": number, "key": "m", "value": 0.0 if nan else metric, "is_nan": int(nan)}
            world["tracking_latest"].append({**row, "timestamp_ms": 1, "step": 0})
        if param is not None:
            world["tracking_params"].append({"run": number, "key": "p", "value": param})
    with engine.begin() as opened:
        fill(opened, world)
        yield opened
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.m = 0", []),
        ("metrics.m != 0", [0, 1, 3, 4, 5]),
        ("metrics.m != 1", [1, 3, 4]),
        ("metrics.m >= -2", [0, 3, 4, 5]),
        ("metrics.m > 1e400", []),
        ("metrics.m < 1e400", [0, 3, 4, 5]),
        ("params.p = '1'", [0]),
        ("params.p > '1'", None),
        ("params.p LIKE '1%'", [0, 1]),
        ("params.p LIKE 'x'", [4]),
        ("params.p ILIKE 'x'", [3, 4]),
        ("params.p LIKE '?'", []),
        ("params.p LIKE '_'", [0, 2, 3, 4]),
        ("params.p IS NULL", [5]),
        ("params.p IS NOT NULL AND metrics.m = 1", [0]),
        ("start_time = 10", [0, 1, 2, 3, 4, 5]),
        ("start_time < 10.5", [0, 1, 2, 3, 4, 5]),
        ("start_time > 99999999999999999999999", []),
        ("start_time > -99999999999999999999999", [0, 1, 2, 3, 4, 5]),
        ("end_time > 0", []),
        ("end_time != 0", []),
        (" AND ".join(f"metrics.m > -{number}" for number in range(3, 60)), [0, 3, 4, 5]),
    ],
)
def test_comparisons_find_these_runs(connection: Connection, text: str, expected: list[int] | None) -> None:
    asked = RunSearch(experiments=(0,), filter=text)
    if expected is None:
        with pytest.raises(ProblemError, match=re.escape("Use one of =, !=, LIKE, ILIKE, IS NULL, IS NOT NULL.")):
            find_runs(connection, asked)
    else:
        assert list(find_runs(connection, asked).ids) == expected


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ((), [0, 1, 2, 3, 4, 5]),
        (("metrics.m",), [4, 0, 5, 3, 1, 2]),
        (("metrics.m DESC",), [3, 0, 5, 4, 1, 2]),
        (("params.p",), [0, 1, 2, 3, 4, 5]),
        (("params.p DESC",), [4, 3, 2, 1, 0, 5]),
        (("params.none", "run_id DESC"), [5, 4, 3, 2, 1, 0]),
        (("end_time", "metrics.m DESC", "params.p"), [3, 0, 5, 4, 1, 2]),
    ],
)
def test_orderings_put_missing_values_last(
    connection: Connection, orders: tuple[str, ...], expected: list[int]
) -> None:
    assert list(find_runs(connection, RunSearch(experiments=(0,), order_by=orders)).ids) == expected


def test_pages_follow_one_another_without_gap(connection: Connection) -> None:
    token, found = "", []
    while True:
        page = find_runs(connection, RunSearch(experiments=(0,), max_results=4, page_token=token))
        found += page.ids
        token = page.next_page_token
        if not token:
            break
    assert found == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("limit", [0, -1, 50_001])
def test_pages_have_mlflows_sizes(connection: Connection, limit: int) -> None:
    with pytest.raises(ProblemError, match=f"max_results is {limit}; it must lie between 1 and 50000"):
        find_runs(connection, RunSearch(experiments=(0,), max_results=limit))


def test_a_field_is_named_once(connection: Connection) -> None:
    asked = RunSearch(experiments=(0,), order_by=("start_time", "metrics.a", "Created DESC"))
    with pytest.raises(ProblemError, match=r"orders twice by 'attribute.start_time'. \(at order_by\[2\]\)"):
        find_runs(connection, asked)


def test_as_many_orderings_and_metrics_as_are_taken_are_carried_out(connection: Connection) -> None:
    orders = tuple(f"metrics.m{number}" for number in range(25))
    asked = RunSearch(experiments=(0,), filter=" AND ".join(["metrics.m = 1"] * 200), order_by=orders)
    assert list(find_runs(connection, asked).ids) == [0, 5]
    with pytest.raises(ProblemError, match="orders by 26 fields; at most 25"):
        find_runs(connection, RunSearch(experiments=(0,), order_by=(*orders, "run_id")))


def test_experiments_are_named_as_often_as_one_likes_but_not_without_end(connection: Connection) -> None:
    assert len(find_runs(connection, RunSearch(experiments=(*range(20_000), 0, 0))).ids) == 6
    assert find_runs(connection, RunSearch(experiments=(10**30,))).ids == ()
    with pytest.raises(ProblemError, match="names 20001 experiments; at most 20000"):
        find_runs(connection, RunSearch(experiments=tuple(range(20_001))))


def test_postgresql_is_asked_the_same_in_its_own_words() -> None:
    text = "params.p LIKE 'a!%_' AND tags.t ILIKE '%X' AND metrics.m > 1 AND run_id IN ('a', 'b')"
    sql = str(select_runs(RunSearch(experiments=(0, 1), filter=text)).compile(dialect=postgresql.dialect()))
    assert "tracking_params.value LIKE %(param_" in sql
    assert sql.count("ESCAPE '!'") == 2
    assert " ILIKE " in sql
    assert "start_ms DESC NULLS LAST" in sql
    assert "GLOB" not in sql


def test_values_are_bound_and_never_part_of_the_statement() -> None:
    text = "params.`evil'); DROP TABLE runs; --` = '''; DELETE' AND status LIKE 'needle' AND metrics.m > 4242"
    statement = select_runs(RunSearch(experiments=(0,), filter=text, order_by=("tags.`hay stack`",)))
    for needle in ("DROP", "DELETE", "needle", "4242", "hay"):
        assert needle not in str(statement)
