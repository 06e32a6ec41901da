"""Which runs a search finds, in which order (MLflow 3.17.2: SearchUtils and SqlAlchemyStore._search_runs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, case, exists, func, or_, select

from trivium.intake.mlflow.names import RUN_NAME
from trivium.mlops.search.conditions import LaterFirst, compared, within
from trivium.mlops.search.grammar import (
    LISTED,
    NULLABLE,
    ORDERED,
    Comparison,
    OrderBy,
    Vocabulary,
    parse_filter,
    parse_orders,
    refuse_twice,
)
from trivium.mlops.search.pages import Page, check_limit, offset_of, paged
from trivium.mlops.tables import datasets, inputs, latest, params, run_tags, runs

MAX_RESULTS_DEFAULT: Final = 1_000
MAX_RESULTS: Final = 50_000
JOINS_MAX: Final = 8
"""Metrics of a filter that are joined at most, beside those to order by; SQLite takes 64 tables."""
_ALIASES: Final = {
    "created": "start_time", "Created": "start_time",
    "run name": "run_name", "Run name": "run_name", "Run Name": "run_name",
}  # fmt: skip
_NUMBERS: Final = ("start_time", "end_time", "created", "Created")
_TEXTS: Final = ("artifact_uri", "run_id", "run_name", "status", "user_id", "run name", "Run name", "Run Name")
_ENTITIES: Final[dict[str, Any]] = {
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attribute"),
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("parameter", "parameters", "param", "params"), "param"),
    **dict.fromkeys(("tag", "tags"), "tag"),
}
WORDS: Final = Vocabulary(
    thing="Runs",
    entities={**_ENTITIES, "dataset": "dataset", "datasets": "dataset"},
    attributes={**dict.fromkeys(_NUMBERS, "number"), **dict.fromkeys(_TEXTS, "text")},
    operators={
        "metric": ORDERED,
        "number": ORDERED,
        "param": NULLABLE,
        "tag": NULLABLE,
        "text": LISTED,
        "dataset": LISTED,
    },
    orders=frozenset({*_NUMBERS, "artifact_uri", "run_id", "run_name", "status", "user_id"}),
    order_entities=_ENTITIES,
    lists=frozenset({"run_id"}),
    aliases=_ALIASES,
    dataset_keys=frozenset({"name", "digest", "context"}),
    quoted_entities=True,
    fractions=True,
)
_COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "artifact_uri": runs.c.artifact_uri,
    "run_id": runs.c.id,
    "run_name": runs.c.name,
    "status": runs.c.status,
    "user_id": runs.c.user,
    "start_time": runs.c.start_ms,
    "end_time": runs.c.end_ms,
}
_KEYED: Final[dict[str, Table]] = {"metric": latest, "param": params, "tag": run_tags}


class RunSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the experiments, a filter and orderings in MLflow's grammar, lifecycle stages, and which page."""

    experiments: tuple[int, ...]
    filter: str = ""
    order_by: tuple[str, ...] = ()
    stages: tuple[str, ...] = ("active",)
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_runs(connection: Connection, asked: RunSearch) -> Page[int]:
    """Find the numbers of the runs (`tables.runs.run`) that fulfil a search, in its order."""
    check_limit(asked.max_results, MAX_RESULTS)
    offset = offset_of(asked.page_token)
    statement = select_runs(asked).limit(asked.max_results + 1).offset(offset)
    return paged([row.run for row in connection.execute(statement)], offset, asked.max_results)


def count_runs(connection: Connection, asked: RunSearch) -> int:
    """Count all runs that fulfil a search, whatever page is asked for."""
    found = select_runs(msgspec.structs.replace(asked, order_by=())).order_by(None).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def select_runs(asked: RunSearch) -> Select[tuple[int]]:
    """Write the SELECT of the numbers of all runs that fulfil a search, in its order.

    Runs without a value come last, NaN before them; ties go to the later start, then to the lesser id.
    """
    orders = parse_orders(asked.order_by, WORDS)
    refuse_twice(orders)
    source, wanted = _filtered(parse_filter(asked.filter, WORDS))
    clauses: list[ColumnElement[Any]] = []
    for order in orders:
        source, ordered = _ordered(source, order)
        clauses += ordered
    if not any(order.entity == "attribute" and order.key == "start_time" for order in orders):
        clauses.append(LaterFirst(runs.c.start_ms))
    return (
        select(runs.c.run)
        .select_from(source)
        .where(within(runs.c.experiment, asked.experiments), runs.c.stage.in_(asked.stages), *wanted)
        .order_by(*clauses, runs.c.id)
    )


def _filtered(comparisons: Sequence[Comparison]) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """Join the first metrics that are compared, from whose index the search then begins; write all else as conditions.

    A run has one latest value of a metric, so a join makes no run twice.
    """
    source: FromClause = runs
    wanted: list[ColumnElement[bool]] = []
    joined = 0
    for comparison in comparisons:
        if comparison.entity == "metric" and joined < JOINS_MAX:
            joined += 1
            table = latest.alias()
            source = source.join(table, and_(table.c.run == runs.c.run, *_of_metric(table, comparison)))
        else:
            wanted.append(_condition(comparison))
    return source, wanted


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    operator, key, value = comparison.operator, comparison.key, comparison.value
    match comparison.entity:
        case "metric":
            return exists().where(latest.c.run == runs.c.run, *_of_metric(latest, comparison))
        case "dataset":
            return _by_dataset(key, operator, value)
        case "param" | "tag":
            return _by_keyed(_KEYED[comparison.entity], key, operator, value)
        case _:
            if key == "run_name":
                # As MLflow: the name of a run is what its tag says.
                return _by_keyed(run_tags, RUN_NAME, operator, value)
            return compared(_COLUMNS[key], operator, value)


def _of_metric(table: FromClause, comparison: Comparison) -> tuple[ColumnElement[bool], ...]:
    """Compare the latest value; NaN differs from everything and fulfils nothing else."""
    holds = compared(table.c.value, comparison.operator, comparison.value)
    told = or_(holds, table.c.is_nan == 1) if comparison.operator == "!=" else and_(table.c.is_nan == 0, holds)
    return table.c.key == comparison.key, told


def _by_keyed(table: Table, key: str, operator: str, value: Any) -> ColumnElement[bool]:
    there = (table.c.run == runs.c.run, table.c.key == key)
    if operator == "IS NULL":
        return ~exists().where(*there)
    if operator == "IS NOT NULL":
        return exists().where(*there)
    return exists().where(*there, compared(table.c.value, operator, value))


def _by_dataset(key: str, operator: str, value: Any) -> ColumnElement[bool]:
    if key == "context":
        return exists().where(inputs.c.run == runs.c.run, compared(inputs.c.context, operator, value))
    joined = (inputs.c.run == runs.c.run, datasets.c.dataset == inputs.c.dataset)
    return exists().where(*joined, compared(datasets.c[key], operator, value))


def _ordered(source: FromClause, order: OrderBy) -> tuple[FromClause, list[ColumnElement[Any]]]:
    if order.entity == "attribute":
        value: ColumnElement[Any] = _COLUMNS[order.key]
        missing: ColumnElement[Any] = case((value.is_(None), 1), else_=0)
    else:
        table = _KEYED[order.entity].alias()
        source = source.outerjoin(table, and_(table.c.run == runs.c.run, table.c.key == order.key))
        value = table.c.value
        nan = [(table.c.is_nan == 1, 1)] if order.entity == "metric" else []
        missing = case(*nan, (value.is_(None), 2), else_=0)
    return source, [missing, value if order.ascending else value.desc()]
