"""What stands before and after an asset: datasets, jobs, experiments, model versions, endpoints and products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, bindparam, text

from trivium.facts.instants import Instant
from trivium.facts.statements import (
    Belongs,
    Declared,
    TrialOf,
    VersionRegistered,
    VersionUsed,
)
from trivium.graph.declarations import all_declared
from trivium.graph.flows_reader import DEFAULT_EXPERIMENT
from trivium.graph.identity import canonical_names, merges_of
from trivium.graph.spelling import spell

_LINKS = text(
    "SELECT j.key, l.written, d.key, l.first_at FROM graph_links l JOIN graph_names j ON j.id = l.job"
    " JOIN graph_names d ON d.id = l.dataset WHERE NOT EXISTS (SELECT 1 FROM graph_descriptions t"
    " WHERE t.asset = l.job AND t.field = 'job_type' AND t.value = 'TEST')"
)
_JOBS_OF_RUNS = text(
    "SELECT r.key, j.key FROM graph_runs g JOIN graph_names r ON r.id = g.run JOIN graph_names j ON j.id = g.job"
    " WHERE r.key IN :keys"
).bindparams(bindparam("keys", expanding=True))
_SAME_RUNS = text(
    "SELECT name, means FROM graph_merges WHERE reason = 'same run' AND name IN :keys"
    " UNION SELECT means, name FROM graph_merges WHERE reason = 'same run' AND means IN :keys"
).bindparams(bindparam("keys", expanding=True))


class Step(msgspec.Struct, frozen=True, order=True):
    """An asset on the thread of another, and over how many edges it is reached."""

    distance: int
    asset: str


class Edge(msgspec.Struct, frozen=True, order=True):
    """Cost and content flow from `source` to `target`."""

    source: str
    target: str


class Thread(msgspec.Struct, frozen=True):
    """The part of the graph around one asset: steps before and after it, and the edges among them all."""

    asset: str
    upstream: tuple[Step, ...]
    downstream: tuple[Step, ...]
    edges: tuple[Edge, ...]


class Lineage:
    """The graph of assets as it was at one instant: an edge stands from its first run on.

    A job that only tests passes nothing on and is left out; a run without a job stands for itself.
    """

    def __init__(self, connection: Connection, as_of: Instant | None = None) -> None:
        self._as_of = as_of
        self._said = all_declared(connection)
        self._canonical = canonical_names(merges_of(connection, runs=False))
        self._after: dict[str, set[str]] = defaultdict(set)
        self._before: dict[str, set[str]] = defaultdict(set)
        for job, written, dataset, first_at in connection.execute(_LINKS):
            if self._has_begun(first_at):
                self._connect(*((job, dataset) if written else (dataset, job)))
        self._connect_models(connection)

    def name(self, key: str) -> str:
        """Give the canonical name of a key."""
        spelled = spell(key)
        return self._canonical.get(key) or self._canonical.get(spelled) or spelled

    def upstream(self, key: str, depth: int | None = None) -> list[Step]:
        """List what an asset is made of, nearest first."""
        return _walk(self._before, self.name(key), depth)

    def downstream(self, key: str, depth: int | None = None) -> list[Step]:
        """List what an asset goes into, nearest first."""
        return _walk(self._after, self.name(key), depth)

    def thread(self, key: str, depth: int | None = None) -> Thread:
        """Give both sides of an asset and the edges among them."""
        asset = self.name(key)
        before, after = self.upstream(asset, depth), self.downstream(asset, depth)
        inside = {asset, *(step.asset for step in before), *(step.asset for step in after)}
        edges = sorted(
            Edge(source, target) for source in inside for target in self._after.get(source, ()) if target in inside
        )
        return Thread(asset, tuple(before), tuple(after), tuple(edges))

    def _has_begun(self, at: Instant) -> bool:
        return self._as_of is None or at <= self._as_of

    def _connect(self, source: str, target: str) -> None:
        source, target = self.name(source), self.name(target)
        if source != target:
            self._after[source].add(target)
            self._before[target].add(source)

    def _connect_models(self, connection: Connection) -> None:
        """Add what is declared: runs and trials to versions, versions to their users, all of them to products."""
        jobs = _jobs_of(connection, self._said)
        trials: dict[str, list[str]] = defaultdict(list)
        for statement, _ in self._said:
            if isinstance(statement, TrialOf) and statement.experiment != DEFAULT_EXPERIMENT:
                trials[statement.experiment].append(jobs.get(statement.run, statement.run))
        for statement, _ in self._said:
            if isinstance(statement, VersionRegistered) and not statement.prompt and self._has_begun(statement.at):
                self._connect_version(statement, jobs, trials)
            elif isinstance(statement, VersionUsed) and self._is_used(statement):
                self._connect(statement.version, statement.by)
            elif isinstance(statement, Belongs):
                self._connect(statement.asset, statement.product)

    def _connect_version(self, version: VersionRegistered, jobs: dict[str, str], trials: dict[str, list[str]]) -> None:
        for run in version.runs:
            self._connect(jobs.get(run, run), version.version)
        if version.copy_of:
            self._connect(version.copy_of, version.version)
        if version.experiment and version.experiment != DEFAULT_EXPERIMENT:
            self._connect(version.experiment, version.version)
            for job in trials.get(version.experiment, ()):
                self._connect(job, version.experiment)

    def _is_used(self, use: VersionUsed) -> bool:
        return self._has_begun(use.since) and (self._as_of is None or not use.until or self._as_of < use.until)


def upstream(connection: Connection, key: str, as_of: Instant | None = None, depth: int | None = None) -> list[Step]:
    """List what an asset is made of, nearest first; as it was at an instant, over at most `depth` edges."""
    return Lineage(connection, as_of).upstream(key, depth)


def downstream(connection: Connection, key: str, as_of: Instant | None = None, depth: int | None = None) -> list[Step]:
    """List what an asset goes into, nearest first; as it was at an instant, over at most `depth` edges."""
    return Lineage(connection, as_of).downstream(key, depth)


def _walk(edges: dict[str, set[str]], start: str, depth: int | None) -> list[Step]:
    """Search in widening circles."""
    distances = {start: 0}
    circle, distance = [start], 0
    while circle and (depth is None or distance < depth):
        distance += 1
        reached: Iterable[str] = {target for asset in circle for target in edges.get(asset, ())}
        circle = [asset for asset in reached if asset not in distances]
        distances |= dict.fromkeys(circle, distance)
    del distances[start]
    return sorted(Step(distance, asset) for asset, distance in distances.items())


def _jobs_of(connection: Connection, said: list[tuple[Declared, int]]) -> dict[str, str]:
    """Give the jobs of the runs that declarations name, under any of the two ids of a run that was seen twice."""
    runs = {statement.run for statement, _ in said if isinstance(statement, TrialOf)}
    runs |= {run for statement, _ in said if isinstance(statement, VersionRegistered) for run in statement.runs}
    jobs: dict[str, str] = {}
    ordered = sorted(runs)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        twins = {row[0]: row[1] for row in connection.execute(_SAME_RUNS, {"keys": part})}
        both = [*part, *twins.values()]
        found = {row[0]: row[1] for row in connection.execute(_JOBS_OF_RUNS, {"keys": both})}
        jobs |= {run: found.get(run) or found[twins[run]] for run in part if run in found or twins.get(run) in found}
    return jobs
