"""Who owns an asset: by which team's or product's line of a statement its money stands (attribution.md §4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction

from trivium.facts.keys import kind_of
from trivium.graph.flows import Flows

Owners = Callable[[str, str], dict[str, Fraction]]
"""Gives, for `team` or `product` and an asset key, the owners with their shares of one."""


def owners_in(flows: Flows) -> Owners:
    """Give who owns what by these flows."""
    of: dict[str, Callable[[str], dict[str, Fraction]]] = {}

    def owners(by: str, key: str) -> dict[str, Fraction]:
        if by not in of:
            of[by] = owner_of(flows, by)
        return of[by](key)

    return owners


def owner_of(flows: Flows, by: str) -> Callable[[str], dict[str, Fraction]]:
    """Give a function from an asset key to its owners with their shares of one.

    They are its own teams or products, else those of what owns it (a product's team); a version has its model's, a run
    its job's or experiment's, where it has none itself.
    """
    runs = {key: place for place, key in enumerate(flows.runs.keys)}

    def owners(key: str, seen: tuple[str, ...] = ()) -> dict[str, Fraction]:
        if kind_of(key) == by:
            return {key: Fraction(1)}
        direct = sorted({*flows.owners.get(key, ()), *flows.products.get(key, ())} - set(seen))
        of_kind = [owner for owner in direct if kind_of(owner) == by]
        if of_kind:
            return dict.fromkeys(of_kind, Fraction(1, len(of_kind)))
        above = [found for found in (owners(owner, (*seen, key)) for owner in direct) if found]
        shares: dict[str, Fraction] = defaultdict(Fraction)
        for found in above:
            for owner, share in found.items():
                shares[owner] += share / len(above)
        return shares

    def found(key: str) -> dict[str, Fraction]:
        return next((found for name in (key, *_parts_of(flows, runs, key)) if (found := owners(name))), {})

    return found


def _parts_of(flows: Flows, runs: dict[str, int], key: str) -> list[str]:
    """Name what an asset is part of, nearest first."""
    if kind_of(key) == "model" and "/" in key:
        return [key[: key.index("/")]]
    place = runs.get(key, -1) if kind_of(key) == "run" else -1
    if place < 0:
        return []
    named = ((flows.runs.job, flows.jobs), (flows.runs.experiment, flows.experiments))
    return [keys[int(of[place])] for of, keys in named if of[place] >= 0]
