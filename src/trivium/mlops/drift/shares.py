"""A column's distribution beside its reference's, in few bins, to be drawn."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from trivium.mlops.drift.categories import Categories
from trivium.mlops.drift.distances import decile_edges, shares_between
from trivium.mlops.drift.profile import Column
from trivium.mlops.drift.ranks import Ranks
from trivium.mlops.drift.telling import figure

_VALUES: Final = 10
_LETTERS: Final = 40
_DIGITS: Final = 6


class Bin(msgspec.Struct, frozen=True):
    """One bin: its bounds or value, and the shares of rows (0 to 1) in it."""

    title: str
    reference: float
    current: float


def shares_of(reference: Column | None, current: Column | None) -> tuple[Bin, ...]:
    """Give the shares of both sides: over tenths of the reference's numbers and what lies beyond, or over values."""
    if reference is None or current is None:
        return ()
    if reference.categories is not None and current.categories is not None:
        return _by_value(reference.categories, current.categories)
    if reference.shape == current.shape == "number" and reference.ranks is not None and current.ranks is not None:
        return _by_tenth(reference.ranks, current.ranks)
    return ()


def _by_tenth(reference: Ranks, current: Ranks) -> tuple[Bin, ...]:
    assert reference.smallest is not None, "a number has rows"
    assert reference.greatest is not None, "a number has rows"
    inner = decile_edges(reference)
    edges = np.unique(np.concatenate(([np.nextafter(reference.smallest, -np.inf)], inner, [reference.greatest])))
    before, now = shares_between(reference, edges), shares_between(current, edges)
    bounds = [reference.smallest, *edges[1:].tolist()]
    titles = [
        f"below {figure(bounds[0])}",
        *(f"{figure(low)} to {figure(high)}" for low, high in pairwise(bounds)),
        f"above {figure(bounds[-1])}",
    ]
    sides = zip(titles, before.tolist(), now.tolist(), strict=True)
    return tuple(Bin(title, round(one, _DIGITS), round(other, _DIGITS)) for title, one, other in sides if one or other)


def _by_value(reference: Categories, current: Categories) -> tuple[Bin, ...]:
    shares = {
        name: (
            reference.counts.get(name, 0) / max(reference.rows, 1),
            current.counts.get(name, 0) / max(current.rows, 1),
        )
        for name in {**reference.counts, **current.counts}
    }
    ordered = sorted(shares, key=lambda name: (-max(shares[name]), name))[:_VALUES]
    found = [Bin(_shown(name), *(round(share, _DIGITS) for share in shares[name])) for name in ordered]
    rest = [round(1 - sum(shares[name][side] for name in ordered), _DIGITS) for side in (0, 1)]
    return (*found, *([Bin("other values", *rest)] if max(rest) > 0 else ()))


def _shown(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[:_LETTERS]}…"
