"""Close a month, so that its statement never moves again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT
from trivium.facts.fact import Receipt
from trivium.facts.instants import now
from trivium.facts.period import Period, month_of, parse_period
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.finops.charges import currencies
from trivium.finops.closing import FACTS_CAME, Closed, CloseMonth, check_order, closed_of
from trivium.ledger.answers import Once

_TRIES: Final = 3
"""How often a month is computed while facts keep coming that it counts."""

Month = Annotated[str, Meta(description="The month to close, as 2026-10.", extra=ARGUMENT)]


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be asked."""

    period: Month


class ClosedBook(msgspec.Struct, frozen=True, kw_only=True):
    """One currency of the closed month."""

    currency: Annotated[str, Meta(description="The currency.")]
    total: Annotated[str, Meta(description="Σ EffectiveCost that the month counts, exact.")]
    sha256: Annotated[str, Meta(description="The SHA-256 of the frozen book.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was closed."""

    period: Annotated[str, Meta(description="The closed month.")]
    computed_from: Annotated[int, Meta(description="The sequence up to which facts are counted in it.")]
    sequence: Annotated[int, Meta(description="The fact that closed it.")]
    books: Annotated[tuple[ClosedBook, ...], Meta(description="Each currency's total and hash.")]


def ask(rooms: Rooms, params: Params, request: Once | None = None) -> Answer:
    """Close a month in all its currencies; refused (409) unless it is over and the next one.

    It is computed again when facts that it counts were recorded meanwhile. A `request` with a key is carried out once.
    """
    month = parse_period(params.period)
    if month != month_of(month.start):
        title = f"{shown(params.period)} is no calendar month."
        raise refuse("bad_period", title, where="period", fix="Write a month as 2026-10.")
    with rooms.ledger.reading() as connection:
        check_order(connection, month, now())
    for _ in range(_TRIES - 1):
        try:
            return _close(rooms, month, request)
        except ProblemError as refused:
            if refused.problem.code != FACTS_CAME:
                raise
    return _close(rooms, month, request)


def _close(rooms: Rooms, month: Period, request: Once | None) -> Answer:
    """Compute the month's books and close it, once."""
    keeping = rooms.bookkeeping
    state = keeping.state()
    books = [keeping.books(currency, state) for currency in currencies(rooms.lake)]
    closed = closed_of(month, state.sequence, books, rooms.blobs.put)

    def answer(receipts: Sequence[Receipt]) -> Answer:
        return _answer(closed, receipts[0].sequence)

    command = CloseMonth(closed, now(), rooms.reader)
    if request is None:
        return answer(rooms.ledger.execute(command))
    return answer(rooms.ledger.execute_once(command, request, lambda receipts: msgspec.json.encode(answer(receipts))))


def _answer(closed: Closed, sequence: int) -> Answer:
    return Answer(
        period=closed.month,
        computed_from=closed.computed_from,
        sequence=sequence,
        books=tuple(ClosedBook(currency=book.currency, total=book.total, sha256=book.sha256) for book in closed.books),
    )
