"""Shares of one: by the finest measure that all have, else equally."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from tests.oracle.view import Measure

K = TypeVar("K", bound=Hashable)


def equally(keys: Sequence[K]) -> dict[K, Fraction]:
    """Give every key the same share."""
    shares: dict[K, Fraction] = {}
    for key in keys:
        shares[key] = shares.get(key, Fraction(0)) + Fraction(1, len(keys))
    return shares


def by_weight(weights: Mapping[K, Fraction | int | None]) -> dict[K, Fraction] | None:
    """Share by weight, or say None where one has no weight or all are zero."""
    if any(w is None for w in weights.values()) or not sum(w or 0 for w in weights.values()):
        return None
    total = sum((Fraction(w or 0) for w in weights.values()), Fraction(0))
    return {key: Fraction(w or 0) / total for key, w in weights.items()}


def by_measure(measures: Mapping[K, Measure], rows: bool = True) -> dict[K, Fraction] | None:
    """Share by bytes, else by rows, else say None."""
    found = by_weight({k: m[0] for k, m in measures.items()})
    return found or (by_weight({k: m[1] for k, m in measures.items()}) if rows else None)


def by_groups(groups: Mapping[K, str]) -> dict[K, Fraction]:
    """Share equally between the groups, and equally within each."""
    sizes: dict[str, int] = {}
    for group in groups.values():
        sizes[group] = sizes.get(group, 0) + 1
    return {key: Fraction(1, len(sizes) * sizes[group]) for key, group in groups.items()}
