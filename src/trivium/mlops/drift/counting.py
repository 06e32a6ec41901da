"""Making the sketch of a large column without sorting it: rows are counted in even bins, full bins are sorted."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trivium.mlops.drift.ranks import POINTS, Counts, Floats, Ranks, kept, ranks_of, spread

SORTED_ROWS: Final = 65_536
"""Up to here sorting costs less than counting."""
_BINS: Final = 65_536
_BLOCK: Final = 32_768
_SAMPLE: Final = 8_192
_OUTER: Final = 64
"""How many of the sample lie beyond the bins at either end: their rows are sorted, and the bins are the finer."""
_LEAST: Final = 512
"""The sample, below which it says too little of the column."""
_FACTOR: Final = np.uint64(0x9E37_79B9_7F4A_7C15)

_HALVINGS: Final = 24
_CROWD: Final = 6
"""Rows of the sample in one bin that show it to be full."""

Bins = NDArray[np.int32]


def sketch(numbers: Floats, points: int = POINTS) -> Ranks:
    """Make the sketch of finite numbers in any order; it has the same bounds as one made by sorting."""
    if len(numbers) <= SORTED_ROWS:
        return ranks_of(np.sort(numbers), points)
    few = np.sort(numbers[:: len(numbers) // _SAMPLE])
    if np.count_nonzero(few[1:] != few[:-1]) < points and (found := _by_value(numbers, points)):
        return found
    sample = _sample(numbers)
    if len(sample) <= _LEAST:
        return ranks_of(np.sort(numbers), points)
    low, high = float(sample[_OUTER]), float(sample[-1 - _OUTER])
    with np.errstate(over="ignore", divide="ignore"):
        scale = float(np.float64(_BINS) / (np.float64(high) - np.float64(low)))
    if not 0 < scale < np.inf:
        return ranks_of(np.sort(numbers), points)
    if _is_crowded(sample, low, scale):
        return ranks_of(np.sort(numbers), points)
    return _Binned(numbers, low, scale).sketch(points)


def sketch_whole(numbers: Counts, points: int = POINTS) -> Ranks:
    """Make the sketch of whole numbers; where they lie close together each is counted."""
    if len(numbers) > SORTED_ROWS:
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < 2 * _BINS:
            counts = np.bincount(numbers - low)
            there = np.flatnonzero(counts)
            return ranks_of_counts((there + low).astype(np.float64), counts[there], points)
    return sketch(numbers.astype(np.float64), points)


def _is_crowded(sample: Floats, low: float, scale: float) -> bool:
    """Say whether so many rows would fall into full bins that all may as well be sorted."""
    counts = _Binned(sample, low, scale).counts[1:-1]
    return int(counts[counts >= _CROWD].sum()) > len(sample) // 2


class _Binned:
    """A column with each row's bin: 0 and `_BINS + 1` are what lies beyond the even bins."""

    def __init__(self, numbers: Floats, low: float, scale: float) -> None:
        self.numbers, self.low, self.scale = numbers, low, scale
        self.bins: Bins = np.empty(len(numbers), np.int32)
        self.counts = np.zeros(_BINS + 2, np.int64)
        for start in range(0, len(numbers), _BLOCK):
            block = self._bin(numbers[start : start + _BLOCK])
            self.bins[start : start + _BLOCK] = block
            self.counts += np.bincount(block, minlength=_BINS + 2)

    def _bin(self, numbers: Floats) -> Bins:
        """Give the bins of numbers: a number that is not less is in no lower bin, whatever rounding does."""
        with np.errstate(over="ignore"):
            scaled = numbers - self.low
            scaled *= self.scale
        scaled += 1.0
        np.maximum(scaled, 0.0, out=scaled)
        np.minimum(scaled, _BINS + 1.0, out=scaled)
        return scaled.astype(np.int32)

    def sketch(self, points: int) -> Ranks:
        rows = len(self.numbers)
        full = self.counts > rows // points
        there = np.flatnonzero(self.counts)
        full[[0, _BINS + 1, there[0], there[-1]]] = True
        before = np.cumsum(self.counts) - self.counts
        ordered = np.sort(self.numbers[np.take(full, self.bins)])
        edges, edge_counts = self._edges(full, before, rows, points)
        places, below, upto = self._of_full(ordered, full, before, rows, points)
        order = np.argsort(np.concatenate((places, edges)), kind="stable")
        return kept(
            np.concatenate((places, edges))[order],
            np.concatenate((below, edge_counts))[order],
            np.concatenate((upto, edge_counts))[order],
            rows,
            2 * points,
        )

    def _edges(self, full: NDArray[np.bool_], before: Counts, rows: int, points: int) -> tuple[Floats, Counts]:
        """Keep edges between bins that are not full; an edge that rounding blurs is left out."""
        plain = 2 + np.flatnonzero(~full[2 : _BINS + 1] & ~full[1:_BINS])
        if not len(plain):
            return np.empty(0), np.empty(0, np.int64)
        counts = before[plain]
        plain = plain[spread(counts, counts, rows, points)]
        edges, sharp = self._sharpened(plain)
        return edges[sharp], before[plain[sharp]]

    def _sharpened(self, bins: Counts) -> tuple[Floats, NDArray[np.bool_]]:
        """Find the smallest number of each bin by halving; says also where rounding left it unfound."""
        middle = self.low + (bins - 1) / self.scale
        room = 4 * np.spacing(np.maximum(np.abs(middle), abs(self.low)))
        less, edges = middle - room, middle + room
        for _ in range(_HALVINGS):
            middle = less / 2 + edges / 2
            above = self._bin(middle) >= bins
            edges, less = np.where(above, middle, edges), np.where(above, less, middle)
        sharp = (self._bin(edges) >= bins) & (self._bin(np.nextafter(edges, -np.inf)) < bins)
        return edges, sharp

    def _of_full(
        self, ordered: Floats, full: NDArray[np.bool_], before: Counts, rows: int, points: int
    ) -> tuple[Floats, Counts, Counts]:
        """Count below and up to values of the full bins, from the first to the last of each."""
        own = np.flatnonzero(full & (self.counts > 0))
        sizes = self.counts[own]
        starts = np.cumsum(sizes) - sizes
        shift = np.repeat(before[own] - starts, sizes)
        changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        first = np.concatenate(([0], changes))
        last = np.concatenate((changes, [len(ordered)]))
        below, upto = first + shift[first], last + shift[first]
        at = np.unique(np.concatenate((
            spread(below, upto, rows, points),
            np.searchsorted(first, starts, side="right") - 1,
            np.searchsorted(first, starts + sizes, side="left") - 1,
        )))  # fmt: skip
        return ordered[first[at]], below[at], upto[at]


def _sample(numbers: Floats) -> Floats:
    """Give some thousand numbers, ascending, chosen by their bits: the same ones in whatever order rows come."""
    bits = max(1, round(math.log2(len(numbers) / _SAMPLE)))
    found = []
    for start in range(0, len(numbers), _BLOCK):
        block = numbers[start : start + _BLOCK]
        found.append(block[block.view(np.uint64) * _FACTOR >> np.uint64(64 - bits) == 0])
    return np.sort(np.concatenate(found))


def _by_value(numbers: Floats, points: int) -> Ranks | None:
    """Count numbers of which at most `points` differ; None where there are more."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.value_counts(pa.array(numbers))
    values = found.field("values").to_numpy() + 0.0
    if len(values) > points + 1:
        return None
    places, at = np.unique(values, return_inverse=True)
    counts = np.zeros(len(places), np.int64)
    np.add.at(counts, at, found.field("counts").to_numpy())
    return ranks_of_counts(places, counts, points) if len(places) <= points else None


def ranks_of_counts(values: Floats, counts: Counts, points: int = POINTS) -> Ranks:
    """Make the sketch of ascending values, each with how many rows have it; there is at least one."""
    upto = np.cumsum(counts)
    return kept(values, upto - counts, upto, int(upto[-1]), points)
