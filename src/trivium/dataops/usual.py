"""What is usual for a series of numbers, told by the median and by how far most values are from it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

import msgspec

_SPREAD: Final = 1.4826
"""Times the median deviation: a standard deviation, where values are normal (Rousseeuw and Croux 1993)."""
_WIDE: Final = 3.0
_LEAST_SHARE: Final = 0.1
ENOUGH: Final = 4
"""Values from which on a range can be told."""


class Usual(msgspec.Struct, frozen=True):
    """The middle of a series and the range in which nearly all of its values lie."""

    middle: float
    low: float
    high: float
    values: int

    def holds(self, value: float) -> bool:
        """Say whether a value lies in the range."""
        return self.low <= value <= self.high


def usual(values: Sequence[float]) -> Usual | None:
    """Tell what is usual; None with fewer than four values.

    The range is the median ± 3 × 1.4826 × the median absolute deviation, and at least ± 10 % of the median, so that a
    series that never varied does not cry at its first small change. It never goes below 0.
    """
    if len(values) < ENOUGH:
        return None
    middle = median(values)
    away = max(_WIDE * _SPREAD * median(abs(value - middle) for value in values), _LEAST_SHARE * abs(middle))
    return Usual(float(middle), float(max(0.0, middle - away)), float(middle + away), len(values))
