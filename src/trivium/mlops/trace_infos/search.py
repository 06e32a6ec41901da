"""Which traces a search finds, in which order (MLflow 3.17.2: SearchTraceUtils, SqlAlchemyStore.search_traces).

What is asked of a trace itself is answered: its attributes, tags and metadata. Searches of single spans, assessments,
prompts and issues are refused with a sentence: what they ask stands in the lake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, case, exists, func, or_, select

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
from trivium.mlops.trace_infos.names import NAME, RUN
from trivium.mlops.trace_infos.tables import infos, runs, tags, told_metadata

MAX_RESULTS_DEFAULT: Final = 100
MAX_RESULTS: Final = 500
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
_ELSEWHERE: Final[Mapping[str, tuple[Entity, str]]] = {"name": ("tag", NAME), "run_id": ("metadata", RUN)}
_COLUMNS: Final[Mapping[str, ColumnElement[Any]]] = {
    "request_id": infos.c.trace,
    "experiment_id": infos.c.experiment,
    "timestamp_ms": infos.c.request_ms,
    "execution_time_ms": infos.c.duration_ms,
    "end_time_ms": infos.c.request_ms + func.coalesce(infos.c.duration_ms, 0),
    "status": infos.c.state,
    "client_request_id": infos.c.client_request_id,
}
_KEYED: Final[Mapping[Entity, Table]] = {"tag": tags, "metadata": told_metadata}


class TraceSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the experiments (none named: all), a filter and orderings in MLflow's grammar, and which page."""

    experiments: tuple[int, ...] = ()
    filter: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_traces(connection: Connection, asked: TraceSearch) -> Page[str]:
    """Find the ids of the traces that fulfil a search, in its order: without one, the newest first.

    As on MLflow's server, a full page names a next one, which may be empty.
    """
    check_limit(asked.max_results, MAX_RESULTS)
    offset = offset_of(asked.page_token)
    statement = select_traces(asked).limit(asked.max_results).offset(offset)
    found = tuple(row.trace for row in connection.execute(statement))
    return Page(found, token_of(offset + len(found)) if len(found) == asked.max_results else "")


def read_filter(text: str) -> tuple[Comparison, ...]:
    """Read a filter of traces; their name is a tag, their run is metadata or linked later."""
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


def select_traces(asked: TraceSearch) -> Select[tuple[str]]:
    """Write the SELECT of the ids of all traces that fulfil a search, in its order; what has no value comes last."""
    wanted = [_condition(comparison) for comparison in read_filter(asked.filter)]
    if asked.experiments:
        wanted.append(within(infos.c.experiment, asked.experiments))
    source: FromClause = infos
    ordered: list[ColumnElement[Any]] = []
    for order in read_orders(asked.order_by):
        if order.entity == "attribute":
            value = _COLUMNS[order.key]
        else:
            keyed = _KEYED[order.entity].alias()
            same = and_(keyed.c.trace == infos.c.trace, keyed.c.key == order.key)
            source = source.outerjoin(keyed, same)
            value = keyed.c.value
        ordered += [case((value.is_(None), 1), else_=0), value if order.ascending else value.desc()]
    return select(infos.c.trace).select_from(source).where(*wanted).order_by(*ordered)


def _place(entity: Entity, key: str) -> tuple[Entity, str]:
    """Say where a name or a run stands, whatever entity it is asked of, as MLflow does."""
    return _ELSEWHERE.get(key.lower(), (entity, key))


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    operator, key, value = comparison.operator, comparison.key, comparison.value
    if comparison.entity == "attribute":
        return compared(_COLUMNS[key], operator, value)
    keyed = _KEYED[comparison.entity].c
    there = (keyed.trace == infos.c.trace, keyed.key == key)
    if operator == "IS NULL":
        return ~exists().where(*there)
    if operator == "IS NOT NULL":
        return exists().where(*there)
    held = exists().where(*there, compared(keyed.value, operator, value))
    if (comparison.entity, key, operator) == ("metadata", RUN, "="):
        return or_(held, exists().where(runs.c.trace == infos.c.trace, runs.c.run == value))
    return held
