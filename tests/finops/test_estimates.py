"""By what endpoints share a charge for tokens."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from trivium.finops.estimates import Estimate, Estimates, sharers
from trivium.graph.flows import ResourceUse

A, B = "endpoint:a", "endpoint:b"


def used(endpoint: str, start: int, amount: str | None, tokens: int = 1) -> Estimate:
    return Estimate(endpoint, start, start + 10, None if amount is None else Decimal(amount), tokens)


def shares(known: list[Estimate], start: int = 0, end: int = 100) -> dict[str, Fraction] | None:
    found = Estimates(known).shares([A, B], start, end)
    if found is None:
        return None
    whole = sum(found.values())
    return {key: Fraction(weight, whole) for key, weight in found.items()}


def test_amounts_are_the_weights_exactly() -> None:
    known = [used(A, 0, "0.000001"), used(A, 20, "0.0000005"), used(B, 0, "0.0000015")]
    assert shares(known) == {A: Fraction(1, 2), B: Fraction(1, 2)}
    assert shares(list(reversed(known))) == shares(known)
    assert shares([used(A, 0, "1"), used(B, 0, "2")]) == {A: Fraction(1, 3), B: Fraction(2, 3)}


def test_who_used_nothing_takes_nothing() -> None:
    assert shares([used(A, 0, "1")]) == {A: 1, B: 0}


def test_only_what_was_used_meanwhile_counts() -> None:
    known = [used(A, 0, "1"), used(B, 50, "3")]
    assert shares(known, 0, 50) == {A: 1, B: 0}
    assert shares(known, 10, 60) == {A: 0, B: 1}
    assert shares(known, 5, 51) == {A: Fraction(1, 4), B: Fraction(3, 4)}
    assert shares(known, 10, 50) is None
    assert shares(known, 55, 55) == {A: 0, B: 1}, "a charge for one instant"
    assert shares(known, 60, 60) is None


def test_where_one_price_is_unknown_tokens_are_the_weights_of_all() -> None:
    assert shares([used(A, 0, "99", 10), used(B, 0, None, 30)]) == {A: Fraction(1, 4), B: Fraction(3, 4)}


def test_nothing_and_free_use_say_nothing() -> None:
    assert shares([]) is None
    assert shares([used(A, 0, "0", 5), used(B, 0, "0", 5)]) is None


def test_only_endpoints_among_themselves_share_by_estimates() -> None:
    def use(asset: str, resource: str) -> ResourceUse:
        return ResourceUse(asset, resource, Fraction(1), 1)

    uses = [use(A, "r"), use(B, "r"), use("endpoint:c", "s"), use("endpoint:d", "t"), use("run:x", "t")]
    assert sharers(uses) == {A, B}
    assert sharers([]) == frozenset()
