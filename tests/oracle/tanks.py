"""What every tank holds between two steps, and what one month hands to the next."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from fractions import Fraction

from tests.oracle.rules import AS_WRITTEN, Rules

Position = tuple[int, int, int, str, int]
BEFORE_ALL: Position = (-(10**30), 0, 0, "", 0)
ZERO = Fraction(0)


@dataclass(frozen=True)
class Money:
    """An amount in a run: its own charges, and what it drained or was handed."""

    own: Fraction = ZERO
    drained: Fraction = ZERO

    def __add__(self, other: Money) -> Money:
        """Add two amounts, each by its origin."""
        return Money(self.own + other.own, self.drained + other.drained)

    def times(self, share: Fraction) -> Money:
        """Return a share of this amount."""
        return Money(self.own * share, self.drained * share)

    @property
    def all(self) -> Fraction:
        """Return the whole amount."""
        return self.own + self.drained


@dataclass
class Pending:
    """A pour into a dataset that has not been read to the end."""

    amount: Fraction
    position: Position
    left: Fraction
    stretch: int | None = None


@dataclass(frozen=True)
class Prepaid:
    """A part of a pour that is released later."""

    dataset: str
    time: int
    amount: Fraction


@dataclass(frozen=True)
class Failed:
    """What a failed run of a job left for the next successful one."""

    run: str
    job: str
    ended: Position
    amount: Fraction


@dataclass(frozen=True)
class Pour:
    """One movement of money, for looking at."""

    month: str
    time: int
    source: str
    target: str
    amount: Fraction


@dataclass(frozen=True)
class Arrival:
    """Money that came to an asset: its kind is direct, upstream, trials, serving or tokens."""

    month: str
    key: str
    kind: str
    amount: Fraction


@dataclass
class Tanks:
    """All that is carried from one month to the next, and what was counted by then."""

    pending: dict[str, list[Pending]] = field(default_factory=dict)
    prepaid: list[Prepaid] = field(default_factory=list)
    runs: dict[str, Money] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)
    trials: dict[str, dict[str, Money]] = field(default_factory=dict)
    models: dict[str, Fraction] = field(default_factory=dict)
    built: dict[str, tuple[str, ...]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    read: set[tuple[str, str]] = field(default_factory=set)
    wrote: set[tuple[str, str]] = field(default_factory=set)
    ends: dict[str, tuple[int | None, bool]] = field(default_factory=dict)
    effected: set[tuple[str, str]] = field(default_factory=set)
    drained: set[str] = field(default_factory=set)

    def copy(self) -> Tanks:
        """Return tanks that can change while these stay."""
        return deepcopy(self)

    def rename(self, key: Callable[[str], str]) -> None:
        """Call every run by the one key that it has now."""
        runs: dict[str, Money] = {}
        for run, money in self.runs.items():
            runs[key(run)] = runs.get(key(run), Money()) + money
        self.runs = runs
        self.failed = [replace(f, run=key(f.run)) for f in self.failed]
        for experiment, parcels in self.trials.items():
            united: dict[str, Money] = {}
            for run, money in parcels.items():
                united[key(run)] = united.get(key(run), Money()) + money
            self.trials[experiment] = united
        self.built = {key(run): versions for run, versions in sorted(self.built.items(), reverse=True)}
        self.begun = set(map(key, self.begun))
        self.read = {(key(run), dataset) for run, dataset in self.read}
        self.wrote = {(key(run), dataset) for run, dataset in self.wrote}
        self.effected = {(key(run), version) for run, version in self.effected}
        ends: dict[str, tuple[int | None, bool]] = {}
        for run, end in self.ends.items():
            ends[key(run)] = max(ends.get(key(run), end), end, key=lambda e: (e[0] or 0, e[1]))
        self.ends = ends

    def lines(self, rules: Rules = AS_WRITTEN) -> dict[str, Fraction]:
        """Return every amount carried, by the line of the statement it stands at."""
        lines: dict[str, Fraction] = {}

        def add(key: str, amount: Fraction) -> None:
            lines[key] = lines.get(key, ZERO) + amount

        for dataset, pours in self.pending.items():
            add(dataset, sum((p.left for p in pours), ZERO))
        for part in self.prepaid:
            add("prepaid" if rules.prepaid_stands else part.dataset, part.amount)
        for money in self.runs.values():
            add("running", money.all)
        for failed in self.failed:
            add("failed" if rules.failed_account else failed.job, failed.amount)
        for experiment, parcels in self.trials.items():
            add(experiment, sum((m.all for m in parcels.values()), ZERO))
        for model, amount in self.models.items():
            add(model, amount)
        return {key: amount for key, amount in lines.items() if amount}
