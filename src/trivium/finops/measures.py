"""By what a pour is shared: bytes, else rows, else equally; the finest measure that all who share it have."""

from __future__ import annotations

import math

import numpy as np

from trivium.finops.apportion import LARGEST_SUM
from trivium.finops.network import Int64
from trivium.graph.flows import UNKNOWN

EQUAL = math.lcm(*range(1, 21))
"""Divides exactly by every number of equal shares up to 20."""


def shared_by(
    owner: Int64, owners: int, bytes_: Int64, rows: Int64, share: np.ndarray, within: Int64, run: Int64
) -> Int64:
    """Give whole weights for rows that share what their `owner` pours; `run` is whose row each is.

    `bytes_` and `rows` are UNKNOWN where nobody reported them; `share` scales both (a slice's part of its run);
    where neither is known for all, owners' parts are equal per distinct `within`, and equal inside each.
    """
    weight = np.zeros(len(owner), dtype=np.float64)
    undecided = np.ones(owners, dtype=np.bool_)
    for measure in (bytes_, rows):
        missing = np.bincount(owner, weights=measure == UNKNOWN, minlength=owners) > 0
        scaled = measure * share
        some = np.bincount(owner, weights=np.where(measure > 0, scaled, 0.0), minlength=owners) > 0
        take = undecided & ~missing & some
        weight = np.where(take[owner], scaled, weight)
        undecided &= ~take
    equal = undecided[owner]
    if equal.any():
        weight[equal] = _equally(owner[equal], owners, within[equal])
    return whole_weights(weight, owner, owners, run)


def _equally(owner: Int64, owners: int, within: Int64) -> np.ndarray:
    """Weigh rows so that each distinct `within` of an owner gets the same, and its rows the same of that."""
    pair = owner * (int(within.max()) + 1) + within
    _, inverse, count = np.unique(pair, return_inverse=True, return_counts=True)
    size = count[inverse]
    largest = np.zeros(owners, dtype=np.int64)
    np.maximum.at(largest, owner, size)
    return np.asarray(np.where(largest > 20, 1.0, EQUAL)[owner] / size, dtype=np.float64)


def whole_weights(weight: np.ndarray, owner: Int64, owners: int, run: Int64) -> Int64:
    """Turn float weights into whole ones whose sums per owner fit LARGEST_SUM; whole weights that fit stay as they are.

    Others are scaled by powers of two and rounded so that the sum of each run's rows is off by one unit at most:
    a run of many slices must not gather their errors.
    """
    total = np.bincount(owner, weights=weight, minlength=owners)
    broken = np.bincount(owner, weights=weight != np.floor(weight), minlength=owners) > 0
    wrong = (total > LARGEST_SUM) | (broken & (total > 0))
    whole = np.zeros(len(weight), dtype=np.int64)
    kept = ~wrong[owner]
    whole[kept] = weight[kept].astype(np.int64)
    rows = np.flatnonzero(~kept)
    if len(rows):
        rows = rows[np.lexsort((run[rows], owner[rows]))]
        scale = np.exp2(math.log2(LARGEST_SUM) - np.frexp(total)[1])
        whole[rows] = _rounded(weight[rows] * scale[owner[rows]], owner[rows])
    assert (whole >= 0).all()
    assert (np.bincount(owner, weights=whole, minlength=owners) <= LARGEST_SUM).all()
    return whole


def _rounded(weight: np.ndarray, owner: Int64) -> Int64:
    """Round so that the sum from an owner's first row to any other is off by half a unit at most."""
    below = np.floor(weight)
    first = np.append(True, owner[1:] != owner[:-1])
    sums = np.cumsum(weight - below)
    before = np.append(0.0, sums[:-1])
    base = before[np.maximum.accumulate(np.where(first, np.arange(len(owner)), 0))]
    return np.asarray(below + np.rint(sums - base) - np.rint(before - base), dtype=np.int64)
