"""By what a pour is shared: bytes, else rows, else equally; the finest measure that all who share it have."""

from __future__ import annotations

import math

import numpy as np

from trivium.finops.apportion import LARGEST_SUM
from trivium.finops.network import Int64
from trivium.graph.flows import Uses
from trivium.graph.ordering import changes, in_order, order_of

EQUAL = math.lcm(*range(1, 21))
"""Divides exactly by every number of equal shares up to 20."""


def shared_by(
    owner: Int64, owners: int, uses: Uses, row: Int64, share: np.ndarray | None = None, consumer: Int64 | None = None
) -> Int64:
    """Give whole weights for rows of `uses` that share what their `owner` pours.

    Measures are UNKNOWN where nobody reported them; `share` scales them (a slice's part of its run); where neither is
    known for all, owners' parts are equal per distinct `consumer` of the run, and equal inside each. Without consumers
    each row counts for itself.
    """
    size = uses.bytes[row]
    if share is None and _fit(size, owner, owners):
        return size
    weight = np.zeros(len(owner), dtype=np.float64)
    undecided = np.ones(owners, dtype=np.bool_)
    for number, measures in enumerate((uses.bytes, uses.rows)):
        measure = measures[row] if number else size
        if not (measure > 0).any():
            continue
        missing = np.bincount(owner, weights=measure < 0, minlength=owners) > 0
        scaled = measure if share is None else measure * share
        some = np.bincount(owner, weights=np.where(measure > 0, scaled, 0.0), minlength=owners) > 0
        take = undecided & ~missing & some
        weight = np.where(take[owner], scaled, weight)
        undecided &= ~take
    equal = np.flatnonzero(undecided[owner])
    if len(equal):
        within = equal if consumer is None else consumer[uses.run[row[equal]]]
        weight[equal] = _equally(owner[equal], owners, within)
    run = np.arange(len(row)) if consumer is None else uses.run[row].astype(np.int64)
    return whole_weights(weight, owner, owners, run)


def _fit(size: Int64, owner: Int64, owners: int) -> bool:
    """Say whether whole measures are weights as they stand: all known, and no owner's sum is nothing or too large."""
    if not len(size) or size.min() < 0:
        return False
    total = np.bincount(owner, weights=size, minlength=owners)
    return bool(total.max() <= LARGEST_SUM and (total.min() > 0 or (total[owner] > 0).all()))


def _equally(owner: Int64, owners: int, within: Int64) -> np.ndarray:
    """Weigh rows so that each distinct `within` of an owner gets the same, and its rows the same of that."""
    pair, order = in_order(owner * (int(within.max()) + 1) + within)
    first = np.flatnonzero(changes(pair))
    count = np.diff(np.append(first, len(pair)))
    size = np.empty(len(pair), dtype=np.int64)
    size[order] = np.repeat(count, count)
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
        rows = rows[order_of(run[rows])]
        rows = rows[order_of(owner[rows])]
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
