"""Which traces a search finds, in which order (MLflow 3.17.2: SearchTraceUtils, search_traces).

Searched are attributes, tags and metadata; not what spans and assessments say, which stands in the lake.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, exists, func, or_, select

from trivium.mlops.search.conditions import compared
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
from trivium.mlops.search.pages import Page, check_limit, offset_of, token_of
from trivium.mlops.trace_infos.names import NAME, RUN
from trivium.mlops.trace_infos.tables import infos, runs, tags, told_metadata

MAX_RESULTS_DEFAULT: Final = 100
MAX_RESULTS: Final = 500
_ENTITIES: Final[dict[str, Any]] = {
    **dict.fromkeys(("attribute", "attributes", "trace"), "attribute"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("metadata", "request_metadata"), "param"),
}
"""Metadata has the operators of params, and stands as one here."""
_NUMBERS: Final = ("timestamp", "timestamp_ms", "execution_time", "execution_time_ms", "end_time", "end_time_ms")
_TEXTS: Final = ("request_id", "status", "client_request_id", "name", "run_id")
WORDS: Final = Vocabulary(
    thing="Traces",
    entities=_ENTITIES,
    attributes={**dict.fromkeys(_NUMBERS, "number"), **dict.fromkeys(_TEXTS, "text")},
    operators={"number": ORDERED, "text": LISTED, "tag": NULLABLE, "param": NULLABLE},
    orders=frozenset({*_NUMBERS, "experiment_id", "status", "request_id", "name", "run_id"}),
    order_entities=_ENTITIES,
    lists=frozenset(_TEXTS),
    aliases={"timestamp": "timestamp_ms", "execution_time": "execution_time_ms", "end_time": "end_time_ms"},
)
_COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "timestamp_ms": infos.c.request_ms,
    "execution_time_ms": infos.c.duration_ms,
    "end_time_ms": infos.c.request_ms + func.coalesce(infos.c.duration_ms, 0),
    "request_id": infos.c.trace,
    "status": infos.c.state,
    "client_request_id": infos.c.client_request_id,
    "experiment_id": infos.c.experiment,
}
_KEYED: Final[dict[str, Table]] = {"tag": tags, "param": told_metadata}
_NAMED: Final = {"name": ("tag", NAME), "run_id": ("param", RUN)}
"""Attributes that stand elsewhere."""


class TraceSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the experiments, a filter and orderings in MLflow's grammar, and which page."""

    experiments: tuple[int, ...]
    filter: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_traces(connection: Connection, asked: TraceSearch) -> Page[str]:
    """Find the ids of the traces that fulfil a search, in its order: without one, the newest first.

    As MLflow's own server, a full page has a token even where nothing follows.
    """
    check_limit(asked.max_results, MAX_RESULTS)
    offset = offset_of(asked.page_token)
    statement = select_traces(asked).limit(asked.max_results).offset(offset)
    found = [row.trace for row in connection.execute(statement)]
    return Page(tuple(found), token_of(offset + len(found)) if len(found) == asked.max_results else "")


def select_traces(asked: TraceSearch) -> Select[tuple[str]]:
    """Write the SELECT of the ids of all traces that fulfil a search, in its order."""
    orders = parse_orders(asked.order_by, WORDS)
    refuse_twice(orders)
    wanted = [_condition(comparison) for comparison in parse_filter(asked.filter, WORDS)]
    clauses = [clause for order in orders for clause in _ordered(order)]
    if not any(order.entity == "attribute" and order.key == "timestamp_ms" for order in orders):
        clauses.append(infos.c.request_ms.desc())
    statement = select(infos.c.trace).where(infos.c.experiment.in_(asked.experiments), *wanted)
    return statement.order_by(*clauses, infos.c.trace)


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    entity, key = comparison.entity, comparison.key
    if entity == "attribute" and key in _NAMED:
        held = _keyed(*_NAMED[key], comparison)
        if key == "run_id" and comparison.operator == "=":
            linked = exists().where(runs.c.trace == infos.c.trace, runs.c.run == comparison.value)
            return or_(held, linked)
        return held
    if entity == "attribute":
        return compared(_COLUMNS[key], comparison.operator, comparison.value)
    return _keyed(entity, key, comparison)


def _keyed(entity: str, key: str, comparison: Comparison) -> ColumnElement[bool]:
    table = _KEYED[entity]
    there = (table.c.trace == infos.c.trace, table.c.key == key)
    if comparison.operator == "IS NULL":
        return ~exists().where(*there)
    if comparison.operator == "IS NOT NULL":
        return exists().where(*there)
    return exists().where(*there, compared(table.c.value, comparison.operator, comparison.value))


def _ordered(order: OrderBy) -> list[ColumnElement[Any]]:
    value: ColumnElement[Any]
    if order.entity == "attribute" and order.key not in _NAMED:
        value = _COLUMNS[order.key]
    else:
        entity, key = _NAMED[order.key] if order.entity == "attribute" else (order.entity, order.key)
        table = _KEYED[entity]
        held = select(table.c.value).where(and_(table.c.trace == infos.c.trace, table.c.key == key))
        value = held.scalar_subquery()
    return [case((value.is_(None), 1), else_=0), value if order.ascending else value.desc()]
