"""What Marquez' read side is asked: jobs, their runs, and the datasets between them, out of the graph's flows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of, parse
from trivium.graph.flows import FAILED, FOREVER, OPEN, Flows

STATES = {OPEN: "RUNNING", FAILED: "FAILED"}
"""Marquez' words for how a run ended; all else is COMPLETED. An aborted run is a failed one here."""


@dataclass(frozen=True)
class Ran:
    """One run of a job; `end` is None while it is open."""

    run: str
    job: str
    state: str
    start: Instant
    end: Instant | None


@dataclass
class Thing:
    """A job or a dataset, with what is on its two sides: of a job datasets, of a dataset jobs, by key."""

    key: str
    namespace: str
    name: str
    first: Instant | None = None
    last: Instant | None = None
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    runs: list[Ran] = field(default_factory=list)

    @property
    def node(self) -> str:
        """Give its node id as Marquez writes it."""
        return f"{kind_of(self.key)}:{self.namespace}:{self.name}"

    def heard(self, start: Instant, end: Instant | None) -> None:
        """Note when it was mentioned."""
        last = start if end is None else end
        self.first = start if self.first is None else min(self.first, start)
        self.last = last if self.last is None else max(self.last, last)


@dataclass(frozen=True)
class Catalogue:
    """All jobs and datasets that runs name, by key, and every name of them as a node id."""

    things: dict[str, Thing]
    nodes: dict[str, str]
    runs: dict[str, Ran]

    def of_kind(self, kind: str, namespace: str) -> list[Thing]:
        """List the jobs or datasets of a namespace, by name."""
        found = (one for one in self.things.values() if kind_of(one.key) == kind and one.namespace == namespace)
        return sorted(found, key=lambda one: one.name)

    def around(self, key: str, depth: int) -> list[Thing]:
        """Give the jobs within `depth` jobs of a job or dataset, and all their datasets, by node id."""
        start = self.things[key]
        jobs = {key} if kind_of(key) == "job" else {*start.before, *start.after}
        found, edge = {key, *jobs}, set(jobs)
        for _ in range(depth):
            edge = self._beside(edge, found) - found
            if not edge:
                break
            found |= edge
        found |= {dataset for one in found if kind_of(one) == "job" for dataset in self._sides(one)}
        return sorted((self.things[one] for one in found), key=lambda one: one.node)

    def _beside(self, jobs: Iterable[str], found: set[str]) -> set[str]:
        """Give the jobs that share a dataset with some jobs."""
        datasets = {dataset for one in jobs for dataset in self._sides(one)}
        return {job for one in datasets for job in self._sides(one)} - found

    def _sides(self, key: str) -> set[str]:
        return self.things[key].before | self.things[key].after


def catalogue(rooms: Rooms, state: State) -> Catalogue:
    """Give the catalogue of a state; kept for it."""
    return rooms.bookkeeping.kept("catalogue", state, lambda: _catalogue(rooms.bookkeeping.flows(state)))


def _catalogue(flows: Flows) -> Catalogue:
    things: dict[str, Thing] = {}
    for key in (*flows.jobs, *flows.datasets):
        parts = parse(key)
        things[key] = Thing(key, parts.namespace, parts.name)
    runs = _runs(flows, things)
    for uses, reads in ((flows.reads, True), (flows.writes, False)):
        for run, dataset in zip(uses.run.tolist(), uses.dataset.tolist(), strict=True):
            _join(flows, things, run, flows.datasets[dataset], reads=reads)
    nodes = {thing.node: key for key, thing in things.items()}
    for name, key in flows.names.items():
        if key in things and kind_of(name) == kind_of(key):
            other = parse(name)
            nodes.setdefault(f"{kind_of(name)}:{other.namespace}:{other.name}", key)
    return Catalogue(things, nodes, runs)


def _runs(flows: Flows, things: dict[str, Thing]) -> dict[str, Ran]:
    runs, found = flows.runs, {}
    columns = (runs.job.tolist(), runs.start.tolist(), runs.end.tolist(), runs.outcome.tolist())
    for key, job, start, end, outcome in zip(runs.keys, *columns, strict=True):
        if job >= 0:
            ended = None if end == FOREVER else end
            ran = Ran(key, flows.jobs[job], STATES.get(outcome, "COMPLETED"), start, ended)
            found[key] = ran
            things[ran.job].runs.append(ran)
            things[ran.job].heard(start, ended)
    for thing in things.values():
        thing.runs.sort(key=lambda one: (-one.start, one.run))
    return found


def _join(flows: Flows, things: dict[str, Thing], run: int, dataset: str, *, reads: bool) -> None:
    """Put a dataset and the job that reads or writes it beside each other."""
    job = int(flows.runs.job[run])
    end = int(flows.runs.end[run])
    things[dataset].heard(int(flows.runs.start[run]), None if end == FOREVER else end)
    if job < 0:
        return
    source, target = (dataset, flows.jobs[job]) if reads else (flows.jobs[job], dataset)
    things[source].after.add(target)
    things[target].before.add(source)
