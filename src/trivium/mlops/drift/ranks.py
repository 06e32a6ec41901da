"""How many rows of a column lie below any number: a bounded, mergeable record of a distribution.

A sketch keeps some thousand values, each with the exact count of rows below it and up to it. What lies between two of
them is known by its count only and taken as spread evenly. The farther out a value, the closer the kept ones, so that
tails are told as well as the middle. Building and uniting give the same for any order of rows and parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

POINTS: Final = 4096
"""Values kept of the middle of a column: neighbours have at most rows / 4096 between them (2.5e-4 of the rows)."""
_TAIL: Final = 16
"""How finely the tails are kept: at rank r from an end, neighbours have at most r / 16 rows between them."""


class Ranks(msgspec.Struct, frozen=True, dict=True):
    """Counts of the rows below (`below`) and up to (`upto`) each of the kept `values`, which ascend.

    `rows` are finite numbers. `slack` says by how many rows a count may be wrong: 0 until sketches that left rows out
    were united. Smallest and greatest value are always kept.
    """

    rows: int
    values: tuple[float, ...] = ()
    below: tuple[int, ...] = ()
    upto: tuple[int, ...] = ()
    slack: int = 0

    @cached_property
    def places(self) -> Floats:
        """Give the kept values as an array."""
        return np.asarray(self.values, dtype=np.float64)

    @cached_property
    def counts_below(self) -> Counts:
        """Give the counts below the kept values as an array."""
        return np.asarray(self.below, dtype=np.int64)

    @cached_property
    def counts_upto(self) -> Counts:
        """Give the counts up to the kept values as an array."""
        return np.asarray(self.upto, dtype=np.int64)

    @property
    def smallest(self) -> float | None:
        """Give the smallest value; None where there is no row."""
        return self.values[0] if self.values else None

    @property
    def greatest(self) -> float | None:
        """Give the greatest value; None where there is no row."""
        return self.values[-1] if self.values else None

    @cached_property
    def gap(self) -> int:
        """Count the most rows that lie between two neighbours; 0 says that every value is kept."""
        return int((self.counts_below[1:] - self.counts_upto[:-1]).max()) if len(self.values) > 1 else 0

    @property
    def uncertainty(self) -> float:
        """Give the share of the rows (0 to 1) by which a share read from the sketch may be wrong at most."""
        return min(1.0, (self.gap + self.slack) / self.rows) if self.rows else 0.0

    def shares(self, at: Floats) -> tuple[Floats, Floats]:
        """Give the shares of rows below, and up to, each of the numbers `at`, which may be in any order."""
        below, upto = self.counts_at(at)
        return below / self.rows, upto / self.rows

    def quantile(self, share: float) -> float:
        """Give the value that `share` (0 to 1) of the rows do not exceed; NaN where there is no row."""
        return float(self.quantiles(np.asarray([share]))[0])

    def quantiles(self, shares: Floats) -> Floats:
        """Give the values that shares (0 to 1) of the rows do not exceed; NaN where there is no row."""
        if not self.rows:
            return np.full(len(shares), math.nan)
        ranks = np.clip(np.ceil(shares * self.rows), 1, self.rows)
        after = np.searchsorted(self.counts_upto, ranks, side="left")
        value, before = self.places[after], np.maximum(after - 1, 0)
        known, until = self.counts_upto[before], self.counts_below[after]
        inside = (after > 0) & (ranks <= until) & (until > known)
        part = np.where(inside, (ranks - known) / np.maximum(until - known, 1), 1.0)
        start = self.places[before]
        return np.where(inside, start * (1 - part) + value * part, value)

    def counts_at(self, at: Floats) -> tuple[Floats, Floats]:
        """Count rows below and up to numbers; between two kept values the count grows evenly."""
        places, below, upto = self.places, self.counts_below, self.counts_upto
        if not len(places):
            return np.zeros(len(at)), np.zeros(len(at))
        after = np.searchsorted(places, at, side="left")
        next_ = np.minimum(after, len(places) - 1)
        last = np.maximum(after - 1, 0)
        same = places[next_] == at
        part = _part(at, places[last], places[next_])
        between = upto[last] + part * (below[next_] - upto[last])
        between = np.where(after == 0, 0.0, np.where(after == len(places), float(self.rows), between))
        return np.where(same, below[next_], between), np.where(same, upto[next_], between)


def ranks_of(ordered: Floats, points: int = POINTS) -> Ranks:
    """Make the sketch of ascending finite numbers; while at most `points` values differ, all of them are kept."""
    rows = len(ordered)
    if not rows:
        return Ranks(0)
    starts = np.concatenate(([0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1))
    ends = np.concatenate((starts[1:], [rows]))
    return kept(ordered[starts], starts, ends, rows, points)


def kept(places: Floats, below: Counts, upto: Counts, rows: int, points: int = POINTS, slack: int = 0) -> Ranks:
    """Make a sketch from values with their counts, keeping about `points` of them; smallest and greatest are given."""
    if len(places) > points:
        at = spread(below, upto, rows, points)
        places, below, upto = places[at], below[at], upto[at]
    values = (places + 0.0).tolist()
    return Ranks(rows, tuple(values), tuple(below.tolist()), tuple(upto.tolist()), slack)


def spread(below: Counts, upto: Counts, rows: int, points: int) -> Counts:
    """Choose which of many values to keep: evenly by rank, closer towards both ends; gives their places, ascending."""
    chosen = np.searchsorted(upto, _wanted(rows, points), side="right")
    first_after = np.searchsorted(below, 0, side="right") - 1
    ends = np.asarray([max(int(first_after), 0) if len(below) else 0, len(upto) - 1])
    return np.unique(np.concatenate((chosen[chosen < len(upto)], ends, [0])))


def united(parts: Sequence[Ranks], points: int = POINTS) -> Ranks:
    """Unite sketches of parts of a column to that of the whole, whatever the order of the parts.

    It is the sketch of the whole while at most `points` values differ; else counts may be wrong by `slack` rows.
    """
    filled = [part for part in parts if part.rows]
    if len(filled) < 2:
        return filled[0] if filled else Ranks(0)
    places = np.unique(np.concatenate([part.places for part in filled]))
    below, upto = np.zeros(len(places), np.int64), np.zeros(len(places), np.int64)
    for part in filled:
        less, most = part.counts_at(places)
        below += np.rint(less).astype(np.int64)
        upto += np.rint(most).astype(np.int64)
    slack = sum(part.slack + part.gap for part in filled)
    return kept(places, below, upto, sum(part.rows for part in filled), points, slack)


def thinned(ranks: Ranks, points: int, least: int = 1) -> Ranks:
    """Keep fewer values of a sketch, so that each but the outermost stands for at least `least` rows."""
    points = max(1, min(points, ranks.rows // max(least, 1)))
    if len(ranks.values) <= points and least <= 1:
        return ranks
    at = spread(ranks.counts_below, ranks.counts_upto, ranks.rows, points)
    at = _apart(ranks, at, least)
    places, below, upto = ranks.places[at], ranks.counts_below[at], ranks.counts_upto[at]
    return Ranks(ranks.rows, tuple(places.tolist()), tuple(below.tolist()), tuple(upto.tolist()), ranks.slack)


def _apart(ranks: Ranks, at: Counts, least: int) -> Counts:
    """Leave out values that would stand for too few rows; the outermost stay."""
    if least <= 1:
        return at
    held, told = [int(at[0])], int(ranks.upto[at[0]])
    for place in at[1:-1].tolist():
        if ranks.upto[place] - told >= least:
            held.append(place)
            told = ranks.upto[place]
    return np.asarray(sorted({*held, int(at[-1])}), dtype=np.int64)


def _wanted(rows: int, points: int) -> Counts:
    """List the ranks, counted from 0, at which values are kept: evenly, and ever closer to both ends."""
    even = np.arange(points, dtype=np.int64) * (rows - 1) // max(points - 1, 1)
    most = max(1.0, rows / points * _TAIL)
    steps = max(1, math.ceil(math.log(most) * _TAIL))
    tail = np.unique(np.floor(np.exp(np.linspace(0.0, math.log(most), steps + 1)))).astype(np.int64) - 1
    tail = tail[tail < rows]
    return np.unique(np.concatenate((even, tail, rows - 1 - tail)))


def _part(at: Floats, low: Floats, high: Floats) -> Floats:
    """Say how far (0 to 1) numbers lie between two others; halves, because the distance may exceed all floats."""
    width = high / 2 - low / 2
    return np.clip(np.divide(at / 2 - low / 2, width, out=np.zeros(len(at)), where=width > 0), 0.0, 1.0)
