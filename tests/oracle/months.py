"""Months of the UTC calendar as text such as ``2026-11``, and the proration over them."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

SECOND = 1_000_000


def instant(text: str) -> int:
    """Return the microseconds of an ISO date or date-time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def month_of(time: int) -> str:
    """Return the month in which an instant lies."""
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y-%m")


def next_month(month: str) -> str:
    """Return the month after this one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def month_start(month: str) -> int:
    """Return the first instant of a month."""
    return instant(month + "-01")


def month_end(month: str) -> int:
    """Return the instant at which a month ends."""
    return month_start(next_month(month))


def prorate(amount: Fraction, start: int, end: int) -> list[tuple[str, Fraction, int, int]]:
    """Divide an amount over the months its period touches, by time: month, part, start, end."""
    if end <= start:
        return [(month_of(start), amount, start, start)]
    parts = []
    month = month_of(start)
    while month_start(month) < end:
        since, until = max(start, month_start(month)), min(end, month_end(month))
        parts.append((month, amount * Fraction(until - since, end - start), since, until))
        month = next_month(month)
    return parts
