"""Which months and days does the demo tell of? Always the same ones as seen from today, so that it never ages."""

from __future__ import annotations

from typing import Final

from trivium.facts.instants import DAY, Instant
from trivium.facts.period import Period, month_of

HOUR: Final = DAY // 24
MINUTE: Final = HOUR // 60
CLOSED: Final = 3
"""How many months of history are closed before the open one."""


def through_of(now: Instant) -> Instant:
    """Give the instant up to which everything has happened: the last midnight (UTC)."""
    return now - now % DAY


def months_of(now: Instant) -> tuple[Period, ...]:
    """Give three months to close and the open one, in order: the open one is that of yesterday."""
    months = [month_of(through_of(now) - 1)]
    while len(months) <= CLOSED:
        months.insert(0, month_of(months[0].start - 1))
    return tuple(months)


def days_of(month: Period, through: Instant) -> list[Instant]:
    """List the midnights at which the days of a month begin that are over."""
    return list(range(month.start, min(month.end, through), DAY))


def day_of_month(instant: Instant, month: Period) -> int:
    """Count the days of a month up to an instant, from 1."""
    return (instant - month.start) // DAY + 1
