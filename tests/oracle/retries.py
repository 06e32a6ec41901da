"""What failed runs left, and which run takes it over."""

from __future__ import annotations

from fractions import Fraction

from tests.oracle import schedule
from tests.oracle.charging import Charging
from tests.oracle.families import bearers
from tests.oracle.readers import Step
from tests.oracle.tanks import BEFORE_ALL, ZERO, Failed, Money, Position, Tanks
from tests.oracle.view import Run, Slice, View


class Retries:
    """The successful slices of jobs that end in a month, by start."""

    def __init__(self, view: View, tanks: Tanks, steps: dict[str, list[Step]]) -> None:
        self.view, self.tanks = view, tanks
        self.successes = self._successes(steps)

    def _successes(self, steps: dict[str, list[Step]]) -> list[tuple[Position, str, Slice]]:
        found = []
        for key, taken in steps.items():
            run = self.view.runs[key]
            for step in taken:
                last = step.slices[-1]
                alone = bearers(key, self.view) == {key: Fraction(1)}
                if step.finishes is not None and last.success and run.job and not run.upkeep and alone:
                    found.append((schedule.start_position(step.slices[0], self.view), run.job, last))
        return sorted(found, key=lambda x: x[0])

    def leave(self, flow: Charging, run: Run, part: Slice, money: Money, position: Position) -> None:
        """Let a failed run leave its money, as of when it ended, whenever that was recorded."""
        if money.all:
            ended = schedule.end_position(part, self.view)
            self.tanks.failed.append(Failed(run.key, run.job or run.key, ended, money.all))
        flow.note(position, run.key, "failed", money.all)

    def take(self, flow: Charging, run: Run, step: Step) -> Fraction:
        """Take what failed runs of the job left, if this is the next successful one."""
        got, rest = ZERO, []
        for failed in self.tanks.failed:
            later = self._of(failed)
            if later and later[0] in step.slices and self.view.rules.failed_to_next_success:
                got += failed.amount
                if failed.run not in flow.absorbs:
                    flow.note(step.finishes or BEFORE_ALL, failed.run, run.key, failed.amount)
            else:
                rest.append(failed)
        self.tanks.failed[:] = rest
        flow.arrive(run.key, "upstream", got)
        return got

    def _of(self, failed: Failed) -> list[Slice]:
        """Return the successful slices of other runs of a failed run's present job that start after it ended."""
        run = self.view.runs.get(failed.run)
        mine = failed.job if run is None else run.job
        after = failed.ended if self.view.rules.retry_starts_after_end else BEFORE_ALL
        return [p for place, job, p in self.successes if job == mine and p.run != failed.run and place > after]
