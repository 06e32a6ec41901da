"""§4 of the rule, Explain and basis: the same pours backwards, down to charges, and why each charge is where it is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.answers import computed
from tests.oracle.closing import Computed
from tests.oracle.families import bearers
from tests.oracle.history import History
from tests.oracle.rules import AS_WRITTEN, Rules
from tests.oracle.tanks import ZERO

ELSEWHERE = "…"
DIVIDED = frozenset({"equal share", "rule"})


@dataclass(frozen=True)
class Node:
    """An asset with what flowed into it: `amount` is the sum of its own `charges` and its `parts`."""

    asset: str
    amount: Fraction
    charges: Fraction = ZERO
    parts: tuple[Node, ...] = ()


def explained(history: History, key: str, as_of: int, depth: int = 4, rules: Rules = AS_WRITTEN) -> Node:
    """Return what an asset is made of; what left a tank is made of all that came into it, in proportion."""
    answer = computed(history, as_of, key if rules.first_arrival_only else None, rules)
    into: dict[str, dict[str, Fraction]] = {}
    for found in answer:
        for pour in found.outcome.pours:
            if pour.source != pour.target:
                sources = into.setdefault(pour.target, {})
                sources[pour.source] = sources.get(pour.source, ZERO) + pour.amount
    own = charged(answer) if rules.explained_to_charges else {}
    amount = own.get(key, ZERO) + sum(into.get(key, {}).values())
    return opened(key, amount, into, own, depth if rules.explained_so_deep else depth + 1)


def opened(
    key: str, amount: Fraction, into: dict[str, dict[str, Fraction]], own: dict[str, Fraction], depth: int
) -> Node:
    """Open an amount into its parts, so many assets deep; what lies deeper is one part."""
    sources, charges = into.get(key, {}), own.get(key, ZERO)
    whole = charges + sum(sources.values())
    if not whole:
        return Node(key, amount)
    if depth == 0:
        rest = (Node(ELSEWHERE, amount * (whole - charges) / whole),) if sources else ()
        return Node(key, amount, amount * charges / whole, rest)
    parts = tuple(opened(name, amount * part / whole, into, own, depth - 1) for name, part in sorted(sources.items()))
    return Node(key, amount, amount * charges / whole, parts)


def charged(answer: list[Computed]) -> dict[str, Fraction]:
    """Return what every asset was charged itself, over all months."""
    own: dict[str, Fraction] = {}
    for found in answer:
        for share in found.shares:
            run = share.bearer.startswith("run:")
            for bearer, part in (bearers(share.bearer, found.view) if run else {share.bearer: Fraction(1)}).items():
                own[bearer] = own.get(bearer, ZERO) + share.amount * part
    return own


def bases(history: History, month: str, as_of: int, rules: Rules = AS_WRITTEN) -> dict[str, Fraction]:
    """Return how much of a month's charges stands on which basis."""
    return bases_of(computed(history, as_of, None, rules, month)[-1])


def bases_of(found: Computed) -> dict[str, Fraction]:
    """Return how much of the charges of a month that has been computed stands on which basis."""
    sums: dict[str, Fraction] = {}
    for share in found.shares:
        spread = share.bearer.startswith("run:") and len(bearers(share.bearer, found.view)) > 1
        basis = "child share" if spread else share.basis
        sums[basis] = sums.get(basis, ZERO) + share.amount
    return {basis: amount for basis, amount in sums.items() if amount}


def weakest(history: History, key: str, as_of: int, rules: Rules = AS_WRITTEN) -> str:
    """Return the resource whose charges were only divided and weigh most at an asset: declaring its users is next."""
    sums: dict[str, Fraction] = {}
    for found in computed(history, as_of, None, rules):
        for share in found.shares:
            if share.bearer == key and share.basis in DIVIDED:
                resource = share.part.charge.resource_id or ""
                sums[resource] = sums.get(resource, ZERO) + share.amount
    return max(sorted(sums), key=lambda resource: sums[resource], default="")
