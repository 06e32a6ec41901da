"""In which order whole numbers stand: faster than NumPy's own, for a sort of values beats a sort of places."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from trivium.graph.compiling import compiled
from trivium.graph.flows import Bool, Int64

COMPILED_FROM: Final = 200_000
"""Numbers from which compiled loops pay."""
_BITS: Final = 63
_DIGIT: Final = 8
"""Bits that one pass sorts by: no more piles than the nearest cache holds."""


def order_of(key: Int64) -> Int64:
    """Give the places of the keys from the least to the greatest, ties by place, as a stable argsort does."""
    return _in_order(key)[1]


def in_order(key: Int64) -> tuple[Int64, Int64]:
    """Give the keys from the least to the greatest and their places, ties by place."""
    ordered, order = _in_order(key)
    return key[order] if ordered is None else ordered, order


def _in_order(key: Int64) -> tuple[Int64 | None, Int64]:
    """Give the places in order, and the keys where they come along.

    Key and place are packed into one number where they fit: half the time of an argsort of millions, and where they are
    sorted by digits a sixth of it.
    """
    if not len(key):
        return key, np.zeros(0, dtype=np.int64)
    least, place_bits = int(key.min()), len(key).bit_length()
    key_bits = (int(key.max()) - least).bit_length()
    if key_bits + place_bits > _BITS:
        return None, _wide(key, least, key_bits)
    packed = ((key - least) << place_bits) | np.arange(len(key), dtype=np.int64)
    if len(key) >= COMPILED_FROM and key_bits:
        passes = -(-key_bits // _DIGIT)
        packed = _digits()(packed, np.empty_like(packed), place_bits, -(-key_bits // passes), passes)
    else:
        packed.sort()
    return (packed >> place_bits) + least, packed & ((1 << place_bits) - 1)


def _wide(key: Int64, least: int, bits: int) -> Int64:
    """Order keys that leave no room for their places beside them."""
    if len(key) < COMPILED_FROM or bits > _BITS:
        return np.argsort(key, kind="stable").astype(np.int64)
    passes = -(-bits // _DIGIT)
    place = np.arange(len(key), dtype=np.int32 if len(key) < 1 << 31 else np.int64)
    digits = (-(-bits // passes), passes)
    return np.asarray(_pairs()(key - least, place, np.empty_like(key), np.empty_like(place), *digits), dtype=np.int64)


def ranks_of(wanted: Int64, among: Int64, *, after_equals: bool = False) -> Int64:
    """Give how many of `among` are less than each of `wanted`, or not greater; both are sorted."""
    if len(wanted) < COMPILED_FROM:
        return np.searchsorted(among, wanted, side="right" if after_equals else "left").astype(np.int64)
    rank = np.empty(len(wanted), dtype=np.int64)
    ordered = _merged()(wanted, among, int(after_equals), rank)
    assert ordered, "both columns are sorted"
    return rank


def changes(column: Int64) -> Bool:
    """Mark the first of each row of equals in a column."""
    return np.append(True, column[1:] != column[:-1])[: len(column)]


def sort_by_digits(values: Any, scratch: Any, low: Any, digit: Any, passes: Any) -> Any:
    """Sort whole numbers by `passes` digits of `digit` bits above their `low` bits, least digit first; stable.

    Gives whichever of the two arrays holds the result.
    """
    piles = 1 << digit
    counts = np.zeros((passes, piles), dtype=np.int64)
    for value in values:
        rest = value >> low
        for number in range(passes):
            counts[number, rest & (piles - 1)] += 1
            rest >>= digit
    for number in range(passes):
        shift, total = low + number * digit, 0
        for pile in range(piles):
            count = counts[number, pile]
            counts[number, pile] = total
            total += count
        for value in values:
            pile = (value >> shift) & (piles - 1)
            scratch[counts[number, pile]] = value
            counts[number, pile] += 1
        values, scratch = scratch, values
    return values


def sort_pairs_by_digits(keys: Any, places: Any, keys_to: Any, places_to: Any, digit: Any, passes: Any) -> Any:
    """Sort whole numbers from 0 as `sort_by_digits` does, their places with them; gives the places."""
    piles = 1 << digit
    counts = np.zeros((passes, piles), dtype=np.int64)
    for key in keys:
        rest = key
        for number in range(passes):
            counts[number, rest & (piles - 1)] += 1
            rest >>= digit
    for number in range(passes):
        shift, total = number * digit, 0
        for pile in range(piles):
            count = counts[number, pile]
            counts[number, pile] = total
            total += count
        for row in range(len(keys)):
            pile = (keys[row] >> shift) & (piles - 1)
            taken = counts[number, pile]
            keys_to[taken], places_to[taken] = keys[row], places[row]
            counts[number, pile] = taken + 1
        keys, keys_to = keys_to, keys
        places, places_to = places_to, places
    return places


def merge_ranks(wanted: Any, among: Any, equals: Any, rank: Any) -> Any:
    """Walk along two sorted columns at once; `equals` 1 counts those that equal a wanted one, too.

    Says whether the wanted ones were sorted.
    """
    place, ordered, last = 0, True, wanted[0]
    for row in range(len(wanted)):
        ordered &= wanted[row] >= last
        last = wanted[row]
        while place < len(among) and among[place] < last + equals:
            place += 1
        rank[row] = place
    return ordered


@cache
def _digits() -> Callable[..., Any]:
    return compiled(sort_by_digits)


@cache
def _pairs() -> Callable[..., Any]:
    return compiled(sort_pairs_by_digits)


@cache
def _merged() -> Callable[..., Any]:
    return compiled(merge_ranks)
