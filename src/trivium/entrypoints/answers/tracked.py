"""Terms that questions about experiments, runs and models share, and a run as a line of a list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.measured import Value
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import SPREAD, When, money, words, written
from trivium.facts.instants import Instant
from trivium.facts.problem import refuse, shown
from trivium.finops.inflows import Inflows
from trivium.mlops.tracking.reading import RunRow

_MS: Final = 1_000
_LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999; what lies beyond is no time."""
_STAGES: Final = {"active": ("active",), "deleted": ("deleted",), "all": ("active", "deleted")}

Filter = Annotated[
    str,
    Meta(description="What must hold, in MLflow's grammar: `metrics.acc > 0.9 AND params.depth = '5'`."),
]
OrderBy = Annotated[
    str,
    Meta(description="What to order by, in MLflow's grammar, separated by commas: `metrics.acc DESC, start_time`."),
]
Stage = Annotated[str, Meta(description="Which ones: `active`, `deleted` or `all`.")]
PageToken = Annotated[str, Meta(description="Where to go on: `next_page_token` of the answer before.")]
Costs = Annotated[bool, Meta(description="Whether what each took is told too: it needs the books of all months.")]
Values = Annotated[
    dict[str, float | str | None],
    Meta(
        description="The values of the chosen columns, by column; a metric is a number, or text where it is none; null "
        "where it has none.",
        extra=SPREAD,
    ),
]
Cost = Annotated[
    str | None,
    Meta(
        description="What it was charged and what it drained, to date; null where it was not asked for or no charge is "
        "known.",
        extra=words(absent="not asked for"),
    ),
]
CostCurrency = Annotated[
    str,
    Meta(
        description="The currency of what each took; empty where it was not asked for or no charge is known.",
        extra=words(absent="none: costs were not asked for, or no charge is known"),
    ),
]
Status = Annotated[str, Meta(description="RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.")]
DurationMs = Annotated[
    int | None,
    Meta(description="From its start to its end, in milliseconds; null while it runs.", extra=words(absent="running")),
]


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    run: Annotated[str, Meta(description="Its key.")]
    name: Annotated[str, Meta(description="Its name.")]
    experiment_id: Annotated[str, Meta(description="The id of its experiment.")]
    status: Status
    start: When
    duration_ms: DurationMs
    user: Annotated[str, Meta(description="Who ran it, as its client says.", extra=words(absent="not said"))]
    cost: Cost
    values: Values


def run_line(row: RunRow, values: dict[str, Value], cost: Decimal | None) -> RunLine:
    """Tell of a run in a line."""
    return RunLine(
        run=f"run:{row.id}",
        name=row.name,
        experiment_id=str(row.experiment),
        status=row.status,
        start=written(instant_ms(row.start_ms)) or "",
        duration_ms=duration_ms(row),
        user=row.user,
        cost=None if cost is None else money(cost),
        values=values,
    )


def duration_ms(row: RunRow) -> int | None:
    """Give how long a run took; None while it runs, or where its client told no time."""
    return row.end_ms - row.start_ms if row.end_ms and row.start_ms is not None else None


def instant_ms(milliseconds: int | None) -> Instant | None:
    """Give a client's time as an instant; None where it said none, or one that is no time."""
    return milliseconds * _MS if milliseconds is not None and 0 <= milliseconds <= _LAST_MS else None


def stages_of(stage: str) -> tuple[str, ...]:
    """Read which lifecycle stages are asked for."""
    if stage not in _STAGES:
        raise refuse("bad_stage", f"{shown(stage)} is no stage.", where="stage", fix=f"Use {', '.join(_STAGES)}.")
    return _STAGES[stage]


def inflows_asked(rooms: Rooms, currency: str) -> tuple[str, Inflows | None]:
    """Give the currency, and what poured into everything; nothing where no charge is known."""
    keeping = rooms.bookkeeping
    state = keeping.state()
    currency = keeping.currency(currency, state)
    return currency, keeping.inflows(currency, state) if currency else None


def costs_of(rooms: Rooms, keys: Sequence[str], currency: str) -> tuple[str, dict[str, Decimal]]:
    """Give the currency, and what poured into each asset to date; nothing where no charge is known."""
    currency, inflows = inflows_asked(rooms, currency)
    if inflows is None:
        return "", {}
    names = inflows.books.flows.names
    built = inflows.built({names.get(key, key) for key in keys})
    return currency, {key: built[names.get(key, key)] for key in keys}
