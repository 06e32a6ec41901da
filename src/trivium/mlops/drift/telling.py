"""What changed in a column, in a sentence that a person understands: "100 times smaller in 31 % of rows"."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from trivium.mlops.drift.categories import Categories
from trivium.mlops.drift.ranks import Floats, Ranks

_EXPLAINED: Final = 0.15
"""The part of the difference that an explanation may leave, beside chance, to be told."""
_LEAST: Final = 0.01
"""The share of rows from which on an explanation is told."""
_NEARLY: Final = 0.85
_WHOLE: Final = 0.97
_ALIKE: Final = 0.25
"""By how much an explanation may be worse than the best one to be told as the simpler, times √(1/n + 1/m)."""
_CHANCE: Final = 1.36
"""How far two samples of one distribution are apart in 95 of 100 cases at most, times √(1/n + 1/m)."""
_GRID: Final = 200
_BINS: Final = 40
_TOLD: Final = 3

Curve = Callable[[Floats], Floats]
Change = tuple[str, Curve]

_TIMES: Final = (10.0, 100.0, 1000.0, 1e6)
_CONVERSIONS: Final = (
    (2.54, 0.0, "multiplied by 2.54, as inches given in centimetres,"),
    (1 / 2.54, 0.0, "divided by 2.54, as centimetres given in inches,"),
    (25.4, 0.0, "multiplied by 25.4, as inches given in millimetres,"),
    (1 / 25.4, 0.0, "divided by 25.4, as millimetres given in inches,"),
    (0.45359237, 0.0, "multiplied by 0.4536, as pounds given in kilograms,"),
    (1 / 0.45359237, 0.0, "divided by 0.4536, as kilograms given in pounds,"),
    (1.609344, 0.0, "multiplied by 1.609, as miles given in kilometres,"),
    (1 / 1.609344, 0.0, "divided by 1.609, as kilometres given in miles,"),
    (60.0, 0.0, "60 times larger"),
    (1 / 60.0, 0.0, "60 times smaller"),
    (3600.0, 0.0, "3,600 times larger"),
    (1 / 3600.0, 0.0, "3,600 times smaller"),
    (1.8, 32.0, "multiplied by 1.8 plus 32, as Celsius given in Fahrenheit,"),
    (1 / 1.8, -32 / 1.8, "divided by 1.8 less 17.8, as Fahrenheit given in Celsius,"),
    (1.0, 273.15, "273.15 higher, as Celsius given in Kelvin,"),
    (1.0, -273.15, "273.15 lower, as Kelvin given in Celsius,"),
)


class Cause(msgspec.Struct, frozen=True):
    """What a part of the rows underwent: `told` in words, the `share` of rows, and the distance that it leaves."""

    told: str
    share: float
    left: float


def number_sentence(name: str, reference: Ranks, current: Ranks, distance: float) -> str:
    """Say what became of a column of numbers, of which the greatest difference of shares is `distance`."""
    cause = cause_of(reference, current, distance)
    if cause is not None:
        return f"{name} {cause.told} in {_rows(cause.share)}."
    return moved_sentence(name, reference, current)


def moved_sentence(name: str, reference: Ranks, current: Ranks) -> str:
    """Say how the middle of a column moved, and how many rows lie where few did."""
    middle, now = reference.quantile(0.5), current.quantile(0.5)
    outside, where = _outside(reference, current)
    moved = "rose" if now > middle else "fell"
    median = f"its median {moved} from {figure(middle)} to {figure(now)}" if now != middle else "its median is the same"
    return f"{name}: {median}; {percent(outside)} of rows lie {where}, where 5 % of the reference lie."


def category_sentence(name: str, reference: Categories, current: Categories) -> str:
    """Say which values came, went, or changed their share most."""
    new, gone = new_values(reference, current), vanished_values(reference, current)
    if new and new[0][1] >= _LEAST:
        told = ", ".join(f"{quoted(value)} in {percent(share)} of rows" for value, share in new[:_TOLD])
        return f"{name} has values that the reference lacks: {told}."
    if gone and gone[0][1] >= _LEAST:
        told = ", ".join(f"{quoted(value)}, in {percent(share)} of the reference" for value, share in gone[:_TOLD])
        return f"{name} no longer has {told}."
    value, before, now = _most_moved(reference, current)
    moved = "rose" if now > before else "fell"
    return f"{name}: {quoted(value)} {moved} from {percent(before)} to {percent(now)} of rows."


def new_values(reference: Categories, current: Categories) -> list[tuple[str, float]]:
    """List the values that the reference lacks with their share of rows now, the most frequent first.

    Where the reference does not list all of its values, only those count as new that would have been listed.
    """
    least = reference.unlisted_at_most / max(reference.rows, 1)
    found = [(name, count / current.rows) for name, count in current.counts.items() if name not in reference.counts]
    return [(name, share) for name, share in found if share > least]


def vanished_values(reference: Categories, current: Categories) -> list[tuple[str, float]]:
    """List the values that are no longer there with the share of the reference's rows that they had."""
    return new_values(current, reference)


def cause_of(reference: Ranks, current: Ranks, distance: float) -> Cause | None:
    """Find what a part of the rows underwent, if one simple change explains most of the difference.

    The current curve is fitted by (1 - w) · reference + w · changed reference, w by least squares. Tried are factors of
    ten, conversions of units, one value that stands for many, and a shift or factor of all rows.
    """
    if not distance or not reference.rows or not current.rows:
        return None
    chance = math.sqrt(1 / reference.rows + 1 / current.rows)
    most = max(_EXPLAINED * distance, min(distance / 2, _CHANCE * chance))
    for least, changes in _changes(reference, current):
        fitted = [_fitted(told, curve, reference, current) for told, curve in changes]
        found = [cause for cause in fitted if cause is not None and cause.share >= least and cause.left <= most]
        if found:
            least_left = min(cause.left for cause in found)
            return next(cause for cause in found if cause.left <= least_left + _ALIKE * chance)
    return None


def _changes(reference: Ranks, current: Ranks) -> list[tuple[float, list[Change]]]:
    """List what may have happened, the likeliest first, with the least share of rows that each group needs."""
    slips = [(f"is {times:,.0f} times larger", _moved(reference, times, 0.0)) for times in _TIMES]
    slips += [(f"is {times:,.0f} times smaller", _moved(reference, 1 / times, 0.0)) for times in _TIMES]
    slips.append(("is of the other sign", _moved(reference, -1.0, 0.0)))
    value = _grown_value(reference, current)
    alone: list[Change] = []
    if value is not None:
        alone.append((f"is {figure(value)}", lambda at: (at >= value).astype(np.float64)))
    units = [(f"is {told}", _moved(reference, factor, offset)) for factor, offset, told in _CONVERSIONS]
    moved, spread = _of_all(reference, current)
    return [(_LEAST, alone), (_LEAST, slips), (_NEARLY, [*units, *moved, *spread]), (_LEAST, units)]


def _of_all(reference: Ranks, current: Ranks) -> tuple[list[Change], list[Change]]:
    """List what may have happened to all rows alike: shifted or multiplied, and spread around the middle."""
    tried: list[Change] = []
    spread: list[Change] = []
    middle, now = reference.quantile(0.5), current.quantile(0.5)
    if now != middle:
        offset = now - middle
        tried.append(
            (f"is {figure(abs(offset))} {'higher' if offset > 0 else 'lower'}", _moved(reference, 1.0, offset))
        )
    if middle and now / middle > 0 and math.isfinite(now / middle):
        factor = now / middle
        size = f"{figure(factor)} times larger" if factor > 1 else f"{figure(1 / factor)} times smaller"
        tried.append((f"is {size}", _moved(reference, factor, 0.0)))
    width, wide = _width(reference), _width(current)
    if width > 0 and wide > 0 and math.isfinite(wide / width):
        factor = wide / width
        size = f"{figure(factor)} times more" if factor > 1 else f"{figure(1 / factor)} times less"
        spread.append((f"varies {size} around {figure(now)}", _moved(reference, factor, now - factor * middle)))
    return tried, spread


def _width(ranks: Ranks) -> float:
    """Give the distance between the quartiles."""
    return ranks.quantile(0.75) - ranks.quantile(0.25)


def _moved(reference: Ranks, factor: float, offset: float) -> Curve:
    """Give the curve of the reference after each value became factor · value + offset."""

    def curve(at: Floats) -> Floats:
        with np.errstate(over="ignore"):
            below, upto = reference.shares((at - offset) / factor)
        return upto if factor > 0 else 1.0 - below

    return curve


def _fitted(told: str, changed: Curve, reference: Ranks, current: Ranks) -> Cause | None:
    """Fit the share of changed rows by what lies in each bin, weighed by how little chance moves it; say what is left.

    Bins are cut where the two sides have as many rows each, so that a change far out counts as one in the middle.
    """
    steps = (np.arange(_GRID) + 0.5) / _GRID
    grid = np.unique(np.concatenate((current.quantiles(steps), reference.quantiles(steps))))
    before, after, now = reference.shares(grid)[1], changed(grid), current.shares(grid)[1]
    coarse = np.r_[0 : len(grid) : max(1, len(grid) // _BINS)]
    was, became, seen = (np.diff(curve[coarse], prepend=0.0, append=1.0) for curve in (before, after, now))
    chance = was / reference.rows + seen / current.rows + 1 / (_BINS * min(reference.rows, current.rows))
    change = (became - was) / chance
    size = float(change @ (became - was))
    if size <= 0:
        return None
    share = min(1.0, float((seen - was) @ change) / size)
    if share <= 0:
        return None
    return Cause(told, share, float(np.abs(now - before - share * (after - before)).max()))


def _grown_value(reference: Ranks, current: Ranks) -> float | None:
    """Find the one value of which the share of rows grew most."""
    own = (current.counts_upto - current.counts_below) / current.rows
    below, upto = reference.shares(current.places)
    grown = own - (upto - below)
    best = int(np.argmax(grown))
    return float(current.places[best]) if grown[best] >= _LEAST else None


def _outside(reference: Ranks, current: Ranks) -> tuple[float, str]:
    """Give the share of rows now beyond what 95 % of the reference do not exceed, on the side where more lie."""
    low, high = reference.quantile(0.05), reference.quantile(0.95)
    under = float(current.shares(np.asarray([low]))[0][0])
    over = 1 - float(current.shares(np.asarray([high]))[1][0])
    return (over, f"above {figure(high)}") if over >= under else (under, f"below {figure(low)}")


def _most_moved(reference: Categories, current: Categories) -> tuple[str, float, float]:
    names = sorted(reference.counts.keys() | current.counts.keys())
    shares = [
        (
            name,
            reference.counts.get(name, 0) / max(reference.rows, 1),
            current.counts.get(name, 0) / max(current.rows, 1),
        )
        for name in names
    ]
    return max(shares, key=lambda one: abs(one[2] - one[1]), default=("", 0.0, 0.0))


def _rows(share: float) -> str:
    return "all rows" if share >= _WHOLE else f"{percent(share)} of rows"


def percent(share: float) -> str:
    """Write a share (0 to 1) in percent: `31 %`, `0.4 %`, `less than 0.1 %`."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    return (
        f"{share * 100:.1f} %" if 0 < share < 0.0995 and round(share * 100) != share * 100 else f"{share * 100:.0f} %"
    )


def figure(value: float) -> str:
    """Write a number with three significant digits, grouped: `1,230`, `0.0123`, `1.2e+09`."""
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e7):
        return f"{value:.3g}"
    whole = float(f"{value:.3g}")
    return f"{whole:,.0f}" if size >= 100 else f"{whole:g}"


def quoted(value: str, limit: int = 40) -> str:
    """Quote a category's value, shortened."""
    return f"“{value if len(value) <= limit else value[: limit - 1] + '…'}”"
