"""What does each product cost, of what, how sound is what it stands on, who has it, and what is to be done?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.advice import steps_of
from trivium.entrypoints.answers.graph_unmatched import report_of
from trivium.entrypoints.answers.names import title_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    AsOf,
    Currency,
    CurrencyText,
    Known,
    Period,
    When,
    instant_of,
    money,
    words,
    written,
)
from trivium.evidence.next_steps import Situation
from trivium.evidence.overview import MonthCost, ProductRow, overview, stands_on
from trivium.facts.instants import format_instant


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    period: Period = ""
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """One month and its money."""

    month: Annotated[str, Meta(description="The month.")]
    amount: Annotated[str, Meta(description="Its money, exact.")]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One product."""

    product: Annotated[str, Meta(description="Its key.")]
    title: Annotated[str, Meta(description="What people call it.")]
    cost: Annotated[str, Meta(description="Its line of the month's statement.")]
    cost_before: Annotated[
        str | None,
        Meta(
            description="That of the month before; null when there is none.",
            extra=words(absent="nothing is known of that month"),
        ),
    ]
    trend: Annotated[tuple[Month, ...], Meta(description="Its line of each of the last months.")]
    model: Annotated[
        str,
        Meta(
            description="The newest version of its model; empty where it has none whose cost is known, or the home is "
            "too large to say it of all products at once.",
            extra=words(absent="none, or not said here"),
        ),
    ]
    most: Annotated[
        str,
        Meta(
            description="The largest part of what that version took to date: `data`, `trials`, `runs`, `serving` or "
            "`tokens`.",
            extra=words(absent="not said here"),
        ),
    ]
    share: Annotated[
        str | None,
        Meta(description="That part's share of it, to four decimals.", extra=words(absent="not said here")),
    ]
    quality: Annotated[str, Meta(description="`ok`, `bad`, or `unknown` where nothing checks what it stands on.")]
    kept: Annotated[int, Meta(description="How many checks of what it stands on hold.")]
    checks: Annotated[int, Meta(description="How many checks there are.")]
    failing: Annotated[tuple[str, ...], Meta(description="The failing datasets that it stands on.")]
    owners: Annotated[
        tuple[str, ...], Meta(description="The teams that answer for it.", extra=words(absent="nobody is declared"))
    ]
    next: Annotated[
        str,
        Meta(
            description="What to do next, in a sentence; empty when nothing needs a person.",
            extra=words(absent="nothing needs a person"),
        ),
    ]
    next_asset: Annotated[str, Meta(description="The asset that this is about; empty when nothing needs a person.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All products of a month, the costliest first, and what could not be joined."""

    period: Annotated[str, Meta(description="The month.")]
    currency: CurrencyText
    as_of: When
    filled_through: Annotated[
        str | None,
        Meta(
            description="The end of the last charge that is known of the month; null without charges.",
            extra=words(absent="no charge of the month is known"),
        ),
    ]
    total: Annotated[str, Meta(description="Σ EffectiveCost that is counted in the month.")]
    total_before: Annotated[
        str | None,
        Meta(
            description="That of the month before; null when there is none.",
            extra=words(absent="nothing is known of that month"),
        ),
    ]
    trend: Annotated[tuple[Month, ...], Meta(description="The totals of the last months.")]
    kept: Annotated[int, Meta(description="The checks that hold, of datasets that products stand on, each once.")]
    checks: Annotated[int, Meta(description="All checks of these datasets.")]
    unjoined: Annotated[str, Meta(description="The money of names that could not be joined.")]
    products: Annotated[
        tuple[Product, ...],
        Meta(
            description="The products, the costliest first.",
            extra=words(absent="none is declared; `trivium setup` says what fills Trivium"),
        ),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Give one row for each product."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    month = keeping.month(params.period, currency, state)
    books, lineage, inflows = keeping.books(currency, state), keeping.lineage(state), keeping.inflows(currency, state)
    products = [one for one in keeping.assets(state) if one.kind == "product"]
    loose = report_of(rooms, currency, month, state)
    found = overview(books, lineage, keeping.healths(state), products, month)
    rows = []
    for row in found.products:
        situation = Situation(asset=row.product, owned=bool(row.owners), cost=row.cost, before=row.cost_before)
        if month.end > state.as_of:
            situation = msgspec.structs.replace(situation, cost=None)
        steps = steps_of(rooms, inflows, row.product, stands_on(lineage, row.product), situation, state)
        first = steps[0] if steps else None
        rows.append(_product(row, first.text if first else "", first.asset if first else ""))
    return Answer(
        period=str(month),
        currency=currency,
        as_of=format_instant(min(state.as_of, month.end)),
        filled_through=written(keeping.filled_through(month, currency, state)),
        total=money(found.total),
        total_before=None if found.total_before is None else money(found.total_before),
        trend=tuple(_month(one) for one in found.trend),
        kept=found.kept,
        checks=found.checks,
        unjoined=money(loose.total),
        products=tuple(rows),
    )


def _product(row: ProductRow, text: str, about: str) -> Product:
    return Product(
        product=row.product,
        title=row.title or title_of(row.product),
        cost=money(row.cost),
        cost_before=None if row.cost_before is None else money(row.cost_before),
        trend=tuple(_month(one) for one in row.trend),
        model=row.model.version if row.model else "",
        most=row.model.part if row.model else "",
        share=f"{float(row.model.share):.4f}" if row.model else None,
        quality="bad" if row.bad else "ok" if row.checks else "unknown",
        kept=row.kept,
        checks=row.checks,
        failing=row.bad,
        owners=row.owners,
        next=text,
        next_asset=about,
    )


def _month(one: MonthCost) -> Month:
    return Month(month=str(one.month), amount=money(one.amount))
