"""Compares the product with the exact oracle on one history: statements, bases and loaded costs, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from random import Random

from tests.oracle import answers as oracle
from tests.oracle import history as told
from tests.oracle.explained import bases_of
from tests.oracle.random_histories import as_of, history, months_to
from tests.oracle.rules import AS_WRITTEN
from tests.oracle.unread import shown
from tests.properties.told import books, rounded, spoken, tell
from trivium.facts.money import add
from trivium.facts.period import Period, parse_period
from trivium.finops.books import Books
from trivium.finops.coverage import coverage
from trivium.finops.explain import Explanation, Part, explain
from trivium.finops.loaded import is_version, loaded
from trivium.finops.statement import BY, statement
from trivium.finops.unread import unread

MICRO = Fraction(1, 10**6)
"""Each amount is within one micro-unit of an exact computation (attribution.md §5)."""
PARTS = ("direct", "upstream", "trials", "build", "serving", "tokens", "run", "total")
SUMMED = ("direct", "upstream", "build")
"""What is compared of assets that are no versions."""
NAMED = {"tagged", "resource", "provider split", "owner tag"}
"""Bases by which a charge names its bearer: the product tells them apart further than the oracle does."""


def differences(seed: int) -> list[str]:
    """List where product and oracle differ on the history of a seed: seed, month, line, both amounts."""
    given, at = spoken(rounded(history(seed))), as_of(seed)
    product = tell(given)
    found = []
    for currency in given.currencies():
        ours = books(product, at, months_to(at)[-1], currency)
        theirs = given.in_currency(currency)
        exact = oracle.computed(theirs, at, None, AS_WRITTEN, months_to(at)[-1])
        lines = [
            *_statements(ours, exact),
            *_bases(ours, exact),
            *_unread(ours, exact),
            *_loaded(ours, theirs, at, seed),
        ]
        found += [f"seed {seed}, {currency}, {line}" for line in lines]
    return found


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
            if add(*(line.amount for line in mine.lines)) != add(mine.total, mine.brought_forward):
                yield f"{place}: the lines do not sum to total and brought forward"


def _unread(ours: Books, exact: list[oracle.Computed]) -> Iterator[str]:
    """Compare how unread datasets are shown, in open months: closed ones are shown by what is known now."""
    for computed in exact:
        book = ours.of(parse_period(computed.month))
        if book is not None and not book.closed:
            mine, theirs = unread(book, ours.flows), shown(computed)
            for dataset in sorted({*mine} & {*theirs}):
                if mine[dataset] != theirs[dataset]:
                    yield f"{computed.month}, {dataset}: {mine[dataset]} of the product, not of the oracle"


def _bases(ours: Books, exact: list[oracle.Computed]) -> Iterator[str]:
    for computed in exact:
        book = ours.of(parse_period(computed.month))
        mine, theirs = _classes(coverage(book) if book else {}), _classes(bases_of(computed))
        for basis in sorted({*mine, *theirs}):
            yield from _unequal(f"{computed.month}, basis {basis}", mine.get(basis, 0), theirs.get(basis, 0))


def _classes(sums: dict[str, Decimal] | dict[str, Fraction]) -> dict[str, Fraction]:
    """Sum amounts by basis, as far as product and oracle tell bases apart."""
    classes: dict[str, Fraction] = {}
    for basis, amount in sums.items():
        name = "named" if basis in NAMED else basis.replace("unallocated", "none")
        classes[name] = classes.get(name, Fraction(0)) + Fraction(amount)
    return classes


def _loaded(ours: Books, given: told.History, at: int, seed: int) -> Iterator[str]:
    dice = Random(seed)
    months = months_to(at)
    for key in _assets(given, dice):
        exact = oracle.computed(given, at, key, AS_WRITTEN, months[-1])
        by_month = []
        for period in (*months, None):
            mine = loaded(ours, key, _period(period))
            by_month.append(mine.build)
            theirs = oracle.arrived(exact, key, period)
            place = f"loaded cost of {key} {period or 'to date'}"
            for part in PARTS if is_version(key) else SUMMED:
                amount = getattr(theirs, part)
                if amount is not None:
                    yield from _unequal(f"{place}, {part}", getattr(mine, part), amount, 1 if period else len(months))
            if is_version(key) and mine.known is (theirs.build is None):
                yield f"{place}: its origin is {'known' if mine.known else 'unknown'} to the product alone"
        if add(*by_month[:-1]) != by_month[-1]:
            yield f"loaded cost of {key}: its months do not sum to it"
        explained = explain(ours, key, depth=dice.choice([1, 2, 4]))
        if explained.total != by_month[-1] or not _adds_up(explained, explained.total):
            yield f"the explanation of {key} does not sum to it"
        month = dice.randrange(len(months))
        if explain(ours, key, _period(months[month])).total != by_month[month]:
            yield f"the explanation of {key} in {months[month]} does not sum to it"


def _period(month: str | None) -> Period | None:
    return parse_period(month) if month else None


def _adds_up(node: Explanation | Part, amount: Decimal) -> bool:
    """Say whether every node's amount is that of its parts and its own charges, exactly."""
    if not node.parts and not node.charges:
        return isinstance(node, Part) or not amount
    whole = add(*(part.amount for part in node.parts), *(charge.amount for charge in node.charges))
    return whole == amount and all(_adds_up(part, part.amount) for part in node.parts)


def _assets(given: told.History, dice: Random) -> list[str]:
    """Choose assets that the history names: one of each of two kinds."""
    kinds: dict[str, set[str]] = {}
    for key in named(given):
        kinds.setdefault(key.partition(":")[0], set()).add(key)
    return [dice.choice(sorted(kinds[kind])) for kind in dice.sample(sorted(kinds), min(2, len(kinds)))]


def named(given: told.History) -> set[str]:
    """Name the assets of a history: runs, datasets, jobs, experiments, model versions and who uses them."""
    keys: set[str] = set()
    for fact in given.deliveries:
        match fact:
            case told.RunEvent():
                keys.add(fact.run)
            case told.Read() | told.Write():
                keys.add(fact.dataset)
            case told.Use():
                keys.add(fact.consumer)
            case told.Version() if not fact.prompt:
                keys.add(fact.key)
            case told.RunDetail():
                keys |= {fact.job} if fact.job else set()
                keys |= {f"experiment:{fact.experiment}"} if fact.experiment not in {None, "0"} else set()
    return keys


def _unequal(place: str, mine: Decimal | int, theirs: Fraction | int, months: int = 1) -> Iterator[str]:
    if abs(Fraction(mine) - theirs) > months * MICRO:
        exact = Decimal(theirs.numerator) / Decimal(theirs.denominator)
        yield f"{place}: {mine} of the product, {exact:.9f} of the oracle"
