"""What a case asks: each figure says what is expected, by name, and how the oracle answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle import blast as radius
from tests.oracle.answers import loaded, statement
from tests.oracle.bridge import bridged
from tests.oracle.closing import recorded
from tests.oracle.explained import Node, bases, explained, weakest
from tests.oracle.history import History
from tests.oracle.rules import Rules
from tests.oracle.unread import unread

NOVEMBER = "2026-11"
Value = Fraction | str | None
Found = dict[str, Value]


@dataclass(frozen=True)
class Figure(ABC):
    """A question and its answer, by hand."""

    expected: Mapping[str, Value]

    @abstractmethod
    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Ask the oracle."""


@dataclass(frozen=True)
class Lines(Figure):
    """All lines of a statement: amounts, and what of them is carried."""

    month: str = NOVEMBER
    by: str = "asset"

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Draw up the statement."""
        found: Found = {}
        for key, (amount, carried) in statement(told, self.month, self.by, at, rules).lines.items():
            found |= {key: amount, f"{key} carried": carried}
        return {key: amount for key, amount in found.items() if amount}


@dataclass(frozen=True)
class Sums(Figure):
    """Total, brought forward, late, and the sum of all lines of a statement: to the last digit."""

    month: str = NOVEMBER

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Draw up the statement."""
        found = statement(told, self.month, "asset", at, rules)
        lines = sum((amount for amount, _ in found.lines.values()), Fraction(0))
        late = sum(found.late.values(), Fraction(0))
        return {"total": found.total, "brought forward": found.brought_forward, "late": late, "lines": lines}


@dataclass(frozen=True)
class Cost(Figure):
    """Parts of the loaded cost of an asset, to date or in a month."""

    asset: str = ""
    month: str | None = None

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Compute the loaded cost."""
        found = loaded(told, self.asset, self.month, at, rules)
        return {part: getattr(found, part) for part in self.expected}


@dataclass(frozen=True)
class Basis(Figure):
    """How much of a month's charges stands on which basis."""

    month: str = NOVEMBER

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Sum the charges by basis."""
        return dict(bases(told, self.month, at, rules))


@dataclass(frozen=True)
class Weakest(Figure):
    """The resource whose users should be declared next, for an asset."""

    asset: str = ""

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Find the largest charge that was only divided."""
        return {"weakest": weakest(told, self.asset, at, rules)}


@dataclass(frozen=True)
class Tree(Figure):
    """The explanation of an asset: amounts and own charges by path."""

    asset: str = ""
    depth: int = 4

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Explain the asset."""
        return paths(explained(told, self.asset, at, self.depth, rules))


def paths(node: Node, above: str = "") -> Found:
    """Name every node of a tree by its path."""
    path = f"{above} < {node.asset}" if above else node.asset
    found: Found = {path: node.amount}
    if node.charges:
        found[f"{path} charges"] = node.charges
    for part in node.parts:
        found |= paths(part, path)
    return found


@dataclass(frozen=True)
class Bridge(Figure):
    """From the invoices of a billing month to its statement."""

    month: str = NOVEMBER

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Lay the bridge."""
        return dict(bridged(told, self.month, at, rules))


@dataclass(frozen=True)
class Blast(Figure):
    """What a bad dataset reaches, and the money that hangs on it."""

    dataset: str = ""

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Follow the dataset forward in time."""
        found = radius.blast(told, self.dataset, at, rules=rules)
        answer: Found = {
            "since": None if found.since is None else Fraction(found.since), "assets": " ".join(sorted(found.assets)),
            "spent": found.spent, "serving": found.serving, "tokens": found.tokens, "value": found.value,
            "repair": ", ".join(job for job, _ in found.repair), **dict(found.repair),
        }  # fmt: skip
        return {name: answer[name] for name in self.expected}


@dataclass(frozen=True)
class ClosedMonths(Figure):
    """Which months are closed in the end."""

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """List them."""
        return {"closed": " ".join(recorded(told, rules)[1])}


@dataclass(frozen=True)
class Unread(Figure):
    """How datasets that carry money are shown: `fresh`, or `refreshed without a reader`."""

    month: str = NOVEMBER

    def asked(self, told: History, at: int, rules: Rules) -> Found:
        """Look at what nobody has read."""
        return dict(unread(told, self.month, at, rules))


def carried(amount: int | str | Fraction) -> tuple[Fraction, Fraction]:
    """Return an amount of a line that is carried whole."""
    return Fraction(amount), Fraction(amount)


def full(key: str) -> str:
    """Return a key whose dataset or job has its namespace."""
    kind, _, name = key.partition(":")
    return f"{kind}:ns/{name}" if kind in {"dataset", "job"} else key


def stands(
    found: Mapping[str, int | str | Fraction | tuple[object, object]], month: str = NOVEMBER, by: str = "asset"
) -> Lines:
    """Return the lines of a statement: an amount at rest, or (amount, carried)."""
    expected: Found = {}
    for key, value in found.items():
        amount, part = value if isinstance(value, tuple) else (value, 0)
        expected |= {full(key): Fraction(amount), f"{full(key)} carried": Fraction(part)}  # type: ignore[arg-type]
    return Lines({key: amount for key, amount in expected.items() if amount}, month, by)


def sums(
    total: int | str | Fraction, brought: int | str = 0, late: int | str = 0, lines: int | str | None = None,
    month: str = NOVEMBER,
) -> Sums:  # fmt: skip
    """Return the sums of a statement; the lines sum to total and brought forward unless told otherwise."""
    whole = Fraction(total) + Fraction(brought) if lines is None else Fraction(lines)
    return Sums(
        {"total": Fraction(total), "brought forward": Fraction(brought), "late": Fraction(late), "lines": whole}, month
    )


def costs(asset: str, month: str | None = None, **parts: int | str | Fraction | None) -> Cost:
    """Return parts of a loaded cost."""
    return Cost({part: None if value is None else Fraction(value) for part, value in parts.items()}, full(asset), month)


def explains(asset: str, amounts: Mapping[str, int | str], depth: int = 4) -> Tree:
    """Return an explanation: paths such as `dataset:b < run:B charges` below the asset."""
    expected: Found = {}
    for path, amount in amounts.items():
        words = path.removesuffix(" charges")
        named = " < ".join(full(word) for word in words.split(" < "))
        expected[named + path[len(words) :]] = Fraction(amount)
    return Tree(expected, full(asset), depth)
