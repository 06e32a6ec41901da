"""The months of one currency, computed one after the other: each opens with what the one before carried.

An ended month is computed as of its end, so nothing that happens later can move it; a closed month comes frozen.
Source: attribution.md §4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trivium.facts.instants import Instant, to_datetime
from trivium.facts.money import SCALE, add, of_units, subtract
from trivium.facts.period import Period, month_of
from trivium.facts.problem import refuse
from trivium.finops.allocation import Allocator, Part, month_parts
from trivium.finops.charges import Charge
from trivium.finops.closings import NEVER, Closings
from trivium.finops.estimates import Estimates
from trivium.finops.month import build_month
from trivium.finops.network import Network, Poured, Tank
from trivium.finops.owners import Owners, owners_in
from trivium.finops.places import Places
from trivium.finops.serving import Used, month_uses
from trivium.finops.sharing import Sharing
from trivium.finops.spans import Spans, View
from trivium.finops.spreading import check_size, pour
from trivium.graph.flows import Flows

NANO_DIGITS = 9
MICRO_DIGITS = 6
NANO_LIMIT = Decimal(9_000_000_000)
"""A window that holds more of its currency is computed in micro-units (attribution.md §5)."""
LONGEST = 1_200
"""Months that one question computes at most: a hundred years."""


@dataclass(frozen=True)
class MonthBook:
    """One month's pours and what they were made from. Amounts in units of 10^-`digits`; `finer` is what is below."""

    month: Period
    cutoff: Instant
    closed: bool
    digits: int
    poured: Poured
    opening: dict[Tank, int]
    key: Callable[[int], str]
    charges: Mapping[int, Charge]
    """The groups of charges that entries point to."""
    total: Decimal
    late: Decimal
    finer: Decimal
    uses: tuple[Used, ...]
    """Who used which model version."""
    owners: Owners
    place_of: Callable[[str], int]
    """Gives the number of a key that money may stand at, -1 where it has none; the inverse of `key`."""
    brought_finer: Decimal = Decimal(0)
    """What is finer than a unit of what was brought forward: the month before was computed in finer units."""

    @property
    def network(self) -> Network:
        """Give the structure of the month."""
        return self.poured.network

    @property
    def unit(self) -> str:
        """Name the unit that the month was computed in: nano or micro (attribution.md §5)."""
        return "micro" if self.digits == MICRO_DIGITS else "nano"

    @property
    def brought(self) -> Decimal:
        """Give what the month before carried into this one."""
        return add(self.money(sum(self.opening.values())), self.brought_finer)

    def money(self, units: int) -> Decimal:
        """Turn units into exact money."""
        return of_units(units, self.digits)


@dataclass(frozen=True)
class Question:
    """What books are computed from: one currency, as known at one state of graph and lake.

    `frozen` are the closed months, in order; `closings` say since which sequence each is closed. `estimates` split what
    endpoints are charged for tokens together.
    """

    currency: str
    flows: Flows
    charges: list[Charge]
    as_of: Instant
    closings: Closings = field(default_factory=Closings)
    frozen: tuple[MonthBook, ...] = ()
    estimates: Estimates = field(default_factory=Estimates)


@dataclass(frozen=True)
class Books:
    """All months up to the one asked for, in order, without gaps."""

    currency: str
    flows: Flows
    as_of: Instant
    months: tuple[MonthBook, ...]
    closings: Closings = field(default_factory=Closings)

    def unit(self, month: Period | None = None) -> str:
        """Name the coarsest unit that a month, or without one all months, were computed in: nano or micro."""
        asked = [book.unit for book in self.months if month is None or book.month == month]
        return "micro" if "micro" in asked else "nano"

    def of(self, month: Period) -> MonthBook | None:
        """Give one month's book, or None before the first charge."""
        return next((book for book in self.months if book.month == month), None)


def keep_books(question: Question, through: Period) -> Books:
    """Compute all open months up to and including `through`, after the closed ones."""
    books = [book for book in question.frozen if book.month.start < through.end]
    parts = _by_month(month_parts(question.charges, question.closings), question)
    renamed_tanks = _renamed(question.flows, books[-1].poured.carried()) if books else {}
    digits = _digits(parts, renamed_tanks, books[-1].digits if books else NANO_DIGITS)
    places = Places(question.flows)
    month = _first_month(question, parts)
    opening = in_digits(renamed_tanks, books[-1].digits, digits) if books else {}
    finer = subtract(_money(renamed_tanks, books[-1].digits), _money(opening, digits)) if books else Decimal(0)
    _check_length(month, min(question.as_of, through.end))
    while month is not None and month.start < through.end and month.start <= question.as_of:
        assert not books or books[-1].month.end == month.start, "no month is left out"
        book = _keep_month(question, places, month, parts.get(month.start, []), (opening, finer), digits)
        books.append(book)
        opening, finer = book.poured.carried(), Decimal(0)
        month = month_of(month.end)
    return Books(question.currency, question.flows, question.as_of, tuple(books), question.closings)


def _keep_month(
    question: Question, places: Places, month: Period, parts: list[Part], brought: tuple[dict[Tank, int], Decimal],
    digits: int,
) -> MonthBook:  # fmt: skip
    opening, brought_finer = brought
    check_size(sum(abs(part.amount) for part in parts) // 10 ** (SCALE - digits) + sum(map(abs, opening.values())))
    cutoff = min(question.as_of, month.end)
    view = View(question.flows, month, cutoff, question.closings)
    spans = Spans.of(view)
    since = min((part.start for part in parts), default=cutoff)
    sharing = Sharing(question.flows, places, cutoff, spans, since, question.estimates)
    bearings, finer = Allocator(places, sharing, digits).bearings(question.charges, parts)
    network = build_month(view, spans, sharing, bearings, opening)
    poured = pour(network, opening)
    total = of_units(sum(part.amount for part in parts), SCALE)
    late = of_units(sum(part.amount for part in parts if part.late), SCALE)
    used = {int(group) for group in network.entries.group}
    book = MonthBook(
        month, cutoff, False, digits, poured, opening, places.key, {group: question.charges[group] for group in used},
        total, late, finer, month_uses(view), owners_in(question.flows), places.known, brought_finer,
    )  # fmt: skip
    assert add(book.money(int(poured.own.sum())), finer) == total, "every charge reached a bearer"
    assert int(poured.opened.sum()) == sum(opening.values()), "what was carried is brought forward"
    return book


def _by_month(parts: list[Part], question: Question) -> dict[int, list[Part]]:
    """Sort parts into the open months; what belongs to a closed month stands in its frozen book."""
    found: dict[int, list[Part]] = {}
    for part in parts:
        started = question.charges[part.group].start <= question.as_of
        if part.month.start >= question.closings.until and started:
            found.setdefault(part.month.start, []).append(part)
    return found


def _first_month(question: Question, parts: dict[int, list[Part]]) -> Period | None:
    if question.closings.until != NEVER:
        return month_of(question.closings.until)
    return month_of(min(parts)) if parts else None


def _check_length(first: Period | None, end: Instant) -> None:
    """Refuse to compute more months than a hundred years have: a charge or a question is misdated."""
    if first is None or end <= first.end:
        return
    last = month_of(end - 1)
    count = _number(last) - _number(first) + 1
    if count > LONGEST:
        title = f"From the first open month with charges, {first}, to {last} there are {count} months."
        fix = f"Ask for an earlier instant, or correct the charge of {first}; at most {LONGEST} months are computed."
        raise refuse("too_many_months", title, status=422, where="as_of", fix=fix)


def _number(month: Period) -> int:
    start = to_datetime(month.start)
    return 12 * start.year + start.month


def _digits(parts: Mapping[int, list[Part]], carried: Mapping[Tank, int], before: int) -> int:
    """Choose the unit of all open months, which are one window; `before` are the digits of what they begin with.

    Once in micro-units a currency stays in them: what was computed in them holds nothing finer.
    """
    size = sum(abs(part.amount) for month in parts.values() for part in month)
    size += sum(map(abs, carried.values())) * 10 ** (SCALE - before)
    return MICRO_DIGITS if size > NANO_LIMIT.scaleb(SCALE) else before


def in_digits(tanks: Mapping[Tank, int], before: int, digits: int) -> dict[Tank, int]:
    """Give tanks in units of 10^-`digits` that were in units of 10^-`before`; what is finer is cut off."""
    assert digits <= before, "a later month is never computed in finer units"
    ratio: int = 10 ** (before - digits)
    return {tank: abs(units) // ratio * (1 if units >= 0 else -1) for tank, units in tanks.items()}


def _money(tanks: Mapping[Tank, int], digits: int) -> Decimal:
    return of_units(sum(tanks.values()), digits)


def renamed(flows: Flows, tank: Tank) -> Tank:
    """Give a tank of a closed month under the names that its assets have now."""
    return Tank(tank.kind, flows.names.get(tank.place, tank.place), flows.names.get(tank.holder, tank.holder), tank.at)


def _renamed(flows: Flows, tanks: dict[Tank, int]) -> dict[Tank, int]:
    known: dict[Tank, int] = {}
    for tank, amount in tanks.items():
        now = renamed(flows, tank)
        known[now] = known.get(now, 0) + amount
    return known
