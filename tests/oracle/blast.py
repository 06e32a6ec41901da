"""§4 of the rule, Blast radius: what a bad dataset reaches forward in time, and the money that hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle.answers import computed
from tests.oracle.closing import Computed
from tests.oracle.explained import charged
from tests.oracle.history import DAY, Check, History, Owner, Use, Worth
from tests.oracle.rules import AS_WRITTEN, Rules
from tests.oracle.tanks import ZERO
from tests.oracle.view import Run, View

DAYS = 28
LAST_RUNS = 5


@dataclass
class Blast:
    """All that a dataset reaches: assets by the instant of contact; `spent` is None where `since` is unknown."""

    since: int | None
    assets: dict[str, int] = field(default_factory=dict)
    spent: Fraction | None = None
    serving: Fraction = ZERO
    tokens: Fraction = ZERO
    value: Fraction = ZERO
    repair: list[tuple[str, Fraction]] = field(default_factory=list)


def blast(history: History, dataset: str, as_of: int, since: int | None = None, rules: Rules = AS_WRITTEN) -> Blast:
    """Return what a dataset reaches since it is bad."""
    answer = computed(history, as_of, None, rules)
    view = answer[-1].view
    bad = last_pass(view, dataset) if since is None and rules.bad_since_last_pass else since
    found = Blast(bad)
    contacts = reached(view, dataset, 0 if bad is None else bad)
    runs = [key for key in contacts if key.startswith("run:")]
    found.assets = {key: at for key, at in contacts.items() if not key.startswith("run:")}
    if bad is not None or not rules.unknown_has_no_sum:
        found.spent = spent(answer, runs, bad or 0)
    found.serving, found.tokens = (at_risk(answer, found.assets, tokens) for tokens in (False, True))
    worths = [worth.amount for worth in view.of(Worth) if worth.product in found.assets]
    found.value = sum(worths, ZERO)
    found.repair = repairs(answer, contacts)
    return found


def last_pass(view: View, dataset: str) -> int | None:
    """Return the instant of the last passing check of a dataset."""
    return max(
        (c.time for c in view.of(Check) if c.dataset == dataset and c.passed and c.time <= view.as_of), default=None
    )


def reached(view: View, dataset: str, since: int) -> dict[str, int]:
    """Return every key that is reached with the instant: a run when it starts after what it reads was reached."""
    at = {dataset: since}
    while True:
        known = dict(at)
        for run in view.runs.values():
            reach_by(run, at, view)
        for version in view.versions.values():
            ends = [view.runs[run].end or 0 for run in map(view.key, version.runs) if run in at]
            if ends:
                touch(at, version.key, max(*ends, view.registered(version)))
        for use in view.of(Use):
            if use.version in at:
                touch(at, use.consumer, max(use.since, at[use.version]))
        for owner in view.of(Owner):
            if owner.key in at and owner.owner.startswith("product:"):
                touch(at, owner.owner, at[owner.key])
        if at == known:
            del at[dataset]
            return at


def reach_by(run: Run, at: dict[str, int], view: View) -> None:
    """Reach a run, its job, and what it wrote well, through what it reads."""
    times = [at[d] for d in run.reads if d in at]
    forward = view.rules.forward_in_time
    if run.upkeep or not times or (forward and run.start < min(times)):
        return
    touch(at, run.key, run.start)
    if run.job:
        touch(at, run.job, run.start)
    if run.success and run.end is not None:
        for dataset in run.writes:
            touch(at, dataset, run.end)


def touch(at: dict[str, int], key: str, time: int) -> None:
    """Note a contact: the first counts."""
    at[key] = min(at.get(key, time), time)


def spent(answer: list[Computed], runs: list[str], since: int) -> Fraction:
    """Return the own charges of runs since an instant."""
    sums = charged(answer)
    if not answer[-1].view.rules.spent_is_own:
        return sum((a.amount for found in answer for a in found.outcome.arrivals if a.key in runs), ZERO)
    return sum((sums.get(run, ZERO) for run in runs if answer[-1].view.runs[run].start >= since), ZERO)


def at_risk(answer: list[Computed], assets: dict[str, int], tokens: bool) -> Fraction:
    """Return the mean daily charges of the reached endpoints over the last 28 days with charges of either kind."""
    days: dict[int, dict[bool, Fraction]] = {}
    for found in answer:
        for share in found.shares:
            if share.bearer.startswith("endpoint:") and share.bearer in assets:
                spread_by_day(share.part.start, share.part.end, share.amount, share.part.charge.in_tokens, days)
    rules = answer[-1].view.rules
    last = sorted(days)[-DAYS if rules.last_28_days else 0 :]
    return sum((days[day].get(tokens, ZERO) for day in last), ZERO) / max(1, len(last))


def spread_by_day(start: int, end: int, amount: Fraction, tokens: bool, days: dict[int, dict[bool, Fraction]]) -> None:
    """Share an amount over the days of its period."""
    for day in range(start - start % DAY, end, DAY):
        part = Fraction(min(end, day + DAY) - max(start, day), end - start)
        sums = days.setdefault(day, {})
        sums[tokens] = sums.get(tokens, ZERO) + amount * part


def repairs(answer: list[Computed], contacts: dict[str, int]) -> list[tuple[str, Fraction]]:
    """Return the reached jobs after those they depend on, with the mean cost of their last successful runs."""
    view, own = answer[-1].view, charged(answer)
    jobs = {key for key in contacts if key.startswith("job:")}
    ordered: list[str] = []
    while jobs:
        free = {job for job in jobs if not needs(job, view) & jobs - {job}} or jobs
        first = min(free, key=lambda job: (contacts[job], job))
        ordered.append(first if view.rules.repair_in_order else min(jobs))
        jobs.remove(ordered[-1])
    found = []
    for job in ordered:
        good = sorted((r for r in view.runs.values() if r.job == job and r.success), key=lambda r: r.end or 0)
        last = good[-LAST_RUNS:]
        found.append((job, sum((own.get(r.key, ZERO) for r in last), ZERO) / max(1, len(last))))
    return found


def needs(job: str, view: View) -> set[str]:
    """Return the jobs that write what a job reads."""
    read = {d for run in view.runs.values() if run.job == job for d in run.reads}
    return {run.job for run in view.runs.values() if run.job and set(run.writes) & read}
