"""Month by month: what each knew, what it carries to the next, and what counts late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.allocation import Part, Share, allocate, estimated, parts_of
from tests.oracle.flow import Flow, Month
from tests.oracle.history import Charge, Close, Fact, History, RunEvent, Version
from tests.oracle.months import month_end, month_of, month_start, next_month
from tests.oracle.rules import AS_WRITTEN, Rules
from tests.oracle.tanks import Tanks
from tests.oracle.view import View


@dataclass
class Computed:
    """One month as it was computed: what it began with, its charges, its view, its outcome."""

    month: str
    before: Tanks
    shares: list[Share]
    view: View
    outcome: Month
    closed: bool = False
    told: tuple[Fact, ...] = ()
    """Every fact of the history, also those that this month does not know."""


@dataclass(frozen=True)
class Recorded:
    """A fact, and the months closed before it was recorded."""

    fact: Fact
    closed: tuple[str, ...]

    def counts_in(self, month: str) -> str:
        """Return the month in which something of this month counts: the oldest open one."""
        return max(month, next_month(self.closed[-1])) if self.closed else month


def recorded(history: History, rules: Rules = AS_WRITTEN) -> tuple[list[Recorded], tuple[str, ...]]:
    """Return every fact with the months closed before it, and all closed months; out of order none closes."""
    facts: list[Recorded] = []
    closed: tuple[str, ...] = ()
    for delivery in history.deliveries:
        if not isinstance(delivery, Close):
            facts.append(Recorded(delivery, closed))
            if not rules.ended_months_move:
                closed = tuple(months_before(month_of(when(delivery)), facts))
        elif not rules.closes_in_order or is_next(delivery.month, closed, facts):
            closed = (*closed, delivery.month)
    return facts, closed


def is_next(month: str, closed: tuple[str, ...], facts: list[Recorded]) -> bool:
    """Say whether a month is the next to close: the first with charges, or the one after the last closed."""
    if closed:
        return month == next_month(closed[-1])
    charged = [part.month for r in facts if isinstance(r.fact, Charge) for part in parts_of(r.fact)]
    return min(charged, default=None) == month


def is_closed(month: str, closed: tuple[str, ...]) -> bool:
    """Say whether a month is closed: itself, or as one without charges before the first that was."""
    return bool(closed) and month <= closed[-1]


def months_before(month: str, facts: list[Recorded]) -> list[str]:
    """Return the months before one, from the first that has charges."""
    charged = [part.month for r in facts if isinstance(r.fact, Charge) for part in parts_of(r.fact)]
    months, each = [], min(charged, default=month)
    while each < month:
        months.append(each)
        each = next_month(each)
    return months


def when(fact: Fact) -> int:
    """Return when something happened, as far as its fact says so; only a fault asks."""
    return int(getattr(fact, "time", getattr(fact, "start", 0)))


def first_month(history: History) -> str | None:
    """Return the month of the earliest thing that ever happened."""
    times = [d.start for d in history.deliveries if isinstance(d, Charge)]
    times += [d.time for d in history.deliveries if isinstance(d, RunEvent)]
    for version in history.deliveries:
        if isinstance(version, Version):
            times.append(version.recorded_at if version.happened_at is None else version.happened_at)
    return month_of(min(times)) if times else None


def compute(
    history: History, as_of: int, until: str, absorbs: str | None = None, rules: Rules = AS_WRITTEN
) -> Iterator[Computed]:
    """Compute month after month up to one, each as of its end or the as-of instant."""
    facts, closed = recorded(history, rules)
    names = names_of(absorbs, facts, as_of)
    month = first_month(history) or until
    tanks = Tanks()
    while month <= until:
        frozen = is_closed(month, closed) and rules.closed_is_frozen
        known = [r for r in facts if not frozen or not is_closed(month, r.closed)]
        instant = min(month_end(month), as_of)
        if frozen:
            instant = month_end(month)
        if not rules.month_as_of_its_end:
            instant = as_of
        view = View((r.fact for r in known), instant, rules, instant == month_end(month))
        shares = charges_of(month, known, view)
        carried = tanks.copy() if rules.months_bring_forward else Tanks()
        outcome = Flow(month, month_start(month), view, carried, names).run(shares)
        yield Computed(month, tanks, shares, view, outcome, frozen, tuple(r.fact for r in facts))
        tanks = outcome.tanks
        month = next_month(month)


def names_of(asset: str | None, facts: list[Recorded], as_of: int) -> frozenset[str]:
    """Return all names that an asset has had: of a run seen twice both."""
    if asset is None:
        return frozenset()
    view = View((record.fact for record in facts), as_of)
    return frozenset({asset, *(name for name in view.same if view.key(name) == view.key(asset))})


def charges_of(month: str, known: list[Recorded], view: View) -> list[Share]:
    """Return the shares of all charges that count in a month."""
    shares = []
    for record in known:
        if isinstance(record.fact, Charge):
            for part in parts_of(record.fact, view.rules):
                if counts(part, record, month, view):
                    shares += allocate(part, view)
    return shares + estimated(view, month)


def counts(part: Part, record: Recorded, month: str, view: View) -> bool:
    """Say whether a part counts in a month: it lies there, or came after its own was closed."""
    counted = record.counts_in(part.month) if view.rules.late_counts_in_open_month else part.month
    return counted == month and part.start <= view.as_of


def total_of(shares: list[Share]) -> Fraction:
    """Return the sum of some shares."""
    return sum((share.amount for share in shares), Fraction(0))
