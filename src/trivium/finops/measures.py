"""By what a pour is shared: bytes, else rows, else equally; the finest measure that all who share it have."""

from __future__ import annotations

import math

import numpy as np

from trivium.finops.draft import whole_weights
from trivium.finops.network import Int64
from trivium.graph.flows import UNKNOWN

EQUAL = math.lcm(*range(1, 21))
"""Divides exactly by every number of equal shares up to 20."""


def shared_by(owner: Int64, owners: int, bytes_: Int64, rows: Int64, share: np.ndarray, within: Int64) -> Int64:
    """Give whole weights for rows that share what their `owner` pours.

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
    return whole_weights(weight, owner, owners)


def _equally(owner: Int64, owners: int, within: Int64) -> np.ndarray:
    """Weigh rows so that each distinct `within` of an owner gets the same, and its rows the same of that."""
    pair = owner * (int(within.max()) + 1) + within
    _, first, inverse, count = np.unique(pair, return_index=True, return_inverse=True, return_counts=True)
    groups = np.bincount(owner[first], minlength=owners)
    size = count[inverse]
    largest = np.zeros(owners, dtype=np.int64)
    np.maximum.at(largest, owner, size)
    rough = largest > 20
    unit = np.where(rough, 2.0**49 // np.maximum(groups, 1), EQUAL)
    return np.asarray(np.floor(unit[owner] / size), dtype=np.float64)
