"""Closing a month: only by command, in order, with what it was computed from (attribution.md §4, Closing)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, insert, select

from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.instants import Instant, format_instant
from trivium.facts.kinds import DECLARED, TRACED, Kind
from trivium.facts.money import plain
from trivium.facts.period import Period, parse_period
from trivium.facts.problem import ProblemError, refuse
from trivium.facts.statements import Reader, RunSeen, TrialOf
from trivium.finops.archive import freeze, thaw
from trivium.finops.books import Books, MonthBook
from trivium.finops.closings import Closings
from trivium.graph.tables import names, runs
from trivium.ledger.reads import read_page

METADATA = MetaData()
CLOSED = Table(
    "closed_months",
    METADATA,
    Column("month", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("month_end", BigInteger, nullable=False),
    Column("computed_from", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("total", Text, nullable=False),
)
SOURCE: Final = "trivium.close"
FACTS_CAME: Final = "facts_came"
OBSERVED: Final = frozenset(
    {
        Kind.LINEAGE_EVENT, Kind.SPANS_RECEIVED, Kind.PREDICTIONS_RECEIVED, Kind.RUN_CREATED, Kind.RUN_CHANGED,
        Kind.RUN_LOGGED, Kind.RUN_USED,
    }
)  # fmt: skip
"""Kinds that say when what they tell of happened: a month may count what happened in it, and its runs."""
COUNTED: Final = DECLARED | TRACED | OBSERVED | {Kind.CHARGES_IMPORTED}
"""Kinds of facts that a month may count."""
_AT_ONCE: Final = 1_000


class ClosedBook(msgspec.Struct, frozen=True):
    """One currency's month: the SHA-256 of its frozen book, and its total as decimal text."""

    currency: str
    sha256: str
    total: str


class Closed(msgspec.Struct, frozen=True):
    """The body of a `month.closed` fact. `computed_from` is the ledger sequence up to which facts were taken in."""

    month: str
    computed_from: int
    books: tuple[ClosedBook, ...]


class MonthsFold:
    """Keeps which months are closed, since when, and where their books stand."""

    name: str = "months"
    version: int = 1
    kinds: frozenset[Kind] = frozenset({Kind.MONTH_CLOSED})
    inside: bool = True

    def create(self, connection: Connection) -> None:
        """Make the table where it is missing."""
        METADATA.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the table."""
        METADATA.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Enter closed months."""
        for recorded in facts:
            if recorded.fact.kind == Kind.MONTH_CLOSED:
                connection.execute(insert(CLOSED), _rows(recorded))


class CloseMonth:
    """The command that closes a month: refused unless it is the next one, over, and computed from the present facts.

    `reader` says what a fact means. Facts that were recorded after the book was computed and that it might count stand
    in the way (409 `facts_came`): computed again, they are in it; what comes after a close is late.
    """

    def __init__(self, closed: Closed, at: Instant, reader: Reader, actor: str = "") -> None:
        self._closed, self._at, self._reader, self._actor = closed, at, reader, actor

    def decide(self, connection: Connection) -> Sequence[Fact]:
        """State that the month is closed, or refuse with what to do first."""
        month = parse_period(self._closed.month)
        check_order(connection, month, self._at)
        self._check_present(connection, month)
        body = msgspec.json.encode(self._closed)
        fact = Fact(
            kind=Kind.MONTH_CLOSED, subject=f"month:{self._closed.month}", happened_at=self._at, source=SOURCE,
            key=self._closed.month, body=body, actor=self._actor,
        )  # fmt: skip
        return [fact]

    def _check_present(self, connection: Connection, month: Period) -> None:
        """Refuse while a fact stands that the month counts and its book was not computed from."""
        after = self._closed.computed_from
        while page := read_page(connection, after, _AT_ONCE, COUNTED, None, newest_first=False):
            for recorded in page:
                if _counts_in(connection, recorded, month, self._reader):
                    raise _facts_came(recorded, month)
            after = page[-1].sequence


def _counts_in(connection: Connection, recorded: RecordedFact, month: Period, reader: Reader) -> bool:
    """Say whether a fact may change a month: all but what happened after its end to runs that began after it.

    A run that began before may still name what it read then, its parent and its tags.
    """
    if recorded.fact.kind not in OBSERVED:
        return True
    said = reader(recorded)
    named = {one.run for one in said if isinstance(one, TrialOf)}
    if any(getattr(one, "day", getattr(one, "at", 0)) < month.end for one in said if not isinstance(one, TrialOf)):
        return True
    named |= {key for one in said if isinstance(one, RunSeen) for key in (one.run, one.parent, *one.same_as) if key}
    begun = select(runs.c.run).join(names, names.c.id == runs.c.run)
    begun = begun.where(names.c.key.in_(named), runs.c.start_at < month.end)
    return connection.execute(begun.limit(1)).first() is not None


def _facts_came(recorded: RecordedFact, month: Period) -> ProblemError:
    title = f"Fact {recorded.sequence} was recorded while {month} was computed, and the month counts it."
    return refuse(FACTS_CAME, title, status=409, where="period", fix="Close the month again.")


def check_order(connection: Connection, month: Period, at: Instant) -> None:
    """Refuse a month that is closed already, not over, or not the next after the last closed one."""
    if month.end > at:
        title = f"{month} is not over before {format_instant(month.end)}."
        raise refuse("month_open", title, status=409, where="period", fix="Close it after its end.")
    last = connection.execute(select(CLOSED.c.month_end).order_by(CLOSED.c.month_end.desc()).limit(1)).scalar()
    if last is None or month.start == last:
        return
    if month.start < last:
        raise refuse("month_closed", f"{month} is closed already.", status=409, where="period")
    following = str(Period(last, month.start).months()[0])
    title = f"Months close in order, and {following} is still open."
    raise refuse("close_in_order", title, status=409, where="period", fix=f"Close {following} first.")


def closed_of(month: Period, computed_from: int, books: Iterable[Books], put: Callable[[bytes], str]) -> Closed:
    """Freeze a month's books of all currencies with `put`, and give the body of the fact that closes it.

    Refuses while an earlier month with money is open, and a month that has no money in any currency.
    """
    frozen: list[ClosedBook] = []
    for each in sorted(books, key=lambda book: book.currency):
        earlier = next((book for book in each.months if not book.closed and book.month.start < month.start), None)
        if earlier is not None:
            title = f"Months close in order, and {earlier.month} is still open."
            raise refuse("close_in_order", title, status=409, where="period", fix=f"Close {earlier.month} first.")
        book = each.of(month)
        if book is not None:
            frozen.append(ClosedBook(each.currency, put(freeze(book)), plain(book.total)))
    if not frozen:
        title = f"{month} has no charges to close."
        raise refuse("nothing_to_close", title, status=409, where="period", fix="Import the month's bill first.")
    assert computed_from > 0, "a month is computed from facts"
    return Closed(str(month), computed_from, tuple(frozen))


def read_closings(connection: Connection, known: int | None = None) -> Closings:
    """Read which months are closed, as recorded up to a sequence."""
    query = select(CLOSED.c.month_end, CLOSED.c.computed_from).distinct().order_by(CLOSED.c.month_end)
    rows = connection.execute(query if known is None else query.where(CLOSED.c.sequence <= known)).all()
    table = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 2)
    return Closings(table[:, 1], table[:, 0])


def read_frozen(
    connection: Connection, currency: str, get: Callable[[str], bytes], known: int | None = None
) -> tuple[MonthBook, ...]:
    """Read the frozen books of one currency, in order."""
    query = select(CLOSED.c.month, CLOSED.c.sha256).where(CLOSED.c.currency == currency).order_by(CLOSED.c.month_end)
    found = connection.execute(query if known is None else query.where(CLOSED.c.sequence <= known))
    return tuple(thaw(get(name), f"{month} in {currency}") for month, name in found)


def _rows(recorded: RecordedFact) -> list[dict[str, object]]:
    closed = msgspec.json.decode(recorded.fact.body, type=Closed)
    return [
        {
            "month": closed.month, "currency": book.currency, "month_end": parse_period(closed.month).end,
            "computed_from": closed.computed_from, "sequence": recorded.sequence, "sha256": book.sha256,
            "total": book.total,
        }
        for book in closed.books
    ]  # fmt: skip
