"""Trials of a month: each fits a real model on real features, the best of them becomes the next version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trivium.demo.months import HOUR, MINUTE
from trivium.demo.pipelines.bucket import File
from trivium.demo.pipelines.reporter import Reporter
from trivium.facts.instants import Instant
from trivium.facts.period import Period

PAUSE: Final = 15 * MINUTE
"""How long a machine stands idle between two trials."""
REVIEW: Final = 3 * HOUR
"""How long people look at the trials before they register the best one."""
SPARK: Final = "s3a://"
"""How the machines that train spell the bucket: another spelling of the same place."""

Floats = npt.NDArray[np.float64]
Read = Callable[[], File[Any]]


@dataclass(frozen=True)
class Trial:
    """One trial: how its model is made, and how many minutes the real one takes."""

    model: Callable[[], Any]
    minutes: float


@dataclass(frozen=True)
class Version:
    """A version of the product's model: the run it came from, and when it was registered."""

    number: int
    run: str
    at: Instant


@dataclass(frozen=True)
class Course:
    """What is fitted, on what: how trials read, and how the last fit of the best does (None: there is none).

    `begin` is when the first trial starts, `through` the instant up to which things have happened.
    """

    trials: Sequence[Trial]
    read: Read
    last: tuple[Read, float] | None
    data: Callable[[Any], tuple[Floats, Floats]]
    begin: Instant
    through: Instant


@dataclass
class Search:
    """All trials of a product's experiment so far, and the versions that came of them."""

    job: str
    machines: Sequence[str]
    trials: list[str] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)

    def month(self, reporter: Reporter, course: Course) -> None:
        """Run the trials that are over by then, on all machines at once; register the best when all are."""
        free = dict.fromkeys(self.machines, course.begin)
        scored: list[tuple[float, str, Trial]] = []
        for trial in course.trials:
            machine = min(free, key=lambda name: free[name])
            start, free[machine] = free[machine], free[machine] + round(trial.minutes * MINUTE) + PAUSE
            if free[machine] <= course.through:
                score = self._try(reporter, trial, course, start, machine)
                scored.append((score, reporter.runs[-1].run, trial))
        over = max(free.values())
        if len(scored) < len(course.trials):
            return
        _, winner, best = max(scored, key=lambda one: one[0])
        if course.last is not None:
            read, minutes = course.last
            start, over = over, over + round(minutes * MINUTE) + PAUSE
            if over > course.through:
                return
            whole = replace(course, read=read)
            self._try(reporter, Trial(best.model, minutes), whole, start, self.machines[0])
            winner = reporter.runs[-1].run
        if over + REVIEW <= course.through:
            self.versions.append(Version(len(self.versions) + 1, winner, over + REVIEW))

    def _try(self, reporter: Reporter, trial: Trial, course: Course, start: Instant, machine: str) -> float:
        """Fit one model and give its accuracy on every third row, which it has not seen; -1 when it fails."""
        try:
            with reporter.run(self.job, start, trial.minutes, resource=machine, scheme=SPARK) as task:
                features, target = course.data(task.read(course.read()))
                held = np.arange(len(target)) % 3 == 0
                model = trial.model()
                model.fit(features[~held], target[~held])
                return float(np.mean(model.predict(features[held]) == target[held]))
        except ValueError:
            return -1.0
        finally:
            self.trials.append(reporter.runs[-1].run)


def predictions(
    versions: Sequence[Version], months: Sequence[Period], through: Instant, a_day: int
) -> dict[int, dict[str, int]]:
    """Count the predictions of each version in each month: as many a day as people ask for, while it serves."""
    counts: dict[int, dict[str, int]] = {}
    for version, following in zip(versions, [*versions[1:], None], strict=True):
        until = following.at if following else through
        for month in months:
            served = (
                Period(version.at, until).overlap(Period(month.start, min(month.end, through)))
                if until > version.at
                else 0
            )
            if served > 0:
                counts.setdefault(version.number, {})[str(month)] = a_day * served // (24 * HOUR)
    return counts
