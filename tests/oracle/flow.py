"""§2 and §3 of the rule for one month: every step in the order of time, tank by tank."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from fractions import Fraction

from tests.oracle import schedule
from tests.oracle.allocation import Share
from tests.oracle.charging import Charging, Month
from tests.oracle.families import bearers
from tests.oracle.history import DAY
from tests.oracle.readers import Readers, Step, drains
from tests.oracle.retries import Retries
from tests.oracle.shares import by_measure, equally
from tests.oracle.tanks import BEFORE_ALL, ZERO, Arrival, Money, Pending, Position, Pour, Prepaid, Tanks
from tests.oracle.versions import Effects
from tests.oracle.view import Run, Slice, View


class Flow(Charging):
    """The simulation of one month; `absorbs` are the names of an asset whose outflow is removed."""

    def __init__(
        self, name: str, opens: int, view: View, carried: Tanks, absorbs: frozenset[str] = frozenset()
    ) -> None:
        self.opens, self.view, self.absorbs = opens, view, absorbs
        self.month = Month(name, carried)
        self.tanks = self.month.tanks
        self.tanks.rename(view.key)
        self.acts = 0
        self.done: set[tuple[str, int]] = set()
        self.held: dict[tuple[str, int], Money] = {}
        self.queue: list[tuple[Position, int, Callable[[], None]]] = []
        self.readers = Readers(view)
        self.steps = {key: schedule.steps_of(run, opens, self.tanks, view) for key, run in view.runs.items()}
        self.retries = Retries(view, self.tanks, self.steps)
        self.effects = Effects(view, self.tanks, opens)

    def run(self, shares: list[Share]) -> Month:
        """Take every step of the month and return what it leaves."""
        self._plan_runs()
        for position, act in self.effects.plan(self):
            self.at(position, act)
        self._bring_forward()
        for share in shares:
            self._charge(share)
        while self.queue:
            heapq.heappop(self.queue)[2]()
        self._hold_what_runs()
        self._carry_pours()
        self._count()
        return self.month

    def at(self, position: Position, act: Callable[[], None]) -> None:
        """Do something at a position in the order of steps."""
        self.acts += 1
        heapq.heappush(self.queue, (position, self.acts, act))

    # Steps of runs

    def _plan_runs(self) -> None:
        """Note all reads and writes of the month, and queue the steps."""
        for key, steps in self.steps.items():
            run = self.view.runs[key]
            for step in steps:
                if step.begins is not None:
                    for dataset in self._due(run, step):
                        self.readers.add_read(dataset, step, step.begins)
                    self.at(step.begins, lambda r=run, s=step: self._begin(r, s))
                if step.finishes is not None:
                    for dataset in self._writes(run, step):
                        self.readers.add_write(dataset, step.finishes)
                    self.at(step.finishes, lambda r=run, s=step: self._finish(r, s))

    def _count(self) -> None:
        """Remember which runs, reads, writes and ends this month has counted."""
        for key, run in self.view.runs.items():
            self.tanks.begun.add(key)
            self.tanks.read |= {(key, dataset) for dataset in run.reads}
            self.tanks.wrote |= {(key, dataset) for dataset in run.writes}
            self.tanks.ends[key] = (run.end, run.success)

    def _due(self, run: Run, step: Step) -> list[str]:
        """Return the datasets a step is yet to drain."""
        return schedule.unread(run, self.tanks, self.view) if step.late else drains(run, self.view)

    def _writes(self, run: Run, step: Step) -> list[str]:
        """Return the datasets a step writes: none if it fails."""
        if run.upkeep:
            return []
        if not self.view.rules.failed_outputs_are_no_writes:
            return sorted(run.writes)
        if step.late and schedule.is_over(step.slices[-1], self.opens, self.view):
            return schedule.unwritten(run, step.slices, self.tanks)
        return sorted(run.written()) if any(s.success for s in step.slices) else []

    def _begin(self, run: Run, step: Step) -> None:
        """Drain the datasets that the step reads."""
        assert step.begins is not None
        got = ZERO
        for dataset in self._due(run, step):
            got += self._drain(dataset, step.begins, run.key)
        self._hold(step.slices[-1], Money(drained=got))

    def _drain(self, dataset: str, position: Position, run: str) -> Fraction:
        """Take this read's share of every pour that waits in the dataset."""
        got = ZERO
        for pour in self.tanks.pending.get(dataset, []):
            share = self.readers.share(dataset, pour, position)
            if share:
                pour.stretch = self.readers.stretch(dataset, position)
                pour.left -= pour.amount * share
                got += pour.amount * share
        self.note(position, dataset, run, got)
        self.arrive(run, "upstream", got)
        return got

    def _hold(self, part: Slice, money: Money) -> None:
        """Put money into the tank of a slice."""
        place = (part.run, part.start)
        self.held[place] = self.held.get(place, Money()) + money

    def _finish(self, run: Run, step: Step) -> None:
        """Pour everything the step holds along its route."""
        assert step.finishes is not None
        money = Money(drained=self.retries.take(self, run, step))
        for part in step.slices:
            money += self.held.pop((run.key, part.start), Money())
            self.done.add((run.key, part.start))
        self.route(run, step.slices[-1], money, step.finishes)

    def route(self, run: Run, part: Slice, money: Money, position: Position) -> None:
        """Pour money of a run that has ended into the first of its destinations."""
        if run.key in self.absorbs:
            return
        fails = not part.success
        trial = run.trial_of if run.experiment != "0" or not self.view.rules.experiment_zero_is_none else None
        if bearers(run.key, self.view) != {run.key: Fraction(1)}:
            self._down(run, money, position)
        elif run.upkeep and run.reads and self.view.rules.upkeep_equally:
            made = {} if self.view.rules.audit_tables_are_no_assets else run.writes
            self._into_datasets(run, equally(sorted({*run.reads, *made})), money, position)
        elif self.effects.waits(run):
            self._hold(run.slices[-1], money)
        elif self.effects.group(run.key) and self.view.rules.versions_before_datasets:
            self.effects.receive(self, run.key, money, position)
        elif fails and trial and self.view.rules.failed_mlflow_is_trial:
            self._into_trial(run, trial, money, position)
        elif fails and not run.upkeep and self.view.rules.failed_outputs_are_no_writes:
            self.retries.leave(self, run, part, money, position)
        else:
            self._route_success(run, trial, money, position)

    def _route_success(self, run: Run, trial: str | None, money: Money, position: Position) -> None:
        """Pour into the datasets written, else the experiment, else rest."""
        writes = {} if run.upkeep and self.view.rules.audit_tables_are_no_assets else run.writes
        if trial and not self.view.rules.datasets_before_experiment:
            writes = {}
        if writes:
            rules = self.view.rules
            measured = by_measure(writes, rules.rows_after_bytes) if rules.written_by_bytes else None
            chosen = sorted(writes)[: None if rules.written_else_equally else 1]
            self._into_datasets(run, measured or equally(chosen), money, position)
        elif trial:
            self._into_trial(run, trial, money, position)
        elif self.effects.group(run.key):
            self.effects.receive(self, run.key, money, position)
        else:
            self.rest(run.key if self.view.rules.ends_keep else "unallocated", money.all)

    def _into_datasets(self, run: Run, shares: dict[str, Fraction], money: Money, position: Position) -> None:
        """Pour into datasets by given shares."""
        for dataset, share in shares.items():
            self.pour(dataset, money.times(share), position, run.key)

    def _into_trial(self, run: Run, experiment: str, money: Money, position: Position) -> None:
        """Lay a run's money into its experiment."""
        self.note(position, run.key, experiment, money.all)
        self.arrive(experiment, "direct", money.own)
        self.arrive(experiment, "upstream", money.drained)
        if not self.view.rules.trials_are_held:
            self.rest(experiment, money.all)
        elif experiment not in self.absorbs:
            parcels = self.tanks.trials.setdefault(experiment, {})
            parcels[run.key] = parcels.get(run.key, Money()) + money

    def _down(self, run: Run, money: Money, position: Position) -> None:
        """Hand what a bracket or folded run holds to the runs that bear its charges."""
        if money.all:
            for bearer, share in bearers(run.key, self.view).items():
                self._give(bearer, Money(drained=money.all * share), None, position)

    # Datasets

    def pour(self, dataset: str, money: Money, position: Position, source: str) -> None:
        """Pour into a dataset at once, or over its life in equal daily parts."""
        self.note(position, source, dataset, money.all)
        self.arrive(dataset, "direct", money.own)
        self.arrive(dataset, "upstream", money.drained)
        if dataset in self.absorbs or not money.all:
            return
        rules = self.view.rules
        days = self.view.lives.get(dataset, 1 if rules.default_at_once else 30) if rules.life else 1
        for k in range(days):
            part = Prepaid(dataset, position[0] + k * DAY, money.all / days)
            if k and not rules.life_parts_are_no_writes:
                self.readers.add_write(dataset, (part.time, schedule.ENDS, 1, dataset, 0))
            if k == 0:
                self._release(part, position)
            else:
                self._later(part)

    def _later(self, part: Prepaid) -> None:
        """Release a part at its time, or keep it prepaid."""
        if part.time > self.view.as_of:
            if self.view.month_ends and not self.view.rules.prepaid_crosses_months:
                self._release(part, BEFORE_ALL)
            else:
                self.tanks.prepaid.append(part)
        else:
            position = (part.time, schedule.ENDS, 1, part.dataset, 0)
            self.at(position, lambda: self._release(part, position))

    def _release(self, part: Prepaid, position: Position) -> None:
        """Let a part wait in the dataset for its readers."""
        waiting = self.tanks.pending.setdefault(part.dataset, [])
        waiting.append(Pending(part.amount, position, part.amount))

    # The edges of the month

    def _bring_forward(self) -> None:
        """Let carried tanks meet this month's runs: pours wait, prepaid parts come due, runs go on."""
        for waiting in self.tanks.pending.values():
            for pour in waiting:
                pour.position = BEFORE_ALL
        prepaid, self.tanks.prepaid = self.tanks.prepaid, []
        for part in prepaid:
            self._later(part)
        running, self.tanks.runs = self.tanks.runs, {}
        for key, money in running.items():
            self._resume(self.view.key(key), money)

    def _resume(self, key: str, money: Money) -> None:
        """Give a run what it held when the last month ended, by what is known of it now."""
        known = len(self.month.arrivals)
        for bearer, share in bearers(key, self.view).items():
            self._give(bearer, money.times(share), None, (self.opens, 0, 0, bearer, 0))
        if bearers(key, self.view) == {key: Fraction(1)}:
            del self.month.arrivals[known:]

    def _hold_what_runs(self) -> None:
        """Keep at the run what has not been poured."""
        for (key, _), money in self.held.items():
            if money.all and key not in self.absorbs:
                self.tanks.runs[key] = self.tanks.runs.get(key, Money()) + money

    def _carry_pours(self) -> None:
        """Carry what nobody read."""
        for dataset, waiting in list(self.tanks.pending.items()):
            for pour in waiting:
                pour.amount, pour.stretch = pour.left, None
            self.tanks.pending[dataset] = [pour for pour in waiting if pour.left]
            if not self.view.rules.unread_is_carried:
                self.rest(dataset, sum((pour.left for pour in self.tanks.pending.pop(dataset)), ZERO))
        self.effects.month_end(self)

    def rest(self, key: str, amount: Fraction) -> None:
        """Let money come to rest."""
        self.month.rests[key] = self.month.rests.get(key, ZERO) + amount

    def note(self, position: Position, source: str, target: str, amount: Fraction) -> None:
        """Write down a pour."""
        if amount:
            self.month.pours.append(Pour(self.month.name, position[0], source, target, amount))

    def arrive(self, key: str, kind: str, amount: Fraction) -> None:
        """Write down what came to an asset."""
        if amount:
            self.month.arrivals.append(Arrival(self.month.name, key, kind, amount))
