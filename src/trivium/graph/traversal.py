"""What stands before and after an asset: datasets, jobs, experiments, model versions, endpoints and products."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, text

from trivium.facts.instants import FIRST, Instant
from trivium.facts.statements import (
    Belongs,
    Declared,
    TrialOf,
    VersionRegistered,
    VersionUsed,
)
from trivium.graph.asked_columns import observed_uses
from trivium.graph.declarations import all_declared
from trivium.graph.flows_reader import DEFAULT_EXPERIMENT
from trivium.graph.identity import names_now
from trivium.graph.kept import kept
from trivium.graph.spelling import spell

Said = list[tuple[Declared, int]]
Way = tuple[Instant, Instant, str, str]
"""Since when a way stands, until when (0: without end), where it comes from and where it leads."""
_KEPT: Final = 8
_AT_ONCE: Final = 500
_LINKS = text(
    "SELECT j.key, l.written, d.key, l.first_at FROM graph_links l JOIN graph_names j ON j.id = l.job"
    " JOIN graph_names d ON d.id = l.dataset WHERE NOT EXISTS (SELECT 1 FROM graph_descriptions t"
    " WHERE t.asset = l.job AND t.field = 'job_type' AND t.value = 'TEST')"
)
_TRIED = text(
    "SELECT DISTINCT e.key, coalesce(j.key, (SELECT k.key FROM graph_merges m JOIN graph_names p ON p.key = m.means"
    " JOIN graph_runs o ON o.run = p.id JOIN graph_names k ON k.id = o.job WHERE m.name = r.key AND"
    " m.reason = 'same run'), (SELECT k.key FROM graph_merges m JOIN graph_names p ON p.key = m.name JOIN graph_runs o"
    " ON o.run = p.id JOIN graph_names k ON k.id = o.job WHERE m.means = r.key AND m.reason = 'same run'), r.key)"
    " FROM graph_trials t JOIN graph_names e ON e.id = t.experiment JOIN graph_names r ON r.id = t.run"
    " LEFT JOIN graph_runs g ON g.run = t.run LEFT JOIN graph_names j ON j.id = g.job ORDER BY 1, 2"
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


@dataclass(frozen=True)
class Ways:
    """All ways between assets."""

    rows: list[Way]
    changes: list[Instant]
    """The instants at which a way begins or ends, in order."""
    names: Mapping[str, str]
    made: dict[int, Lineage] = field(default_factory=dict, compare=False)
    """The graphs that were asked for, by how many changes lie before them."""


class Lineage:
    """The graph of assets as it was at one instant: an edge stands from its first run on.

    A job that only tests passes nothing on and is left out; a run without a job stands for itself.
    """

    def __init__(self, connection: Connection, as_of: Instant | None = None) -> None:
        ways = _ways(connection)
        self._canonical = ways.names
        self._after: dict[str, set[str]] = defaultdict(set)
        self._before: dict[str, set[str]] = defaultdict(set)
        for since, until, source, target in ways.rows:
            if as_of is None or (since <= as_of and (not until or as_of < until)):
                self._after[source].add(target)
                self._before[target].add(source)

    def name(self, key: str) -> str:
        """Give the canonical name of a key."""
        return _named(self._canonical, key)

    def upstream(self, key: str, depth: int | None = None) -> list[Step]:
        """List what an asset is made of, nearest first."""
        return _walk(self._before, self.name(key), depth)

    def downstream(self, key: str, depth: int | None = None) -> list[Step]:
        """List what an asset goes into, nearest first."""
        return _walk(self._after, self.name(key), depth)

    def edges_among(self, assets: Collection[str]) -> list[Edge]:
        """List the edges among some assets (by canonical key), sorted."""
        inside = set(assets)
        return sorted(Edge(source, target) for source in inside for target in self._after.get(source, set()) & inside)

    def thread(self, key: str, depth: int | None = None) -> Thread:
        """Give both sides of an asset and the edges among them."""
        asset = self.name(key)
        before, after = self.upstream(asset, depth), self.downstream(asset, depth)
        edges = self.edges_among([asset, *(step.asset for step in before), *(step.asset for step in after)])
        return Thread(asset, tuple(before), tuple(after), tuple(edges))


def lineage_at(connection: Connection, as_of: Instant | None = None) -> Lineage:
    """Give the graph of assets at an instant, kept until a way begins, ends or is told of."""
    ways = _ways(connection)
    place = len(ways.changes) + 1 if as_of is None else bisect_right(ways.changes, as_of)
    found = ways.made.get(place)
    if found is None:
        found = Lineage(connection, as_of)
        if len(ways.made) >= _KEPT:
            ways.made.clear()
        ways.made[place] = found
    return found


def _ways(connection: Connection) -> Ways:
    return kept(
        connection,
        "ways",
        ("linked", "declared", "merged", "described", "asked", "tried", "paired"),
        _read_ways,
        _jobs_now,
    )


def _read_ways(connection: Connection) -> Ways:
    names = names_now(connection)
    found = list(_links(connection))
    found += _declared_ways(all_declared(connection), _jobs_now(connection), _trials_seen(connection))
    found += _observed_ways(connection, {(source, target) for _, _, source, target in found})
    rows = [(since, until, _named(names, source), _named(names, target)) for since, until, source, target in found]
    rows = [row for row in rows if row[2] != row[3]]
    changes = {row[0] for row in rows} | {row[1] for row in rows}
    return Ways(rows, sorted(changes), names)


def _links(connection: Connection) -> Iterator[Way]:
    for job, written, dataset, first_at in connection.execute(_LINKS):
        yield (first_at, 0, job, dataset) if written else (first_at, 0, dataset, job)


def _trials_seen(connection: Connection) -> dict[str, list[str]]:
    """List the jobs, or runs without one, that were seen as trials of experiments."""
    found: dict[str, list[str]] = defaultdict(list)
    for experiment, runner in connection.execute(_TRIED):
        if experiment != DEFAULT_EXPERIMENT:
            found[experiment].append(runner)
    return found


def _declared_ways(said: Said, jobs: Mapping[str, str], trials: dict[str, list[str]]) -> Iterator[Way]:
    """Give what is declared: runs and trials to versions, versions to their users, all of them to products."""
    for statement, _ in said:
        if isinstance(statement, TrialOf) and statement.experiment != DEFAULT_EXPERIMENT:
            trials[statement.experiment].append(jobs.get(statement.run, statement.run))
    for statement, _ in said:
        if isinstance(statement, VersionRegistered) and not statement.prompt:
            yield from _ways_of_version(statement, jobs, trials)
        elif isinstance(statement, VersionUsed):
            yield statement.since, statement.until, statement.version, statement.by
        elif isinstance(statement, Belongs):
            yield FIRST, 0, statement.asset, statement.product


def _observed_ways(connection: Connection, told: Collection[tuple[str, str]]) -> Iterator[Way]:
    """Give the versions that were seen to answer for an endpoint though nobody declares it."""
    for version, consumer, day in observed_uses(connection):
        if (version, consumer) not in told:
            yield day, 0, version, consumer


def _ways_of_version(
    version: VersionRegistered, jobs: Mapping[str, str], trials: Mapping[str, list[str]]
) -> Iterator[Way]:
    for run in version.runs:
        yield version.at, 0, jobs.get(run, run), version.version
    if version.copy_of:
        yield version.at, 0, version.copy_of, version.version
    if version.experiment and version.experiment != DEFAULT_EXPERIMENT:
        yield version.at, 0, version.experiment, version.version
        for job in dict.fromkeys(trials.get(version.experiment, ())):
            yield version.at, 0, job, version.experiment


def _named(names: Mapping[str, str], key: str) -> str:
    spelled = spell(key)
    return names.get(key) or names.get(spelled) or spelled


def upstream(connection: Connection, key: str, as_of: Instant | None = None, depth: int | None = None) -> list[Step]:
    """List what an asset is made of, nearest first; as it was at an instant, over at most `depth` edges."""
    return lineage_at(connection, as_of).upstream(key, depth)


def downstream(connection: Connection, key: str, as_of: Instant | None = None, depth: int | None = None) -> list[Step]:
    """List what an asset goes into, nearest first; as it was at an instant, over at most `depth` edges."""
    return lineage_at(connection, as_of).downstream(key, depth)


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


def _jobs_now(connection: Connection) -> dict[str, str]:
    """Give the jobs of the runs that declarations name, under any of the two ids of a run that was seen twice."""
    runs = kept(connection, "declared runs", ("declared",), _declared_runs)
    jobs: dict[str, str] = {}
    for start in range(0, len(runs), _AT_ONCE):
        part = runs[start : start + _AT_ONCE]
        jobs |= {row[0]: row[1] for row in connection.execute(_JOBS_OF_RUNS, {"keys": part})}
        alone = [run for run in part if run not in jobs]
        twins = {row[0]: row[1] for row in connection.execute(_SAME_RUNS, {"keys": alone})} if alone else {}
        if twins:
            of_twins = connection.execute(_JOBS_OF_RUNS, {"keys": sorted(set(twins.values()))})
            found = {row[0]: row[1] for row in of_twins}
            jobs |= {run: found[twin] for run, twin in twins.items() if twin in found}
    return jobs


def _declared_runs(connection: Connection) -> list[str]:
    said = [statement for statement, _ in all_declared(connection)]
    runs = {one.run for one in said if isinstance(one, TrialOf)}
    return sorted(runs | {run for one in said if isinstance(one, VersionRegistered) for run in one.runs})
