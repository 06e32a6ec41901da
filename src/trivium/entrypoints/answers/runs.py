"""Which runs of an experiment fulfil a filter, in which order, and what did each measure?"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from trivium.entrypoints.answers.measured import Value, columns_asked, columns_known, columns_usual, values_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import LARGEST, Currency, words
from trivium.entrypoints.answers.tracked import (
    CostCurrency,
    Costs,
    Filter,
    OrderBy,
    PageToken,
    RunLine,
    Stage,
    costs_of,
    run_line,
    stages_of,
)
from trivium.mlops.search.runs import RunSearch, count_runs, find_runs
from trivium.mlops.search.written import parts_of
from trivium.mlops.tracking.lookup import experiments_meant
from trivium.mlops.tracking.reading import RunRow, data_of, rows_of

_AT_ONCE: Final = 1_000


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    experiment: Annotated[str, Meta(description="The experiment, by name, id or key; several are separated by commas.")]
    filter: Filter = ""
    order_by: OrderBy = ""
    columns: Annotated[
        str,
        Meta(
            description="The columns, separated by commas: `metrics.acc, params.depth, tags.team`; without any, the "
            "first metrics and the params that differ."
        ),
    ] = ""
    stage: Stage = "active"
    costs: Costs = False
    currency: Currency = ""
    limit: Annotated[int, Meta(description="How many are listed at most.", ge=1, le=LARGEST)] = 100
    page_token: PageToken = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Runs, page by page, the latest first unless another order is asked."""

    experiments: Annotated[tuple[str, ...], Meta(description="The experiments that were searched, by key.")]
    total: Annotated[int, Meta(description="How many runs match.")]
    currency: CostCurrency
    columns: Annotated[
        tuple[str, ...], Meta(description="The columns that are shown.", extra=words(absent="no run measured anything"))
    ]
    known_columns: Annotated[
        tuple[str, ...],
        Meta(description="The columns that the listed runs have.", extra=words(absent="no run measured anything")),
    ]
    runs: Annotated[tuple[RunLine, ...], Meta(description="The runs.", extra=words(absent="no run fulfils it"))]
    next_page_token: Annotated[
        str,
        Meta(description="What to ask `page_token` for the next page; empty at the end.",
             extra=words(absent="these are the last", label="next page")),
    ]  # fmt: skip


def ask(rooms: Rooms, params: Params) -> Answer:
    """Search runs."""
    columns = columns_asked(params.columns)
    with rooms.ledger.reading() as connection:
        experiments = experiments_meant(connection, params.experiment)
        search = RunSearch(
            experiments=tuple(one.number for one in experiments),
            filter=params.filter,
            order_by=parts_of(params.order_by),
            stages=stages_of(params.stage),
            max_results=min(params.limit, _AT_ONCE),
            page_token=params.page_token,
        )
        rows, token = _found(connection, search, params.limit)
        values = [values_of(data) for data in data_of(connection, rows)]
        total = count_runs(connection, search)
    columns = columns or columns_usual(values)
    keys = [f"run:{row.id}" for row in rows]
    currency, costs = costs_of(rooms, keys, params.currency) if params.costs else ("", {})
    return Answer(
        experiments=tuple(one.key for one in experiments),
        total=total,
        currency=currency,
        columns=columns,
        known_columns=columns_known(values),
        runs=tuple(
            run_line(row, _chosen(told, columns), costs.get(key))
            for row, told, key in zip(rows, values, keys, strict=True)
        ),
        next_page_token=token,
    )


def _found(connection: Connection, search: RunSearch, limit: int) -> tuple[list[RunRow], str]:
    """Find so many runs, and the token of those after them."""
    rows: list[RunRow] = []
    token = search.page_token
    while True:
        size = min(_AT_ONCE, limit - len(rows))
        page = find_runs(connection, msgspec.structs.replace(search, max_results=size, page_token=token))
        rows += rows_of(connection, page.ids)
        token = page.next_page_token
        if not token or len(rows) >= limit:
            return rows, token


def _chosen(values: dict[str, Value], columns: tuple[str, ...]) -> dict[str, Value]:
    return {column: values.get(column) for column in columns}
