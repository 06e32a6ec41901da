"""Division happens only here: a whole number of units is shared by weights, exactly (largest remainder).

`spread` is written so that it runs as it stands on Python lists (small networks) and compiled by numba on int64 arrays
(large ones). The remainder `total × weight − part × sum` may wrap at 64 bits on the way: its true value lies well
within them whenever the weights sum to at most 2⁵¹ (`LARGEST_SUM`), so it comes out exact: `part` is off by at most
1 + 3 × 2⁻⁵³ × total, hence the remainder below 2⁵¹ + 3/4 × total, and no total is above 9 × 10¹⁸.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeVar

Key = TypeVar("Key", str, int)

LARGEST_SUM: Final = 1 << 51
"""Whole weights of one division sum to at most this (design.md §7: weights may be float64, amounts never)."""
_FEW: Final = 48


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` units by whole weights: largest remainder, ties to the earlier place, sign-symmetric.

    The parts sum to `total`. Weights are not negative and not all zero; any size is exact here.
    """
    whole = sum(weights)
    assert whole > 0
    assert min(weights) >= 0
    size = abs(total)
    parts = [size * weight // whole for weight in weights]
    left = size - sum(parts)
    order = sorted(range(len(weights)), key=lambda place: -(size * weights[place] % whole)) if left else []
    for place in order[:left]:
        parts[place] += 1
    assert sum(parts) == size
    return parts if total >= 0 else [-part for part in parts]


def shared_exactly(total: int, shares: Mapping[Key, Fraction]) -> list[tuple[Key, int]]:
    """Share units by exact fractions, ties by key; gives (key, units) without empty shares."""
    if len(shares) == 1:
        return [(key, total) for key in shares if total]
    keys = sorted(shares)
    scale = math.lcm(*(shares[key].denominator for key in keys))
    parts = apportion(total, [int(shares[key] * scale) for key in keys])
    return [(key, part) for key, part in zip(keys, parts, strict=True) if part]


def hand_out_few(left: Any, count: Any, first: Any, remainder: Any, amount: Any) -> None:
    """Give one unit more to the `left` edges with the largest remainder, ties to the earlier edge, one by one."""
    for _ in range(left):
        best = 0
        for place in range(1, count):
            if remainder[place] > remainder[best]:
                best = place
        remainder[best] = -1
        amount[first + best] += 1


def hand_out_many(left: Any, whole: Any, count: Any, first: Any, remainder: Any, amount: Any) -> None:
    """Do the same for many units: find the smallest remainder that still gets one by bisection."""
    low, high = 0, whole
    while high - low > 1:
        middle = (low + high) // 2
        reached = 0
        for place in range(count):
            reached += remainder[place] >= middle
        if reached >= left:
            low = middle
        else:
            high = middle
    for place in range(count):
        if remainder[place] > low:
            amount[first + place] += 1
            left -= 1
    for place in range(count):
        if left > 0 and remainder[place] == low:
            amount[first + place] += 1
            left -= 1


def share_in_two(size: Any, first: Any, weight: Any, amount: Any) -> None:
    """Share what two edges take: the remainders add up to nothing or to the sum of weights."""
    whole = weight[first] + weight[first + 1]
    part = int(size * (weight[first] / whole))
    rest = size * weight[first] - part * whole
    if rest < 0 or rest >= whole:
        part += rest // whole
        rest = rest % whole
    if 2 * rest >= whole:
        part += 1
    amount[first] = part
    amount[first + 1] = size - part


def share_in_many(size: Any, first: Any, count: Any, weight: Any, amount: Any, remainder: Any) -> None:
    """Share what several edges take; `remainder` is scratch space."""
    whole = 0
    for edge in range(first, first + count):
        whole += weight[edge]
    left = size
    for edge in range(first, first + count):
        part = int(size * (weight[edge] / whole))
        rest = size * weight[edge] - part * whole
        if rest < 0 or rest >= whole:
            part += rest // whole
            rest = rest % whole
        remainder[edge - first] = rest
        amount[edge] = part
        left -= part
    if left > _FEW:
        hand_out_many(left, whole, count, first, remainder, amount)
    else:
        hand_out_few(left, count, first, remainder, amount)


def spread(value: Any, start: Any, target: Any, weight: Any, absorbs: Any, amount: Any, remainder: Any) -> None:
    """Let what stands in each node flow to its targets, node by node in topological order.

    `value[n]` holds a node's own units and receives its inflow; edges of node `i` are `start[i]:start[i + 1]`, with
    whole `weight`; `amount[e]` receives what flowed along edge `e`. Nodes that absorb keep everything.
    `remainder` is scratch space as long as the largest fan-out. Every other node's outflow equals its value.
    """
    for node in range(len(start) - 1):
        first = start[node]
        count = start[node + 1] - first
        total = value[node]
        if total == 0 or count == 0 or absorbs[node]:
            continue
        size = total if total > 0 else -total
        if count == 1:
            amount[first] = size
        elif count == 2:
            share_in_two(size, first, weight, amount)
        else:
            share_in_many(size, first, count, weight, amount, remainder)
        for edge in range(first, first + count):
            if total < 0:
                amount[edge] = -amount[edge]
            value[target[edge]] += amount[edge]
