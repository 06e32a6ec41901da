"""Where did a month's money come to rest?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    Amount,
    AsOf,
    Currency,
    CurrencyText,
    Known,
    Period,
    Unit,
    When,
    instant_of,
    money,
    words,
    written,
)
from trivium.facts.instants import format_instant
from trivium.facts.kinds import Kind
from trivium.facts.money import add, subtract
from trivium.facts.period import Period as Span
from trivium.finops.bridge import Bridge as LaidBridge
from trivium.finops.bridge import bridge
from trivium.finops.coverage import coverage, services
from trivium.finops.drawn import drawn as drawn_of
from trivium.finops.unread import unread

By = Annotated[str, Meta(description="One line for each `asset`, `team` or `product`.")]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    period: Period = ""
    by: By = "asset"
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One account of a statement."""

    account: Annotated[str, Meta(description="An asset key, or a named account as `idle` or `unallocated`.")]
    amount: Annotated[str, Meta(description="What came to rest here or is carried forward, exact.")]
    carried: Annotated[str, Meta(description="The part of the amount that is carried into the next month.")]


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice of the billing period."""

    invoice: Annotated[
        str,
        Meta(description="The invoice's id; empty where charges name none.", extra=words(absent="no invoice is named")),
    ]
    billed: Annotated[str, Meta(description="Σ BilledCost of its charges.")]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step from the invoices to the statement."""

    label: Annotated[str, Meta(description="What the step adds or takes away.")]
    amount: Amount


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """From the invoices of the billing period to the statement: `billed` + Σ steps = `effective`."""

    billed: Annotated[str, Meta(description="Σ BilledCost of the billing period's invoices.")]
    invoices: Annotated[
        tuple[Invoice, ...],
        Meta(description="The invoices of the billing period.", extra=words(absent="no charge is billed in the month")),
    ]
    steps: Annotated[
        tuple[Step, ...],
        Meta(
            description="What lies between the invoices and the statement.",
            extra=words(absent="nothing lies between them"),
        ),
    ]
    effective: Annotated[str, Meta(description="The statement's total: EffectiveCost by charge time.")]


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the charges that was allocated in one way."""

    basis: Annotated[str, Meta(description="How the bearer was found, as `tagged` or `time share`.")]
    amount: Amount


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """The charges of one service."""

    service: Annotated[
        str,
        Meta(
            description="FOCUS ServiceName; empty where charges name none.", extra=words(absent="no service is named")
        ),
    ]
    amount: Amount


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """How a month was closed."""

    at: When
    sequence: Annotated[int, Meta(description="The fact that closed it.")]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset whose money nobody has read yet."""

    asset: Annotated[str, Meta(description="The dataset.")]
    state: Annotated[
        str,
        Meta(description="`fresh`, or `refreshed without a reader`: written at least twice since it was last read."),
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A month's money by account: Σ amount = total + brought_forward, exactly."""

    period: Annotated[str, Meta(description="The month.")]
    currency: CurrencyText
    by: Annotated[str, Meta(description="What a line stands for: asset, team or product.")]
    as_of: When
    closed: Annotated[bool, Meta(description="Whether the month is closed and never moves.")]
    filled_through: Annotated[
        str | None,
        Meta(
            description="The end of the last charge that is known of the month; null without charges.",
            extra=words(absent="no charge of the month is known"),
        ),
    ]
    total: Annotated[str, Meta(description="Σ EffectiveCost that is counted in the month.")]
    brought_forward: Annotated[str, Meta(description="What the month before carried into this one.")]
    late: Annotated[str, Meta(description="The part of the total that belongs to earlier, closed months.")]
    rested: Annotated[str, Meta(description="What came to rest in the month.")]
    carried: Annotated[str, Meta(description="What is carried into the next month.")]
    lines: Annotated[
        tuple[Line, ...],
        Meta(description="The accounts, sorted by name.", extra=words(absent="no charge counts in the month")),
    ]
    coverage: Annotated[tuple[Basis, ...], Meta(description="The charges by how they were allocated, largest first.")]
    services: Annotated[tuple[Service, ...], Meta(description="The charges by service, largest first.")]
    closing: Annotated[
        Closing | None,
        Meta(description="How the month was closed; null while it is open.", extra=words(absent="the month is open")),
    ]
    bridge: Annotated[Bridge, Meta(description="How the invoices become this statement.")]
    unread: Annotated[
        tuple[Waiting, ...],
        Meta(
            description="The datasets that carry money forward because nobody has read it yet.",
            extra=words(absent="no dataset carries money that nobody read"),
        ),
    ]
    unit: Unit = "nano"


def ask(rooms: Rooms, params: Params) -> Answer:
    """Draw up the statement of a month."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    month = keeping.month(params.period, currency, state)
    return keeping.kept(
        "statement answer",
        state,
        lambda: _drawn_up(rooms, currency, month, params.by, state),
        currency,
        month,
        params.by,
    )


def _drawn_up(rooms: Rooms, currency: str, month: Span, by: str, state: State) -> Answer:
    keeping = rooms.bookkeeping
    books = keeping.books(currency, state)
    book = books.of(month)
    drawn = drawn_of(books, month, by)
    laid = keeping.kept(
        "bridge",
        state,
        lambda: bridge(rooms.lake, books, month, drawn, state.sequence),
        currency,
        month,
    )
    lines = tuple(
        Line(account=line.account, amount=money(line.amount), carried=money(line.carried)) for line in drawn.lines
    )
    carried = add(*(line.carried for line in drawn.lines))
    return Answer(
        period=str(month),
        currency=currency,
        by=drawn.by,
        as_of=format_instant(drawn.as_of),
        closed=drawn.closed,
        filled_through=written(keeping.filled_through(month, currency, state)),
        total=money(drawn.total),
        brought_forward=money(drawn.brought_forward),
        late=money(drawn.late),
        rested=money(subtract(add(drawn.total, drawn.brought_forward), carried)),
        carried=money(carried),
        lines=lines,
        coverage=() if book is None else tuple(Basis(basis=b, amount=money(a)) for b, a in coverage(book).items()),
        closing=_closing(rooms, str(month)) if drawn.closed else None,
        services=()
        if book is None
        else tuple(Service(service=name, amount=money(amount)) for name, amount in services(book).items()),
        bridge=_bridge(laid),
        unread=()
        if book is None
        else tuple(Waiting(asset=key, state=why) for key, why in unread(book, books.flows).items()),
        unit=drawn.unit,
    )


def _closing(rooms: Rooms, month: str) -> Closing | None:
    """Find the fact that closed a month."""
    found = rooms.ledger.read(0, 1, {Kind.MONTH_CLOSED}, f"month:{month}")
    return Closing(at=format_instant(found[0].recorded_at), sequence=found[0].sequence) if found else None


def _bridge(laid: LaidBridge) -> Bridge:
    return Bridge(
        billed=money(laid.billed),
        invoices=tuple(Invoice(invoice=name, billed=money(billed)) for name, billed in laid.invoices),
        steps=tuple(Step(label=step.label, amount=money(step.amount)) for step in laid.steps),
        effective=money(laid.effective),
    )
