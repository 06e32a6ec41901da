"""Trials of a month: each fits a real model on real features, the best of them becomes the next version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from trivium.demo.months import HOUR, MINUTE
from trivium.demo.pipelines.bucket import File
from trivium.demo.pipelines.learning import Floats, Learnt, learn, params_of
from trivium.demo.pipelines.reporter import Reporter
from trivium.demo.pipelines.tracker import SPARK, Registered, Tracker, Tried
from trivium.facts.instants import Instant

PAUSE: Final = 15 * MINUTE
"""How long a machine stands idle between two trials."""
REVIEW: Final = 3 * HOUR
"""How long people look at the trials before they register the best one."""

Read = Callable[[], File[Any]]


@dataclass(frozen=True)
class Trial:
    """One trial: how its model is made, and how many minutes the real one takes."""

    model: Callable[[], Any]
    minutes: float


@dataclass(frozen=True)
class Version:
    """A version of the product's model: the run it came from, when it was registered, and what it learnt."""

    number: int
    run: str
    at: Instant
    learnt: Learnt


@dataclass(frozen=True)
class Course:
    """What is fitted, on what: how trials read, and how the last fit of the best does (None: there is none).

    `begin` is when the first trial starts, `through` the instant up to which things have happened.
    """

    trials: Sequence[Trial]
    read: Read
    last: tuple[Read, float] | None
    data: Callable[[Any], tuple[Floats, Any]]
    begin: Instant
    through: Instant


@dataclass
class Search:
    """All versions that came of a product's trials; OpenLineage and MLflow are told of each trial."""

    job: str
    machines: Sequence[str]
    reporter: Reporter
    tracker: Tracker
    versions: list[Version] = field(default_factory=list)

    def month(self, course: Course) -> None:
        """Run the trials that are over by then, on all machines at once; register the best when all are."""
        free = dict.fromkeys(self.machines, course.begin)
        scored: list[tuple[Learnt, str, Trial]] = []
        tried = 0
        for trial in course.trials:
            machine = min(free, key=lambda name: free[name])
            start, free[machine] = free[machine], free[machine] + round(trial.minutes * MINUTE) + PAUSE
            if free[machine] <= course.through:
                tried += 1
                if learnt := self._try(trial, course, start, machine):
                    scored.append((learnt, self.reporter.runs[-1].run, trial))
        over = max(free.values())
        if tried < len(course.trials):
            return
        learnt, winner, best = max(scored, key=lambda one: one[0].accuracy)
        if course.last is not None:
            read, minutes = course.last
            start, over = over, over + round(minutes * MINUTE) + PAUSE
            whole = replace(course, read=read)
            fitted = None
            if over <= course.through:
                fitted = self._try(Trial(best.model, minutes), whole, start, self.machines[0])
            if fitted is None:
                return
            learnt, winner = fitted, self.reporter.runs[-1].run
        if over + REVIEW <= course.through:
            self._register(Version(len(self.versions) + 1, winner, over + REVIEW, learnt), best)

    def _try(self, trial: Trial, course: Course, start: Instant, machine: str) -> Learnt | None:
        """Fit one model and tell of it, also when it fails; None when it does."""
        model, file = trial.model(), course.read()
        params, fault = params_of(model), ""
        learnt: Learnt | None = None
        try:
            with self.reporter.run(self.job, start, trial.minutes, resource=machine, scheme=SPARK) as task:
                learnt = learn(model, *course.data(task.read(file)))
        except ValueError as refused:
            fault = str(refused)
        curve = learnt.curve if learnt else ()
        self.tracker.tried(Tried(self.reporter.runs[-1], [file], params, curve, fault))
        return learnt

    def _register(self, version: Version, trial: Trial) -> None:
        self.versions.append(version)
        about = params_of(trial.model()) | {"accuracy": f"{version.learnt.accuracy:.4f}"}
        self.tracker.registered(Registered(version.run, version.at, about, version.learnt.arrays()))
