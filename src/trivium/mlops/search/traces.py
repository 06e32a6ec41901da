"""Which traces a search finds, in which order (MLflow 3.17.2: SearchTraceUtils, SqlAlchemyStore.search_traces).

What is asked of a trace itself is answered: its attributes, tags and metadata. Searches of single spans, assessments,
prompts and issues are refused with a sentence. The tables are handed in, as traces of any source may stand in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, case, exists, select

from trivium.mlops.search.conditions import compared, within
from trivium.mlops.search.grammar import (
    LISTED,
    NULLABLE,
    ORDERED,
    Comparison,
    Entity,
    OrderBy,
    Vocabulary,
    parse_filter,
    parse_orders,
    refuse_twice,
)
from trivium.mlops.search.pages import Page, check_limit, offset_of, token_of

MAX_RESULTS_DEFAULT: Final = 100
MAX_RESULTS: Final = 50_000
NAME_TAG: Final = "mlflow.traceName"
RUN_METADATA: Final = "mlflow.sourceRun"
_NUMBERS: Final = ("timestamp", "timestamp_ms", "execution_time", "execution_time_ms", "end_time", "end_time_ms")
_ENTITIES: Final[Mapping[str, Entity]] = {
    **dict.fromkeys(("attribute", "attributes", "trace"), "attribute"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("metadata", "request_metadata"), "metadata"),
}
WORDS: Final = Vocabulary(
    thing="Traces",
    entities=_ENTITIES,
    attributes={
        **dict.fromkeys(_NUMBERS, "number"),
        **dict.fromkeys(("request_id", "status", "client_request_id"), "text"),
        # These stand in a tag and in metadata.
        "name": "tag",
        "run_id": "metadata",
    },
    operators={"number": ORDERED, "text": LISTED, "tag": NULLABLE, "metadata": NULLABLE},
    orders=frozenset({*_NUMBERS, "request_id", "status", "experiment_id", "name", "run_id"}),
    order_entities=_ENTITIES,
    lists=frozenset({"request_id", "status", "client_request_id"}),
    aliases={"timestamp": "timestamp_ms", "execution_time": "execution_time_ms", "end_time": "end_time_ms"},
    quoted_entities=True,
    quoted_numbers=True,
    fractions=True,
    timestamps=True,
)
_ELSEWHERE: Final[Mapping[str, tuple[Entity, str]]] = {"name": ("tag", NAME_TAG), "run_id": ("metadata", RUN_METADATA)}


class TraceTables(msgspec.Struct, frozen=True, kw_only=True):
    """Where traces stand: a table, its columns by MLflow's names, and two tables of (trace, key, value).

    `columns` has request_id, experiment_id, timestamp_ms, execution_time_ms, end_time_ms, status, client_request_id.
    """

    traces: Table
    columns: Mapping[str, ColumnElement[Any]]
    tags: Table
    metadata: Table


class TraceSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the experiments (none named: all), a filter and orderings in MLflow's grammar, and which page."""

    experiments: tuple[Any, ...] = ()
    filter: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_traces(connection: Connection, tables: TraceTables, asked: TraceSearch) -> Page[str]:
    """Find the ids of the traces that fulfil a search, in its order: without one, the newest first.

    As on MLflow's server, a full page names a next one, which may be empty.
    """
    check_limit(asked.max_results, MAX_RESULTS)
    offset = offset_of(asked.page_token)
    statement = select_traces(tables, asked).limit(asked.max_results).offset(offset)
    found = tuple(row[0] for row in connection.execute(statement))
    return Page(found, token_of(offset + len(found)) if len(found) == asked.max_results else "")


def read_filter(text: str) -> tuple[Comparison, ...]:
    """Read a filter of traces; their name is a tag, their run is metadata."""
    return tuple(
        Comparison(*_place(each.entity, each.key), each.operator, each.value) for each in parse_filter(text, WORDS)
    )


def read_orders(texts: tuple[str, ...]) -> tuple[OrderBy, ...]:
    """Read the orderings of traces, complete: ties go to the later start, then to the lesser id."""
    orders = tuple(OrderBy(*_place(each.entity, each.key), each.ascending) for each in parse_orders(texts, WORDS))
    refuse_twice(orders)
    ties = (OrderBy("attribute", "timestamp_ms", ascending=False), OrderBy("attribute", "request_id"))
    named = {each.key for each in orders if each.entity == "attribute"}
    return (*orders, *(tie for tie in ties if tie.key not in named))


def select_traces(tables: TraceTables, asked: TraceSearch) -> Select[Any]:
    """Write the SELECT of the ids of all traces that fulfil a search, in its order; what has no value comes last."""
    wanted = [_condition(tables, comparison) for comparison in read_filter(asked.filter)]
    if asked.experiments:
        wanted.append(within(tables.columns["experiment_id"], asked.experiments))
    source: FromClause = tables.traces
    ordered: list[ColumnElement[Any]] = []
    for order in read_orders(asked.order_by):
        if order.entity == "attribute":
            value = tables.columns[order.key]
        else:
            keyed = _keyed(tables, order.entity).alias()
            same = and_(keyed.c.trace == tables.columns["request_id"], keyed.c.key == order.key)
            source = source.outerjoin(keyed, same)
            value = keyed.c.value
        ordered += [case((value.is_(None), 1), else_=0), value if order.ascending else value.desc()]
    return select(tables.columns["request_id"]).select_from(source).where(*wanted).order_by(*ordered)


def _place(entity: Entity, key: str) -> tuple[Entity, str]:
    """Say where a name or a run stands, whatever entity it is asked of, as MLflow does."""
    return _ELSEWHERE.get(key.lower(), (entity, key))


def _keyed(tables: TraceTables, entity: Entity) -> Table:
    return tables.tags if entity == "tag" else tables.metadata


def _condition(tables: TraceTables, comparison: Comparison) -> ColumnElement[bool]:
    operator, key, value = comparison.operator, comparison.key, comparison.value
    if comparison.entity == "attribute":
        return compared(tables.columns[key], operator, value)
    keyed = _keyed(tables, comparison.entity).c
    there = (keyed.trace == tables.columns["request_id"], keyed.key == key)
    if operator == "IS NULL":
        return ~exists().where(*there)
    if operator == "IS NOT NULL":
        return exists().where(*there)
    return exists().where(*there, compared(keyed.value, operator, value))
