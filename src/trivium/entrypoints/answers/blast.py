"""What does a bad dataset reach, and what money hangs on it?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.advice import blast_of, repair_text
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    AsOf,
    AssetText,
    Currency,
    CurrencyText,
    Key,
    Known,
    When,
    instant_of,
    money,
    words,
    written,
)
from trivium.evidence.blast_radius import Repair, blast_radius
from trivium.facts.instants import FIRST, format_instant
from trivium.facts.keys import kind_of

Since = Annotated[str, Meta(description="Bad since this instant, ISO 8601; without it since its last passing check.")]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    key: Key
    since: Since = ""
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """An asset that is reached."""

    asset: AssetText
    kind: Annotated[str, Meta(description="Its kind.")]
    title: Annotated[str, Meta(description="What people call it.")]
    distance: Annotated[int, Meta(description="Over how many steps: a run, a dataset, a version is one each.")]
    at: Annotated[
        str | None,
        Meta(
            description="When it was first reached; null: it belongs to what is bad since an unknown time.",
            extra=words(absent="unknown: as long as it is bad"),
        ),
    ]


class AtRisk(msgspec.Struct, frozen=True, kw_only=True):
    """Money a day, exact."""

    serving: Annotated[str, Meta(description="Mean daily charges of the reached endpoints, last 28 days with charges.")]
    tokens: Annotated[str, Meta(description="The same for charges metered in tokens.")]
    value: Annotated[
        str | None,
        Meta(
            description="Declared value of the reached products; null where none is.",
            extra=words(absent="none is declared"),
        ),
    ]


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What hangs on it."""

    spent: Annotated[
        str | None,
        Meta(
            description="Own charges of the reached runs since then; null: since unknown.",
            extra=words(absent="unknown: it is not known since when it is bad"),
        ),
    ]
    at_risk_per_day: Annotated[AtRisk, Meta(description="What is at risk a day.")]
    currency: CurrencyText


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """A job to run again."""

    job: Annotated[str, Meta(description="The job's key.")]
    cost: Annotated[
        str | None,
        Meta(
            description="Mean charges of its last five successful runs; null: unknown.",
            extra=words(absent="unknown: no successful run of it was charged"),
        ),
    ]
    runs: Annotated[int, Meta(description="Over how many runs the mean is taken.")]
    seconds: Annotated[int, Meta(description="How long they took in the mean.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a dataset reaches forward in time since it is bad."""

    asset: AssetText
    since: Annotated[
        str | None,
        Meta(
            description="Bad since; null when no check of it ever passed: since unknown.",
            extra=words(absent="unknown: no check of it ever passed"),
        ),
    ]
    as_of: When
    assets: Annotated[
        tuple[Reached, ...],
        Meta(
            description="What is reached, the nearest first; runs are counted.",
            extra=words(absent="nothing was reached"),
        ),
    ]
    runs: Annotated[int, Meta(description="How many runs are reached.")]
    money: Annotated[Sums, Meta(description="The money that hangs on it.")]
    sources: Annotated[
        tuple[Rerun, ...],
        Meta(
            description="The jobs that write the dataset itself.", extra=words(absent="no job is known that writes it")
        ),
    ]
    repair: Annotated[
        tuple[Rerun, ...],
        Meta(
            description="The reached jobs, each after those that it depends on.",
            extra=words(absent="no job needs to run again"),
        ),
    ]
    advice: Annotated[
        str,
        Meta(
            description="The cheapest repair in a sentence; empty where no job is known.",
            extra=words(absent="no job is known that could repair it"),
        ),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Follow a dataset forward in time from when it was last known to be good."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    inflows = keeping.inflows(keeping.currency(params.currency, state), state)
    asset = keeping.name(params.key, state)
    keeping.check_known(asset, state)
    since = instant_of(params.since, "since")
    if since is None:
        found = blast_of(rooms, inflows, asset, state)
    else:
        with keeping.graph(state) as connection:
            found = blast_radius(connection, inflows, asset, state.until, since)
    names = keeping.names(state)
    risk = found.at_risk_per_day
    return Answer(
        asset=asset,
        since=written(found.since),
        as_of=format_instant(state.as_of),
        assets=tuple(
            Reached(
                asset=one.asset,
                kind=kind_of(one.asset),
                title=names.of(one.asset),
                distance=one.distance,
                at=None if one.at == FIRST else format_instant(one.at),
            )
            for one in found.assets
        ),
        runs=found.runs,
        money=Sums(
            spent=None if found.spent is None else money(found.spent),
            at_risk_per_day=AtRisk(
                serving=money(risk.serving),
                tokens=money(risk.tokens),
                value=None if risk.value is None else money(risk.value),
            ),
            currency=found.currency,
        ),
        sources=tuple(_rerun(one) for one in found.sources),
        repair=tuple(_rerun(one) for one in found.repair),
        advice=repair_text((*found.sources, *found.repair), names, found.currency),
    )


def _rerun(one: Repair) -> Rerun:
    cost = None if one.cost is None else money(one.cost)
    return Rerun(job=one.job, cost=cost, runs=one.runs, seconds=one.seconds)
