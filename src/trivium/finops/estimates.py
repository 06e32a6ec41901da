"""By what endpoints share a charge that is metered in tokens: what they used of models meanwhile, by the price lists.

Estimates never add to a bill that covers them, they split it (attribution.md §1).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of
from trivium.graph.flows import ResourceUse


def sharers(uses: Iterable[ResourceUse]) -> frozenset[str]:
    """Name the endpoints whose estimates can split a charge: those that use a resource with other endpoints alone."""
    users: dict[str, set[str]] = {}
    for use in uses:
        users.setdefault(use.resource, set()).add(use.asset)
    shared = (assets for assets in users.values() if len(assets) > 1 and {*map(kind_of, assets)} == {"endpoint"})
    return frozenset().union(*shared)


class Estimate(NamedTuple):
    """What an endpoint used of one model from `start` to before `end`: what that costs by the price lists, and tokens.

    `amount` is in one currency for all, and None where the price is unknown.
    """

    endpoint: str
    start: Instant
    end: Instant
    amount: Decimal | None
    tokens: int


class Estimates:
    """All estimates that a question knows. Any order of them gives the same shares."""

    def __init__(self, known: Iterable[Estimate] = ()) -> None:
        self._by_endpoint: dict[str, list[Estimate]] = {}
        self._longest = 0
        for one in sorted(known, key=lambda one: (one.endpoint, one.start)):
            assert one.start < one.end, "an estimate lasts"
            assert one.tokens >= 0, "tokens are counted"
            self._by_endpoint.setdefault(one.endpoint, []).append(one)
            self._longest = max(self._longest, one.end - one.start)

    def shares(self, endpoints: Sequence[str], start: Instant, end: Instant) -> dict[str, int] | None:
        """Give whole weights by which endpoints share a charge for [start, end), or for the instant where both are one.

        They are the estimated amounts. Where the price of any of their usage is unknown, they are the tokens of all,
        for unknown is not 0. None where nothing was used, or all of it is free.
        """
        found = {key: self._between(key, start, max(end, start + 1)) for key in endpoints}
        used = [one for each in found.values() for one in each]
        if any(one.amount is None for one in used):
            weights = {key: Fraction(sum(one.tokens for one in each)) for key, each in found.items()}
        else:
            weights = {
                key: sum((Fraction(one.amount or 0) for one in each), Fraction(0)) for key, each in found.items()
            }
        if not any(weights.values()):
            return None
        scale = math.lcm(*(weight.denominator for weight in weights.values()))
        return {key: int(weight * scale) for key, weight in weights.items()}

    def _between(self, endpoint: str, start: Instant, end: Instant) -> list[Estimate]:
        """List the estimates of an endpoint for a time that has instants of [start, end)."""
        known = self._by_endpoint.get(endpoint, [])
        first = bisect_left(known, start - self._longest, key=lambda one: one.start)
        last = bisect_left(known, end, key=lambda one: one.start)
        return [one for one in known[first:last] if one.end > start]
