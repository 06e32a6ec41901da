"""What did it take to have one asset?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    AsOf,
    AssetText,
    Currency,
    CurrencyText,
    Key,
    Known,
    Unit,
    When,
    instant_of,
    money,
    words,
    written,
)
from trivium.evidence.next_steps import resource_line
from trivium.facts.instants import format_instant
from trivium.facts.keys import kind_of
from trivium.finops.beside import runs_took, version_totals
from trivium.finops.loaded import loaded

Span = Annotated[str, Meta(description="The month, as 2026-10; without it all history to date.")]


BESIDE = frozenset({"job", "model"})
"""Kinds of assets of which an answer tells more than rests at them."""
RunsTook = Annotated[
    str | None,
    Meta(
        description="Of a job: what its runs were charged and drained. It went on to what they made, so it is no part "
        "of the total, which is what failed runs left at the job and what it drained from model versions.",
        extra=words(absent="only a job has runs", label="its runs took"),
    ),
]
UNKNOWN = words(absent="origin unknown: no run is known that made it")
"""What a terminal says of a version whose runs nobody knows: never 0."""


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    key: Key
    period: Span = ""
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a model."""

    asset: AssetText
    total: Annotated[str | None, Meta(description="The total of its loaded cost.", extra=UNKNOWN)]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Loaded cost: total = build + run, build = direct + upstream + trials, run = serving + tokens.

    Of a version whose runs nobody knows, all that its origin decides is null: it is unknown, not 0.
    """

    asset: AssetText
    currency: CurrencyText
    period: Annotated[str, Meta(description="The month, or `to date`.")]
    as_of: When
    filled_through: Annotated[
        str | None,
        Meta(
            description="The end of the last charge that is known of the newest month asked for.",
            extra=words(absent="no charge of the month is known"),
        ),
    ]
    origin_known: Annotated[
        bool, Meta(description="Whether the origin is known; for a version without a known run it is not.")
    ]
    direct: Annotated[
        str | None,
        Meta(description="Charges of the runs that made it; of its writers, upkeep and storage.", extra=UNKNOWN),
    ]
    upstream: Annotated[str | None, Meta(description="What those runs drained from what they read.", extra=UNKNOWN)]
    trials: Annotated[str | None, Meta(description="What else its experiment cost.", extra=UNKNOWN)]
    build: Annotated[str | None, Meta(description="direct + upstream + trials.", extra=UNKNOWN)]
    serving: Annotated[str, Meta(description="Its share of the own charges of endpoints that serve it.")]
    tokens: Annotated[str, Meta(description="Its share of charges metered in tokens.")]
    run: Annotated[str, Meta(description="serving + tokens.")]
    total: Annotated[str | None, Meta(description="build + run.", extra=UNKNOWN)]
    basis: Annotated[
        dict[str, float],
        Meta(
            description="The share of the build by how its charges were allocated, in parts of one.",
            extra=words(absent="no charge reached it"),
        ),
    ]
    next_line: Annotated[
        str,
        Meta(
            description="The lines of a declaration that would improve the basis most; empty where none would.",
            extra=words(absent="no line of configuration would improve the basis", label="next line"),
        ),
    ]
    runs_took: RunsTook = None
    versions: Annotated[
        tuple[Version, ...],
        Meta(
            description="Of a model without a version, whose total is 0: its versions, each with its own total. "
            "Loaded costs overlap and are not added up.",
            extra=words(absent="only a model without a version lists them"),
        ),
    ] = ()
    unit: Unit = "nano"


def ask(rooms: Rooms, params: Params) -> Answer:
    """Show the loaded cost of an asset, to date or poured in one month."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    newest = keeping.month(params.period, currency, state)
    books = keeping.books(currency, state)
    asset = keeping.name(params.key, state)
    month = newest if params.period else None
    found = keeping.kept("loaded", state, lambda: loaded(books, asset, month), currency, asset, month)
    if not found.total:
        keeping.check_known(asset, state)
    inflows = keeping.inflows(currency, state) if kind_of(asset) in BESIDE else None
    took = runs_took(inflows, asset, month) if inflows else None
    return Answer(
        asset=asset,
        currency=currency,
        period=found.period,
        as_of=format_instant(min(state.as_of, newest.end) if params.period else state.as_of),
        filled_through=written(keeping.filled_through(newest, currency, state)),
        origin_known=found.known,
        direct=money(found.direct) if found.known else None,
        upstream=money(found.upstream) if found.known else None,
        trials=money(found.trials) if found.known else None,
        build=money(found.build) if found.known else None,
        serving=money(found.serving),
        tokens=money(found.tokens),
        run=money(found.run),
        total=money(found.total) if found.known else None,
        basis=found.basis,
        next_line=resource_line(found.weakest) if found.weakest else "",
        runs_took=None if took is None else money(took),
        versions=tuple(
            Version(asset=one.asset, total=None if one.total is None else money(one.total))
            for one in (version_totals(inflows, asset, month) if inflows else ())
        ),
        unit=books.unit(month),
    )
