"""How far apart two distributions are: each measure by the definition of the field, from sketches or counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal

import msgspec
import numpy as np

from trivium.mlops.drift.chances import chi_square
from trivium.mlops.drift.ranks import Floats, Ranks

FLOOR: Final = 1e-4
"""The share that the stability index gives to an empty bin, for its logarithm (as Evidently does)."""
EXPECTED: Final = 5.0
"""The least expected count of a category in a chi-square test; rarer ones are put together (Cochran 1954)."""


class ChiSquare(msgspec.Struct, frozen=True):
    """A test that two samples have the same shares of categories; rare categories count as one."""

    statistic: float
    freedom: int
    p: float


def kolmogorov_smirnov(first: Ranks, second: Ranks) -> float:
    """Give the greatest difference (0 to 1) between the shares of rows up to any number."""
    if not first.rows or not second.rows:
        return 0.0
    grid = _grid(first, second)
    (below, upto), (other_below, other_upto) = first.shares(grid), second.shares(grid)
    return float(max(np.abs(upto - other_upto).max(), np.abs(below - other_below).max()))


def wasserstein(first: Ranks, second: Ranks) -> float:
    """Give the earth mover's distance (Wasserstein-1), in the column's unit: the area between the two curves."""
    if not first.rows or not second.rows:
        return 0.0
    grid = _grid(first, second)
    (below, upto), (other_below, other_upto) = first.shares(grid), second.shares(grid)
    start, end = np.abs(upto - other_upto)[:-1], np.abs(below - other_below)[1:]
    crossed = (upto - other_upto)[:-1] * (below - other_below)[1:] < 0
    total = start + end
    squares = np.divide(start**2 + end**2, total, out=np.zeros(len(total)), where=total > 0)
    with np.errstate(over="ignore"):
        area = np.where(crossed, squares, total) / 2 * np.diff(grid)
        return float(area.sum())


def stability_index(expected: Floats, actual: Floats) -> float:
    """Give the population stability index of shares in the same bins: Σ (actual - expected) · ln(actual / expected).

    Shares below 1e-4 count as 1e-4.
    """
    expected, actual = np.maximum(expected, FLOOR), np.maximum(actual, FLOOR)
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def jensen_shannon(first: Floats, second: Floats) -> float:
    """Give the Jensen-Shannon distance of shares in the same bins (0 to √ln 2 = 0.83), as scipy defines it."""
    if not first.sum() or not second.sum():
        return 0.0
    first, second = first / first.sum(), second / second.sum()
    middle = (first + second) / 2
    divergence = (_relative(first, middle) + _relative(second, middle)) / 2
    return math.sqrt(max(0.0, divergence))


def chi_square_test(first: Mapping[str, int], second: Mapping[str, int]) -> ChiSquare:
    """Test whether two samples have the same shares of categories (Pearson's test of homogeneity, two rows).

    Categories of which fewer than five rows are expected in either sample are put together.
    """
    names = sorted(first.keys() | second.keys())
    seen = np.asarray([[side.get(name, 0) for name in names] for side in (first, second)], dtype=np.float64)
    if not len(names) or not seen.sum(axis=1).all():
        return ChiSquare(0.0, 0, 1.0)
    expected = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / seen.sum()
    rare = expected.min(axis=0) < EXPECTED
    if rare.any():
        seen = np.column_stack((seen[:, ~rare], seen[:, rare].sum(axis=1)))
        expected = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / seen.sum()
    statistic = float(((seen - expected) ** 2 / expected).sum())
    freedom = seen.shape[1] - 1
    return ChiSquare(statistic, freedom, chi_square(statistic, freedom))


def decile_edges(reference: Ranks) -> Floats:
    """Give the inner edges that cut the reference into ten parts of equal count, fewer where values repeat."""
    return np.unique(reference.quantiles(np.arange(1, 10) / 10))


def even_edges(first: Ranks, second: Ranks) -> Floats:
    """Give the inner edges of equally wide bins over both ranges, as many as Sturges' rule says (as Evidently does)."""
    low = min(float(first.places[0]), float(second.places[0]))
    high = max(float(first.places[-1]), float(second.places[-1]))
    bins = math.ceil(math.log2(first.rows + second.rows) + 1)
    part = np.arange(1, bins) / bins
    return low * (1 - part) + high * part


def shares_between(ranks: Ranks, edges: Floats, *, closed: Literal["left", "right"] = "right") -> Floats:
    """Give the share of rows in each bin of inner edges, which belong to the bin to their `left` or `right`."""
    below, upto = ranks.shares(edges)
    return np.diff(np.concatenate(([0.0], upto if closed == "right" else below, [1.0])))


def paired_shares(first: Mapping[str, int], second: Mapping[str, int]) -> tuple[Floats, Floats]:
    """Give the shares of two samples' categories, in the same order."""
    names = sorted(first.keys() | second.keys())
    sides = [np.asarray([side.get(name, 0) for name in names], dtype=np.float64) for side in (first, second)]
    one, other = (side / max(side.sum(), 1) for side in sides)
    return one, other


def _grid(first: Ranks, second: Ranks) -> Floats:
    return np.unique(np.concatenate((first.places, second.places)))


def _relative(share: Floats, middle: Floats) -> float:
    """Give the relative entropy in nats; what has no share adds nothing."""
    return float(np.sum(share * np.log(np.divide(share, middle, out=np.ones(len(share)), where=share > 0))))
