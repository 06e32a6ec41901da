"""Which experiments a search finds, in which order (MLflow 3.17.2: SearchExperimentsUtils, search_experiments)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from trivium.mlops.search.conditions import compared
from trivium.mlops.search.grammar import (
    LIKE,
    NULLABLE,
    ORDERED,
    Comparison,
    OrderBy,
    Vocabulary,
    parse_filter,
    parse_orders,
)
from trivium.mlops.search.pages import Page, check_limit, offset_of, paged
from trivium.mlops.tables import experiment_tags, experiments

MAX_RESULTS_DEFAULT: Final = 1_000
MAX_RESULTS: Final = 50_000
WORDS: Final = Vocabulary(
    thing="Experiments",
    entities={"attribute": "attribute", "tag": "tag", "tags": "tag"},
    attributes={
        "name": "text",
        "experiment_id": "identifier",
        "creation_time": "number",
        "last_update_time": "number",
    },
    operators={
        "text": LIKE,
        "identifier": ("=", "!=", "IN", "NOT IN"),
        "number": ORDERED,
        "tag": NULLABLE,
    },
    orders=frozenset({"name", "experiment_id", "creation_time", "last_update_time"}),
    order_entities={"attribute": "attribute"},
    lists=frozenset({"experiment_id"}),
    any_case=False,
)
_COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "name": experiments.c.name,
    "experiment_id": experiments.c.experiment,
    "creation_time": experiments.c.created_ms,
    "last_update_time": experiments.c.updated_ms,
}
_USUAL: Final = (OrderBy("attribute", "creation_time", ascending=False), OrderBy("attribute", "experiment_id"))


class ExperimentSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a filter and orderings in MLflow's grammar, lifecycle stages, and which page."""

    filter: str = ""
    order_by: tuple[str, ...] = ()
    stages: tuple[str, ...] = ("active",)
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_experiments(connection: Connection, asked: ExperimentSearch) -> Page[int]:
    """Find the ids of the experiments that fulfil a search, in its order: without one, the newest first."""
    check_limit(asked.max_results, MAX_RESULTS)
    offset = offset_of(asked.page_token)
    statement = select_experiments(asked).limit(asked.max_results + 1).offset(offset)
    return paged([row.experiment for row in connection.execute(statement)], offset, asked.max_results)


def count_experiments(connection: Connection, asked: ExperimentSearch) -> int:
    """Count all experiments that fulfil a search, whatever page is asked for."""
    found = select_experiments(asked).order_by(None).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def complete_orders(texts: Sequence[str]) -> tuple[OrderBy, ...]:
    """Read the orderings of experiments, complete: ties go to the greater id."""
    orders = parse_orders(texts, WORDS) or _USUAL
    if any(order.key == "experiment_id" for order in orders):
        return orders
    return (*orders, OrderBy("attribute", "experiment_id", ascending=False))


def select_experiments(asked: ExperimentSearch) -> Select[tuple[int]]:
    """Write the SELECT of the ids of all experiments that fulfil a search, in its order."""
    wanted = [_condition(comparison) for comparison in parse_filter(asked.filter, WORDS)]
    ordered = [
        _COLUMNS[order.key] if order.ascending else _COLUMNS[order.key].desc()
        for order in complete_orders(asked.order_by)
    ]
    return select(experiments.c.experiment).where(experiments.c.stage.in_(asked.stages), *wanted).order_by(*ordered)


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    if comparison.entity == "attribute":
        return compared(_COLUMNS[comparison.key], comparison.operator, comparison.value)
    tags = experiment_tags.c
    there = (tags.experiment == experiments.c.experiment, tags.key == comparison.key)
    if comparison.operator == "IS NULL":
        return ~exists().where(*there)
    if comparison.operator == "IS NOT NULL":
        return exists().where(*there)
    return exists().where(*there, compared(tags.value, comparison.operator, comparison.value))
