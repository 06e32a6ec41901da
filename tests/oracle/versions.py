"""Model versions in one month: when they take effect, what they receive, who drains them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.oracle.charging import Charging
from tests.oracle.history import Version
from tests.oracle.schedule import EFFECTS, FIRST
from tests.oracle.shares import by_weight, equally
from tests.oracle.tanks import ZERO, Money, Position, Tanks
from tests.oracle.view import Run, View


class Effects:
    """Which version receives which run in this month."""

    def __init__(self, view: View, tanks: Tanks, opens: int) -> None:
        self.view, self.tanks, self.opens = view, tanks, opens
        self.waiting: dict[tuple[str, str], Money] = {}
        self.new = [pair for pair in self._pairs() if pair[1:] not in tanks.effected]
        self.groups = self._groups()

    def _pairs(self) -> list[tuple[int, str, str]]:
        """Return when each version takes effect for each of its runs that have ended."""
        pairs = []
        for key, versions in self.view.led.items():
            run = self.view.runs.get(key)
            if run is not None and run.end is not None:
                pairs += [(self._effect(v, run.end), key, v.key) for v in versions]
        return sorted(pairs)

    def _effect(self, version: Version, end: int) -> int:
        """Return the later of registration and the run's end, not before this month."""
        registered = self.view.registered(version) if self.view.rules.version_waits_for_registration else end
        return max(registered, end, self.opens)

    def _groups(self) -> dict[str, tuple[str, ...]]:
        """Return the versions that share a run: those of the first month that has any."""
        groups: dict[str, tuple[str, ...]] = {}
        for _, run, version in self.new:
            if run not in self.tanks.built or not self.view.rules.later_siblings_and_copies_nothing:
                before = groups.get(run, self.tanks.built.get(run, ()))
                groups[run] = (*before, version) if self.view.rules.siblings_share or not before else before
        return groups

    def group(self, run: str) -> tuple[str, ...]:
        """Return the versions that receive what a run holds."""
        return self.groups.get(run) or self.tanks.built.get(run, ())

    def waits(self, run: Run) -> bool:
        """Say whether a run under way already leads to a version, and so keeps what it holds."""
        return run.end is None and bool(self.view.leads_to(run.key)) and not self.group(run.key)

    def plan(self, flow: Charging) -> list[tuple[Position, Callable[[], None]]]:
        """Return the steps of this month's versions: receive the own runs, then drain the trials."""
        steps: list[tuple[Position, Callable[[], None]]] = []
        place = EFFECTS if self.view.rules.versions_after_ends else FIRST
        for time, run, version in self.new:
            position = (time, place, 0, version, 0)
            steps.append((position, lambda r=run, v=version, p=position: self._take(flow, r, v, p)))
        for (time, experiment), versions in self._drains().items():
            position = (time, place, 1, experiment, 0)
            steps.append((position, lambda e=experiment, v=versions, p=position: self._drain(flow, e, v, p)))
        return steps

    def receive(self, flow: Charging, run: str, money: Money, position: Position) -> None:
        """Share a run's money equally over its versions; those not in effect yet wait for it."""
        for version, share in equally(self.group(run)).items():
            part = money.times(share)
            if (run, version) in self.tanks.effected:
                self._deliver(flow, run, version, part, position)
            else:
                self.waiting[run, version] = self.waiting.get((run, version), Money()) + part

    def _take(self, flow: Charging, run: str, version: str, position: Position) -> None:
        """Let a version take effect for one of its runs."""
        self.tanks.effected.add((run, version))
        if version not in self.group(run):
            return
        self.tanks.built[run] = self.group(run)
        for parcels in self.tanks.trials.values():
            if run in parcels:
                self.receive(flow, run, parcels.pop(run), position)
        money = self.waiting.pop((run, version), Money())
        self._deliver(flow, run, version, money, position)

    def _deliver(self, flow: Charging, run: str, version: str, money: Money, position: Position) -> None:
        """Pour a run's money into a version."""
        flow.note(position, run, version, money.all)
        flow.arrive(version, "direct", money.own)
        flow.arrive(version, "upstream", money.drained)
        self._fill(flow, version, money.all)

    def _fill(self, flow: Charging, version: str, amount: Fraction) -> None:
        """Add to the balance of a version."""
        if version not in flow.absorbs and amount:
            self.tanks.models[version] = self.tanks.models.get(version, ZERO) + amount

    # Trials

    def _drains(self) -> dict[tuple[int, str], list[str]]:
        """Return which versions drain which experiment, and when: once all their runs have ended."""
        drains: dict[tuple[int, str], list[str]] = {}
        for key, version in sorted(self.view.versions.items()):
            runs = [self.view.runs[r] for r in sorted({self.view.key(o) for o in version.runs}) if r in self.view.runs]
            receives = any(key in self.group(run.key) for run in runs)
            if key in self.tanks.drained or not receives or not self.view.rules.version_drains_trials:
                continue
            ends = [run.end for run in runs if run.end is not None]
            if len(ends) == len(runs):
                experiments = self._experiments(version, runs)
                if not experiments:
                    self.tanks.drained.add(key)
                for experiment in experiments:
                    drains.setdefault((self._effect(version, max(ends)), experiment), []).append(key)
        return drains

    def _experiments(self, version: Version, runs: list[Run]) -> list[str]:
        """Return the experiments of a version and its runs, never MLflow's experiment 0."""
        names = {version.experiment} | {run.experiment for run in runs}
        return sorted(f"experiment:{name}" for name in names if name not in (None, "0"))

    def _drain(self, flow: Charging, experiment: str, versions: list[str], position: Position) -> None:
        """Drain the trials so far, equally for the versions and their siblings of this month."""
        self.tanks.drained |= set(versions)
        money = sum((m.all for m in self.tanks.trials.pop(experiment, {}).values()), ZERO)
        siblings = {v for group in map(self.group, self.view.led) if set(group) & set(versions) for v in group}
        for version, share in equally(sorted(siblings)).items():
            flow.note(position, experiment, version, money * share)
            flow.arrive(version, "trials" if self.view.rules.trials_apart else "upstream", money * share)
            self._fill(flow, version, money * share)

    # The end of the month

    def month_end(self, flow: Charging) -> None:
        """Let the consumers of the month drain the versions, then count what serving them cost."""
        used = self._used(flow.month.name)
        if self.view.rules.consumers_drain and self.view.month_ends:
            for version in sorted(self.tanks.models):
                shares = self._shares({c: n for (v, c), n in used.items() if v == version})
                if shares and version not in flow.absorbs:
                    self._consume(flow, version, shares)
                elif not shares and not self.view.rules.unused_versions_carry:
                    flow.rest(version, self.tanks.models.pop(version))
        for (endpoint, in_tokens), amount in flow.month.serving.items():
            served = {v: n for (v, c), n in used.items() if c == endpoint}
            kind = "tokens" if in_tokens and self.view.rules.tokens_apart else "serving"
            for version, share in self._shares(served, self.view.rules.serving_by_predictions).items():
                flow.arrive(version, kind, amount * share)

    def _consume(self, flow: Charging, version: str, shares: dict[str, Fraction]) -> None:
        """Pour a version's balance into its consumers, where it rests."""
        amount = self.tanks.models.pop(version)
        for consumer, share in shares.items():
            flow.note((self.view.as_of, EFFECTS, 9, consumer, 0), version, consumer, amount * share)
            flow.arrive(consumer, "upstream" if self.view.rules.origin_is_kept else "direct", amount * share)
            job = consumer.startswith("job:")
            flow.rest(consumer if self.view.rules.jobs_keep or not job else version, amount * share)

    def _used(self, month: str) -> dict[tuple[str, str], int | None]:
        """Return who used what in the month, with the predictions if any are known."""
        counts = self.view.predictions(month)
        last = self.view.as_of - self.view.month_ends
        prompts = {v.key for v in self.view.of(Version) if v.prompt and self.view.rules.prompts_are_no_versions}
        return {
            (use.version, use.consumer): counts.get((use.version, use.consumer))
            for use in sorted(self.view.uses(), key=lambda u: (u.version, u.consumer))
            if use.since <= last and (use.until is None or use.until > self.opens) and use.version not in prompts
        }

    def _shares(self, counts: dict[str, int | None], predicted: bool = True) -> dict[str, Fraction]:
        """Share by predictions where all have them, else equally."""
        if not self.view.rules.predictions_of_all:
            counts = {consumer: count or 0 for consumer, count in counts.items()}
        measured = by_weight(counts) if predicted and self.view.rules.by_predictions else None
        return measured or equally(sorted(counts))
