"""A month's money, partitioned: brought forward + charges = came to rest + carried forward (attribution.md §4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import msgspec
import numpy as np

from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.facts.problem import refuse, shown
from trivium.finops.apportion import shared_exactly
from trivium.finops.books import Books, MonthBook
from trivium.finops.network import TANK

BY = ("asset", "team", "product")


class Line(msgspec.Struct, frozen=True):
    """One account: an asset key or a named account. `carried` is the part of `amount` that goes into the next month."""

    account: str
    amount: Decimal
    carried: Decimal


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A month's money by account. Σ line amounts = `total` + `brought_forward`, exactly.

    `total` is what is counted in this month (EffectiveCost), `late` the part of it that belongs to earlier months,
    which were closed when it was recorded.
    """

    period: str
    currency: str
    by: str
    as_of: int
    closed: bool
    total: Decimal
    brought_forward: Decimal
    late: Decimal
    lines: tuple[Line, ...]


def statement(books: Books, month: Period, by: str = "asset") -> Statement:
    """Draw up the statement of one month; a month before the first charge is empty."""
    if by not in BY:
        raise refuse("bad_by", f"{shown(by)} is no way to read a statement.", where="by", fix=f"Use {', '.join(BY)}.")
    book = books.of(month)
    if book is None:
        nothing = Decimal(0)
        return Statement(
            period=str(month), currency=books.currency, by=by, as_of=books.as_of, closed=False, total=nothing,
            brought_forward=nothing, late=nothing, lines=(),
        )  # fmt: skip
    lines = asset_lines(book) if by == "asset" else owned_lines(book, lambda key: book.owners(by, key))
    brought = book.money(sum(book.opening.values()))
    drawn = Statement(
        period=str(month), currency=books.currency, by=by, as_of=book.cutoff, closed=book.closed, total=book.total,
        brought_forward=brought, late=book.late, lines=tuple(lines),
    )  # fmt: skip
    assert add(*(line.amount for line in lines)) == add(book.total, brought), "the statement is the bill"
    assert len({line.account for line in lines}) == len(lines), "each account stands once"
    return drawn


def asset_lines(book: MonthBook) -> list[Line]:
    """List what came to rest or is carried, by asset key and named account, sorted; nothing is left out."""
    rested, carried = sums_of(book)
    lines = [
        Line(account, add(book.money(rested[account] + carried[account]), _finer(book, account)),
             book.money(carried[account]))
        for account in sorted({*rested, *carried})
    ]  # fmt: skip
    if book.finer and "rounding" not in rested:
        lines.append(Line("rounding", book.finer, Decimal(0)))
    return sorted((line for line in lines if line.amount or line.carried), key=lambda line: line.account)


def owned_lines(book: MonthBook, owners: Callable[[str], dict[str, Fraction]]) -> list[Line]:
    """List by owner: co-owners share equally, named accounts stand as they are, the rest is `unowned`."""
    rested, carried = sums_of(book)
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for column, sums in ((0, rested), (1, carried)):
        for account, units in sums.items():
            takers = ({account: Fraction(1)} if ":" not in account else owners(account)) or {"unowned": Fraction(1)}
            for taker, share in shared_exactly(units, takers):
                found[taker][column] += share
    if book.finer:
        found["rounding"][0] += 0
    lines = [
        Line(account, add(book.money(rest + carry), _finer(book, account)), book.money(carry))
        for account, (rest, carry) in sorted(found.items())
    ]
    return [line for line in lines if line.amount or line.carried]


def sums_of(book: MonthBook) -> tuple[dict[str, int], dict[str, int]]:
    """Sum what rests and what is carried by account, in units."""
    network, value = book.network, book.poured.value
    rested: dict[str, int] = defaultdict(int)
    ends = (network.start[1:] == network.start[:-1]) & (network.role != TANK) & (value != 0)
    for node in np.flatnonzero(ends).tolist():
        rested[book.key(int(network.place[node]))] += int(value[node])
    carried: dict[str, int] = defaultdict(int)
    for tank, units in book.poured.carried().items():
        carried[tank.place] += units
    return rested, carried


def _finer(book: MonthBook, account: str) -> Decimal:
    return book.finer if account == "rounding" else Decimal(0)
