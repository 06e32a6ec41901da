"""Which names could not be joined, and which money hangs on them?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    AsOf,
    Currency,
    CurrencyText,
    Known,
    Limit,
    Period,
    instant_of,
    money,
    words,
)
from trivium.evidence.unjoined import Report, unjoined
from trivium.facts.money import add, share_of
from trivium.facts.period import Period as MonthPeriod


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    period: Period = ""
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None
    limit: Limit = 1000


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """A name that is joined to nothing."""

    name: Annotated[str, Meta(description="The name: a key, a resource's id, a service.")]
    kind: Annotated[str, Meta(description="`resource`, `service`, `rule`, or the kind of asset.")]
    why: Annotated[str, Meta(description="Why it is listed.")]
    money: Annotated[str, Meta(description="The month's money that rests on it, exact.")]
    suggestions: Annotated[tuple[str, ...], Meta(description="The assets that it may mean, the likeliest first.")]
    line: Annotated[str, Meta(description="The lines of a declaration that would join it; empty where none is known.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be joined, most money first."""

    period: Annotated[str, Meta(description="The month.")]
    currency: CurrencyText
    total: Annotated[str, Meta(description="Σ money of all names that were found, also of those not listed.")]
    shown: Annotated[str, Meta(description="Σ money of the names that are listed.")]
    left_out: Annotated[int, Meta(description="How many names were found and are not listed.")]
    charges: Annotated[str, Meta(description="What the month counts in all.")]
    share: Annotated[str, Meta(description="The part of the charges that is not joined, of one, as decimal text.")]
    names: Annotated[
        tuple[Name, ...], Meta(description="The names, most money first.", extra=words(absent="everything is joined"))
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List what could not be joined."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    month = keeping.month(params.period, currency, state)
    report = report_of(rooms, currency, month, state)
    listed = report.rows[: params.limit]
    return Answer(
        period=str(month),
        currency=currency,
        total=money(report.total),
        shown=money(add(*(row.money for row in listed))),
        left_out=report.count - len(listed),
        charges=money(report.charges),
        share=money(share_of(report.total, report.charges)),
        names=tuple(
            Name(
                name=row.name,
                kind=row.kind,
                why=row.why,
                money=money(row.money),
                suggestions=row.suggestions,
                line=row.line,
            )
            for row in listed
        ),
    )


def report_of(rooms: Rooms, currency: str, month: MonthPeriod, state: State) -> Report:
    """Give what could not be joined in a month; kept for the state."""
    keeping = rooms.bookkeeping

    def made() -> Report:
        with keeping.graph(state) as connection:
            return unjoined(connection, keeping.books(currency, state), month)

    return keeping.kept("unjoined", state, made, currency, month)
