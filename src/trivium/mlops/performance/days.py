"""How a measure of predictions went day by day, and since when it is another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from trivium.facts.instants import Instant, to_datetime
from trivium.mlops.performance.intervals import Interval, mean_interval, wilson

Measure = Literal["accuracy", "mean absolute error"]

LEAST: Final = 30
"""Labelled rows that there must be before and after a change."""
_SURE: Final = 12.0
"""What the squared difference, over its variance, must reach: about 1 chance in 100 over all days of some months."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One UTC day, by its first instant: predictions, how many have a label, and the measure's sum over those.

    `total` sums 1 for each right prediction, or the absolute errors; `squares` sums their squares.
    """

    day: Instant
    predictions: int
    labelled: int
    total: float
    squares: float


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A measure that is another since a day: its values before and since with their 95 % intervals, and a sentence."""

    since: Instant
    before: Interval
    after: Interval
    better: bool
    sentence: str


def days_of(day: NDArray[np.int64], value: NDArray[np.float64], weight: NDArray[np.int64] | None = None) -> list[Day]:
    """Add up a measure by day. `value` is NaN where there is no label; `weight` says for how many rows each stands."""
    places, at = np.unique(day, return_inverse=True)
    counts = np.ones(len(day)) if weight is None else weight.astype(np.float64)
    known = np.isfinite(value)
    filled = np.where(known, value, 0.0)

    def add(numbers: NDArray[np.float64]) -> list[float]:
        return [float(one) for one in np.bincount(at, weights=numbers, minlength=len(places))]

    sums = zip(
        places.tolist(), add(counts), add(counts * known), add(counts * filled), add(counts * filled**2), strict=True
    )
    return [
        Day(day=one, predictions=round(rows), labelled=round(labelled), total=total, squares=squares)
        for one, rows, labelled, total, squares in sums
    ]


def interval_of(days: Sequence[Day], measure: Measure) -> Interval | None:
    """Give the measure over some days with its 95 % interval: Wilson's for a share, the normal one for a mean."""
    labelled, total = sum(day.labelled for day in days), sum(day.total for day in days)
    if measure == "accuracy":
        return wilson(total, labelled)
    return mean_interval(total, sum(day.squares for day in days), labelled)


def change_of(days: Sequence[Day], measure: Measure) -> Change | None:
    """Find since which day the measure is another, by the split that parts it best; None where none is sure.

    Sure is a split with at least 30 labelled rows on either side whose intervals do not overlap and whose squared
    difference is 12 times its variance.
    """
    told = sorted((day for day in days if day.labelled), key=lambda day: day.day)
    best, place = 0.0, 0
    for split in range(1, len(told)):
        found = _apart(told[:split], told[split:])
        if found > best:
            best, place = found, split
    before, after = interval_of(told[:place], measure), interval_of(told[place:], measure)
    if best < _SURE or before is None or after is None or before.overlaps(after):
        return None
    better = (after.value > before.value) == (measure == "accuracy")
    since = told[place].day
    return Change(
        since=since, before=before, after=after, better=better, sentence=_sentence(measure, before, after, since)
    )


def _apart(before: Sequence[Day], after: Sequence[Day]) -> float:
    """Give the squared difference of two means over its variance; 0 where either side has too few rows."""
    first, second = (sum(day.labelled for day in side) for side in (before, after))
    if min(first, second) < LEAST:
        return 0.0
    means = [sum(day.total for day in side) / rows for side, rows in ((before, first), (after, second))]
    squares = sum(day.squares for day in (*before, *after))
    spread = (squares - first * means[0] ** 2 - second * means[1] ** 2) / (first + second)
    difference = (means[0] - means[1]) ** 2
    if spread <= 0:
        return float("inf") if difference > 0 else 0.0
    return float(difference / (spread * (1 / first + 1 / second)))


def _sentence(measure: Measure, before: Interval, after: Interval, since: Instant) -> str:
    moved = "fell" if after.value < before.value else "rose"
    day = to_datetime(since)
    values = f"from {_written(before.value, measure)} to {_written(after.value, measure)}"
    return (
        f"{measure.capitalize()} {moved} {values} since {day.day} {day:%b %Y};"
        " the 95 % intervals before and since do not overlap."
    )


def _written(value: float, measure: Measure) -> str:
    return f"{value:.2f}" if measure == "accuracy" else f"{value:.3g}"
