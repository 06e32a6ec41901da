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
    which were closed when it was recorded. `unit` says what was divided down to: nano or micro (attribution.md §5).
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
    unit: str = "nano"


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
    brought = book.brought
    drawn = Statement(
        period=str(month), currency=books.currency, by=by, as_of=book.cutoff, closed=book.closed, total=book.total,
        brought_forward=brought, late=book.late, lines=tuple(lines), unit=book.unit,
    )  # fmt: skip
    assert add(*(line.amount for line in lines)) == add(book.total, brought), "the statement is the bill"
    assert len({line.account for line in lines}) == len(lines), "each account stands once"
    return drawn


def asset_lines(book: MonthBook) -> list[Line]:
    """List what came to rest or is carried, by asset key and named account, sorted; nothing is left out."""
    rested, carried = sums_of(book)
    return _lines(
        book, {account: (rested.get(account, 0), carried.get(account, 0)) for account in {**rested, **carried}}
    )


def owned_lines(book: MonthBook, owners: Callable[[str], dict[str, Fraction]]) -> list[Line]:
    """List by owner: co-owners share equally, named accounts stand as they are, the rest is `unowned`."""
    found = {
        owner: (sum(rest for rest, _ in parts.values()), sum(carry for _, carry in parts.values()))
        for owner, parts in owned_parts(book, owners).items()
    }
    return _lines(book, found)


def owned_parts(
    book: MonthBook, owners: Callable[[str], dict[str, Fraction]]
) -> dict[str, dict[str, tuple[int, int]]]:  # fmt: skip
    """Give, for each owner or named account, what rests and what is carried of each asset's line that is its own.

    The parts of a line sum to it, to the last unit.
    """
    sums = sums_of(book)
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for place, of_accounts in enumerate(sums):
        for account, units in of_accounts.items():
            takers = owners(account) if ":" in account else {}
            if len(takers) < 2:
                shares = [(next(iter(takers), "unowned" if ":" in account else account), units)]
            else:
                shares = shared_exactly(units, takers)
            for taker, share in shares:
                rest, carry = found[taker].get(account, (0, 0))
                found[taker][account] = (rest + share, carry) if place == 0 else (rest, carry + share)
    assert sum(map(sum, (part for parts in found.values() for part in parts.values()))) == sum(
        sum(of_accounts.values()) for of_accounts in sums
    ), "no unit is lost between owners"
    return found


def _lines(book: MonthBook, sums: dict[str, tuple[int, int]]) -> list[Line]:
    """Make lines of what rests and what is carried by account, in units; what is finer than a unit is `rounding`."""
    lines = []
    for account in sorted(sums):
        rest, carry = sums[account]
        if rest or carry:
            lines.append(Line(account, book.money(rest + carry), book.money(carry)))
    finer = add(book.finer, book.brought_finer)
    if not finer:
        return lines
    rounded = add(finer, *(line.amount for line in lines if line.account == "rounding"))
    kept = [line for line in lines if line.account != "rounding"]
    return sorted([*kept, Line("rounding", rounded, Decimal(0))], key=lambda line: line.account)


def sums_of(book: MonthBook) -> tuple[dict[str, int], dict[str, int]]:
    """Sum what rests and what is carried by account, in units."""
    network, value = book.network, book.poured.value
    rested: dict[str, int] = defaultdict(int)
    ends = np.flatnonzero((network.start[1:] == network.start[:-1]) & (network.role != TANK) & (value != 0))
    places, inverse = np.unique(network.place[ends], return_inverse=True)
    units = np.zeros(len(places), dtype=np.int64)
    np.add.at(units, inverse, value[ends])
    for place, size in zip(places.tolist(), units.tolist(), strict=True):
        rested[book.key(place)] += size
    carried: dict[str, int] = defaultdict(int)
    for tank, size in book.poured.carried().items():
        carried[tank.place] += size
    return rested, carried
