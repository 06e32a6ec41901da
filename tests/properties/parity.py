"""Compares the product with the exact oracle on one history: statements and loaded costs, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from random import Random

from tests.oracle import answers as oracle
from tests.oracle import history as told
from tests.oracle.random_histories import MONTHS, as_of, history
from tests.oracle.rules import AS_WRITTEN
from tests.properties.told import books, rounded, spoken, tell
from trivium.facts.period import parse_period
from trivium.finops.books import Books
from trivium.finops.explain import explain
from trivium.finops.loaded import is_version, loaded
from trivium.finops.statement import BY, statement

MICRO = Fraction(1, 10**6)
"""Each amount is within one micro-unit of an exact computation (attribution.md §5)."""
PARTS = ("direct", "upstream", "trials", "serving", "tokens")
SUMMED = ("direct", "upstream")
"""What is compared of assets that are no versions."""


def differences(seed: int) -> list[str]:
    """List where product and oracle differ on the history of a seed: seed, month, line, both amounts."""
    given, at = spoken(rounded(history(seed))), as_of(seed)
    ours = books(tell(given), at, MONTHS[-1])
    exact = oracle.computed(given, at, None, AS_WRITTEN, MONTHS[-1])
    found = [*_statements(ours, exact), *_loaded(ours, given, at, seed)]
    return [f"seed {seed}, {line}" for line in found]


def _statements(ours: Books, exact: list[oracle.Computed]) -> Iterator[str]:
    for computed in exact:
        for by in BY:
            mine, theirs = statement(ours, parse_period(computed.month), by), oracle.drawn(computed, by)
            place = f"{computed.month} by {by}"
            lines = {line.account: (line.amount, line.carried) for line in mine.lines}
            for account in sorted({*lines, *theirs.lines}):
                pairs = zip(lines.get(account, (0, 0)), theirs.lines.get(account, (0, 0)), strict=True)
                for part, (one, other) in zip(("amount", "carried"), pairs, strict=True):
                    yield from _unequal(f"{place}, {account}, {part}", one, other)
            yield from _unequal(f"{place}, total", mine.total, theirs.total)
            yield from _unequal(f"{place}, brought forward", mine.brought_forward, theirs.brought_forward)
            yield from _unequal(f"{place}, late", mine.late, sum(theirs.late.values()))
            if sum(line.amount for line in mine.lines) != mine.total + mine.brought_forward:
                yield f"{place}: the lines do not sum to total and brought forward"


def _loaded(ours: Books, given: told.History, at: int, seed: int) -> Iterator[str]:
    dice = Random(seed)
    for key in _assets(given, dice):
        exact = oracle.computed(given, at, key, AS_WRITTEN, MONTHS[-1])
        month = dice.choice(MONTHS)
        for period in (None, month):
            mine = loaded(ours, key, parse_period(period) if period else None)
            theirs = oracle.arrived(exact, key, period)
            place = f"loaded cost of {key} {period or 'to date'}"
            for part in PARTS if is_version(key) else SUMMED:
                yield from _unequal(f"{place}, {part}", getattr(mine, part), getattr(theirs, part), 1 if period else 3)
            if explain(ours, key, parse_period(period) if period else None).total != mine.build:
                yield f"{place}: its explanation does not sum to it"
            if is_version(key) and mine.known is (theirs.build is None):
                yield f"{place}: its origin is {'known' if mine.known else 'unknown'} to the product alone"


def _assets(given: told.History, dice: Random) -> list[str]:
    """Choose assets that the history names: one of each of two kinds."""
    kinds: dict[str, set[str]] = {}
    for fact in given.deliveries:
        for name in ("run", "dataset", "key"):
            value = getattr(fact, name, None)
            if (
                value
                and not getattr(fact, "prompt", False)
                and isinstance(fact, told.RunEvent | told.Read | told.Write | told.Version)
            ):
                kinds.setdefault(value.partition(":")[0], set()).add(value)
        if isinstance(fact, told.RunDetail) and fact.experiment not in {None, "0"}:
            kinds.setdefault("experiment", set()).add(f"experiment:{fact.experiment}")
    return [dice.choice(sorted(kinds[kind])) for kind in dice.sample(sorted(kinds), min(2, len(kinds)))]


def _unequal(place: str, mine: Decimal | int, theirs: Fraction | int, months: int = 1) -> Iterator[str]:
    if abs(Fraction(mine) - theirs) > months * MICRO:
        exact = Decimal(theirs.numerator) / Decimal(theirs.denominator)
        yield f"{place}: {mine} of the product, {exact:.9f} of the oracle"
