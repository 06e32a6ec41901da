"""How likely a difference as large as the one seen is, if nothing had changed: p-values, without scipy."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

_EXACT_ROWS: Final = 400
"""Rows of both samples together, up to which paths are counted; above, the limit is right to a few thousandths."""
_STEPS: Final = 10_000
_TINY: Final = 1e-300


def kolmogorov(distance: float, first_rows: int, second_rows: int) -> float:
    """Give the two-sided p-value (0 to 1) of a Kolmogorov-Smirnov distance between two samples.

    Up to 400 rows it is exact for numbers without ties (Hodges 1957); above, Kolmogorov's limit with Vrbik's correction
    (2018), which scipy's `ks_2samp` agrees with to about 1e-3. With ties the true p-value is smaller.
    """
    if not first_rows or not second_rows or distance <= 0:
        return 1.0
    if first_rows + second_rows <= _EXACT_ROWS:
        return _by_paths(distance, first_rows, second_rows)
    size = first_rows / (first_rows + second_rows) * second_rows
    root = math.sqrt(size)
    return _limit(root * distance + 1 / (6 * root) + (root * distance - 1) / (4 * size))


def chi_square(statistic: float, freedom: int) -> float:
    """Give the p-value (0 to 1) of a chi-square statistic with `freedom` degrees of freedom."""
    if freedom < 1 or statistic <= 0:
        return 1.0
    return _upper_gamma(freedom / 2, statistic / 2)


def two_shares(first: int, first_rows: int, second: int, second_rows: int) -> float:
    """Give the two-sided p-value of two shares (counts of rows) being equal, by the normal limit."""
    if not first_rows or not second_rows:
        return 1.0
    pooled = (first + second) / (first_rows + second_rows)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / first_rows + 1 / second_rows))
    if spread == 0:
        return 1.0
    return math.erfc(abs(first / first_rows - second / second_rows) / spread / math.sqrt(2))


def _by_paths(distance: float, first: int, second: int) -> float:
    """Walk all orders of the two samples at once, a row a step, and lose those that reach the distance."""
    reach = round(distance * first * second)
    taken = np.arange(first + 1)
    alive = np.zeros(first + 1)
    alive[0] = 1.0
    for step in range(first + second):
        left = first + second - step
        own = np.clip((first - taken) / left, 0.0, 1.0)
        moved = alive * (1 - own)
        moved[1:] += (alive * own)[:-1]
        apart = np.abs(taken * second - (step + 1 - taken) * first)
        alive = np.where(apart < reach, moved, 0.0)
    return min(1.0, max(0.0, 1.0 - float(alive.sum())))


def _limit(scaled: float) -> float:
    """Give Kolmogorov's limit of P(√n·D > scaled); near 0 by its other series, which converges there."""
    if scaled <= 0:
        return 1.0
    if scaled < 1:
        odd = [math.exp(-((2 * k - 1) ** 2) * math.pi**2 / (8 * scaled**2)) for k in range(1, 6)]
        return max(0.0, 1.0 - math.sqrt(2 * math.pi) / scaled * sum(odd))
    terms = [(-1.0) ** (k - 1) * math.exp(-2 * k**2 * scaled**2) for k in range(1, 20)]
    return min(1.0, max(0.0, 2 * sum(terms)))


def _upper_gamma(shape: float, at: float) -> float:
    """Give the regularized upper incomplete gamma function (Abramowitz and Stegun 6.5.29 and 6.5.31)."""
    scale = math.exp(-at + shape * math.log(at) - math.lgamma(shape))
    if at < shape + 1:
        return 1.0 - min(1.0, scale * _series(shape, at))
    return min(1.0, scale * _fraction(shape, at))


def _series(shape: float, at: float) -> float:
    term = total = 1 / shape
    for step in range(1, _STEPS):
        term *= at / (shape + step)
        total += term
        if term < total * 1e-16:
            break
    return total


def _fraction(shape: float, at: float) -> float:
    """Evaluate the continued fraction by Lentz' method."""
    under = at + 1 - shape
    above = 1 / _TINY
    turned = 1 / under
    total = turned
    for step in range(1, _STEPS):
        factor = -step * (step - shape)
        under += 2
        turned = 1 / ((factor * turned + under) or _TINY)
        above = (under + factor / above) or _TINY
        total *= turned * above
        if abs(turned * above - 1) < 1e-16:
            break
    return total
