"""Between which bounds a share or a mean lies, as far as the counted rows tell."""

from __future__ import annotations

import math
from typing import Final

import msgspec

Z: Final = 1.959963984540054
"""The normal quantile of an interval that holds in 95 of 100 cases."""


class Interval(msgspec.Struct, frozen=True):
    """A value with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def overlaps(self, other: Interval) -> bool:
        """Say whether two intervals have a number in common."""
        return self.low <= other.high and other.low <= self.high


def wilson(hits: float, rows: float) -> Interval | None:
    """Give the share of hits with Wilson's 95 % score interval (1927); None where there is no row."""
    if rows <= 0:
        return None
    share, part = hits / rows, Z * Z / rows
    middle = (share + part / 2) / (1 + part)
    reach = Z / (1 + part) * math.sqrt(max(0.0, share * (1 - share) / rows + part / (4 * rows)))
    return Interval(share, max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach)))


def mean_interval(total: float, squares: float, rows: float) -> Interval | None:
    """Give a mean with its normal 95 % interval, from the sum and the sum of squares; None without a row."""
    if rows <= 0:
        return None
    mean = total / rows
    if rows < 2:
        return Interval(mean, mean, mean)
    spread = max(0.0, squares / rows - mean * mean) * rows / (rows - 1)
    reach = Z * math.sqrt(spread / rows)
    return Interval(mean, mean - reach, mean + reach)
