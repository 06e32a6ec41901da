"""What a set of facts says as of one instant: runs, slices, versions, lives, owners."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle.history import (
    DAY,
    HOUR,
    TERMINAL,
    Fact,
    Joined,
    Life,
    Prediction,
    Read,
    RunDetail,
    RunEvent,
    Use,
    Version,
    Write,
)
from tests.oracle.rules import AS_WRITTEN, Rules

Measure = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True)
class Slice:
    """A run between two cuts; `end` is None while it is open, `until` is then the as-of instant."""

    run: str
    start: int
    end: int | None
    until: int
    success: bool

    @property
    def seconds(self) -> int:
        """Return the length, in microseconds."""
        return self.until - self.start


@dataclass
class Run:
    """A run as it is known at the as-of instant."""

    key: str
    events: set[tuple[int, str]] = field(default_factory=set)
    details: set[RunDetail] = field(default_factory=set)
    reads: dict[str, Measure] = field(default_factory=dict)
    writes: dict[str, Measure] = field(default_factory=dict)
    job: str | None = None
    parent: str | None = None
    experiment: str | None = None
    upkeep: bool = False
    start: int = 0
    end: int | None = None
    success: bool = False
    slices: list[Slice] = field(default_factory=list)

    @property
    def trial_of(self) -> str | None:
        """Return the key of the experiment the run is a trial of."""
        return None if self.experiment is None else f"experiment:{self.experiment}"

    def names_datasets(self) -> bool:
        """Say whether flows stay on this run; what a check writes is no asset."""
        return bool(self.reads) or (bool(self.writes) and not self.upkeep)

    def written(self) -> dict[str, Measure]:
        """Return what this run writes: named outputs, unless it failed as a whole."""
        whole_failure = self.end is not None and not self.success and len(self.slices) == 1
        return {} if self.upkeep or whole_failure else self.writes


def largest(old: Measure | None, new: Measure) -> Measure:
    """Return the larger of two reports, measure by measure."""
    if old is None:
        return new
    pick = [max((x for x in pair if x is not None), default=None) for pair in zip(old, new, strict=True)]
    return pick[0], pick[1]


def summed(old: Measure | None, new: Measure) -> Measure:
    """Return the sum of two reports (only a fault does that)."""
    if old is None:
        return new
    pick = [None if None in pair else sum(pair, Fraction(0)) for pair in zip(old, new, strict=True)]
    return pick[0], pick[1]


def cuts(start: int, end: int | None, as_of: int, rules: Rules = AS_WRITTEN) -> list[int]:
    """Return the midnights at which a run is cut: from 24 hours after its start."""
    first = -(-(start + (DAY if rules.cut_after_a_day else 1)) // DAY) * DAY
    last = as_of if end is None else end - 1
    return list(range(first, last + 1, DAY)) if rules.slices else []


def slices_of(run: Run, as_of: int, rules: Rules = AS_WRITTEN) -> list[Slice]:
    """Cut a run into its slices; all but the last succeed, the last has the outcome."""
    edges = [run.start, *cuts(run.start, run.end, as_of, rules)]
    result = []
    for start, end in itertools.pairwise(edges):
        early = run.success or run.end is None or rules.early_slices_succeed
        result.append(Slice(run.key, start, end, end, early))
    last = edges[-1]
    now = as_of if rules.open_runs_share_until_now else max(time for time, _ in run.events)
    until = max(now, last) if run.end is None else run.end
    end_of_last = run.end if run.end is not None or rules.open_runs_hold else as_of
    result.append(Slice(run.key, last, end_of_last, until, run.success or not rules.last_has_outcome))
    return result


class View:
    """All facts given, as of one instant; what happens after it does not exist.

    At the end of a month the ends of its last instant belong to it, while what
    starts or is registered at that instant belongs to the next month.
    """

    def __init__(self, facts: Iterable[Fact], as_of: int, rules: Rules = AS_WRITTEN, month_ends: bool = False) -> None:
        self.facts, self.as_of, self.rules, self.month_ends = list(facts), as_of, rules, month_ends
        self.same = self._joined()
        self.runs = self._runs()
        self.children: dict[str, list[str]] = {}
        for run in self.runs.values():
            if run.parent is not None:
                self.children.setdefault(run.parent, []).append(run.key)
        self.versions = {v.key: v for v in self.of(Version) if self._counts(v)}
        self.led = self._led()
        self.lives = {life.dataset: life.days for life in sorted(self.of(Life), key=lambda x: x.days)}

    def of(self, kind: type) -> list:
        """Return the facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def _joined(self) -> dict[str, str]:
        """Give every run seen twice its one key, the first of its keys."""
        same: dict[str, str] = {}
        if not self.rules.join_runs:
            return same
        for _ in range(3):
            for fact in self.of(Joined):
                low = min(same.get(fact.run, fact.run), same.get(fact.other, fact.other))
                same[fact.run] = same[fact.other] = low
        return same

    def key(self, run: str) -> str:
        """Return the one key of a run."""
        return self.same.get(run, run)

    def _runs(self) -> dict[str, Run]:
        """Unite events, details, reads and writes into runs that have started."""
        runs: dict[str, Run] = {}
        last = self.as_of - (self.month_ends and not self.rules.month_ends_after_its_ends)
        for fact in self.facts:
            if isinstance(fact, RunEvent) and fact.time <= last:
                key = self.key(fact.run)
                runs.setdefault(key, Run(key)).events.add((fact.time, fact.kind))
        for fact in self.facts:
            if isinstance(fact, (RunDetail, Read, Write)) and self.key(fact.run) in runs:
                self._add(runs[self.key(fact.run)], fact)
        for run in runs.values():
            self._settle(run)
        next_month = self.month_ends and self.rules.next_starts_after_month_end
        return {key: run for key, run in runs.items() if run.start < self.as_of or not next_month}

    def _add(self, run: Run, fact: RunDetail | Read | Write) -> None:
        """Add one fact to its run."""
        if isinstance(fact, RunDetail):
            run.details.add(fact)
            return
        if fact.run != run.key and not self.rules.reads_united:
            return
        named = run.reads if isinstance(fact, Read) else run.writes
        exact = [None if x is None else Fraction(x) for x in (fact.bytes, fact.rows)]
        unite = largest if self.rules.one_read_per_dataset else summed
        if not self.rules.largest_measure and fact.dataset in named:
            return
        named[fact.dataset] = unite(named.get(fact.dataset), (exact[0], exact[1]))

    def _settle(self, run: Run) -> None:
        """Derive the plain properties of a run from what was reported."""
        rules, details = self.rules, run.details
        run.job = min((d.job for d in details if d.job), default=None)
        parent = min((d.parent for d in details if d.parent), default=None)
        run.parent = None if parent is None else self.key(parent)
        run.experiment = min((d.experiment for d in details if d.experiment), default=None)
        run.upkeep = any(d.job_type == "TEST" for d in details) or (rules.checks_are_upkeep and self._only_checks(run))
        times = [time for time, _ in run.events]
        run.start = min(times) if rules.start_is_earliest else max(times)
        ends = [(time, kind == "COMPLETE") for time, kind in run.events if kind in TERMINAL]
        if ends:
            pick = max(ends) if rules.complete_after_fail_is_success else min(ends)
            run.end, run.success = pick if rules.end_is_latest else min(ends)
            run.success |= not rules.abort_is_failure and (run.end, "FAIL") not in run.events
            run.start = min(run.start, run.end) - (0 if rules.one_event_is_both or len(run.events) > 1 else HOUR)
        run.slices = slices_of(run, self.as_of, rules)

    def _only_checks(self, run: Run) -> bool:
        """Say whether a run checked what it read and has no other product: no dataset, trial or version."""
        checked = any(d.checks_only for d in run.details)
        made = any(run.key in map(self.key, v.runs) for v in self.of(Version) if not v.prompt)
        return checked and bool(run.reads) and not run.writes and run.experiment is None and not made

    def _counts(self, version: Version) -> bool:
        """Say whether a version is known and not a prompt."""
        prompt = version.prompt and self.rules.prompts_are_no_versions
        return not prompt and self.registered(version) <= self.as_of - self.month_ends

    def registered(self, version: Version) -> int:
        """Return the instant of registration."""
        if version.happened_at is None or not self.rules.happened_before_recorded:
            return version.recorded_at
        return version.happened_at

    def leads_to(self, run: str) -> list[Version]:
        """Return the versions, not copies, that a run leads to."""
        return self.led.get(run, [])

    def _led(self) -> dict[str, list[Version]]:
        """Return for each run the versions, not copies, that it leads to."""
        led: dict[str, list[Version]] = {}
        for _, version in sorted(self.versions.items()):
            copies = version.copy_of is not None and self.rules.later_siblings_and_copies_nothing
            for run in sorted({self.key(own) for own in version.runs} if not copies else ()):
                led.setdefault(run, []).append(version)
        return led

    def uses(self) -> list[Use]:
        """Return which consumer uses which version when."""
        return self.of(Use)

    def predictions(self, month: str) -> dict[tuple[str, str], int]:
        """Return the predictions of a month for each version and consumer."""
        counts: dict[tuple[str, str], int] = {}
        for p in self.of(Prediction):
            if p.month == month:
                counts[p.version, p.consumer] = counts.get((p.version, p.consumer), 0) + p.count
        return counts
