"""What Marquez' read side is asked: jobs, their runs, and the datasets between them, out of what the graph keeps.

Names and ways are kept by the graph until they change; times, columns and runs are read for what is shown. A job that
only tests has no datasets here, as in every lineage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from trivium.dataops.quality import columns_of, last_write
from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of, parse
from trivium.graph.assets import Asset, Directory, directory, times_heard
from trivium.graph.beside import Beside
from trivium.graph.identity import names_now
from trivium.graph.ran import Ran, latest_runs, run_now, runs_of
from trivium.graph.traversal import Edge, Lineage

KINDS: Final = ("dataset", "job")


@dataclass(frozen=True)
class Place:
    """A job or dataset as Marquez names it."""

    key: str
    namespace: str
    name: str

    @property
    def node(self) -> str:
        """Give its node id as Marquez writes it."""
        return f"{kind_of(self.key)}:{self.namespace}:{self.name}"


@dataclass(frozen=True)
class Thing:
    """A job or a dataset: of a job its datasets, sorted, and its newest run; of a dataset its columns with types.

    `first` and `last` are when events named it, None where it is only declared; `written` when a dataset was last
    written with success.
    """

    place: Place
    description: str
    first: Instant | None
    last: Instant | None
    inputs: tuple[Place, ...] = ()
    outputs: tuple[Place, ...] = ()
    latest: Ran | None = None
    columns: tuple[tuple[str, str], ...] = ()
    written: Instant | None = None


@dataclass(frozen=True)
class Names:
    """All jobs and datasets by key, every name of them as a node id, and the keys in each namespace by kind."""

    assets: dict[str, Asset] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    spaces: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))


_NAMES: Beside[Names] = Beside()


class Catalogue:
    """Jobs and datasets of one state, while its connection is open."""

    def __init__(self, connection: Connection, lineage: Lineage, until: Instant) -> None:
        self._connection, self._lineage, self._until = connection, lineage, until
        listed = directory(connection)
        self.names = _NAMES.of(listed, "names", lambda: _names(listed, names_now(connection)))

    def keys(self, namespace: str, kind: str) -> list[str]:
        """List the jobs or datasets of a namespace, by name."""
        return self.names.spaces[namespace].get(kind, [])

    def times(self) -> dict[str, tuple[Instant | None, Instant | None]]:
        """Give for each namespace when events first and last named something of it; None where none did."""
        firsts, lasts = defaultdict[str, list[Instant]](list), defaultdict[str, list[Instant]](list)
        for key, (first, last) in times_heard(self._connection, KINDS).items():
            if key in self.names.places and first is not None and last is not None:
                space = self.names.places[key].namespace
                firsts[space].append(first)
                lasts[space].append(last)
        return {
            space: (min(firsts[space], default=None), max(lasts[space], default=None)) for space in self.names.spaces
        }

    def told(self, keys: Sequence[str]) -> list[Thing]:
        """Tell of some jobs and datasets, in their order."""
        times = times_heard(self._connection, KINDS, keys)
        latest = latest_runs(self._connection, [key for key in keys if kind_of(key) == "job"])
        return [self._thing(key, times.get(key, (None, None)), latest.get(key)) for key in keys]

    def runs(self, job: str) -> list[Ran]:
        """List the runs of a job, the newest first."""
        return runs_of(self._connection, job)

    def run(self, run: str) -> Ran | None:
        """Give a run by any of its names; None when nothing tells of it."""
        return run_now(self._connection, run)

    def around(self, key: str, depth: int) -> list[str]:
        """Give the jobs within `depth` jobs of a job or dataset, and all their datasets, by node id.

        Two jobs are beside each other when they share a dataset (as in Marquez' `LineageDao.getLineage`).
        """
        jobs = {key} if kind_of(key) == "job" else set(self._sides(key))
        edge = jobs
        for _ in range(depth):
            edge = self._beside(self._beside(edge)) - jobs
            if not edge:
                break
            jobs |= edge
        return sorted({key, *jobs, *self._beside(jobs)}, key=lambda one: self.names.places[one].node)

    def edges_among(self, keys: Iterable[str]) -> list[Edge]:
        """List the ways among some jobs and datasets, sorted."""
        return self._lineage.edges_among(set(keys))

    def _beside(self, keys: Iterable[str]) -> set[str]:
        return {other for key in keys for other in self._sides(key)}

    def _sides(self, key: str) -> list[str]:
        """List the datasets of a job, or the jobs of a dataset."""
        return [*self._steps(key, upward=True), *self._steps(key, upward=False)]

    def _steps(self, key: str, *, upward: bool) -> list[str]:
        wanted = "dataset" if kind_of(key) == "job" else "job"
        steps = self._lineage.upstream(key, 1) if upward else self._lineage.downstream(key, 1)
        return [step.asset for step in steps if kind_of(step.asset) == wanted and step.asset in self.names.places]

    def _thing(self, key: str, times: tuple[Instant | None, Instant | None], latest: Ran | None) -> Thing:
        place, said = self.names.places[key], self.names.assets[key].documentation
        if kind_of(key) == "job":
            inputs, outputs = (
                tuple(self.names.places[one] for one in self._steps(key, upward=upward)) for upward in (True, False)
            )
            return Thing(place, said, *times, inputs=inputs, outputs=outputs, latest=latest)
        columns = columns_of(self._connection, key, self._until)
        return Thing(place, said, *times, columns=columns, written=last_write(self._connection, key, self._until))


@contextmanager
def catalogue(rooms: Rooms, state: State) -> Iterator[Catalogue]:
    """Open the catalogue of a state."""
    keeping = rooms.bookkeeping
    lineage = keeping.lineage(state)
    with keeping.graph(state) as connection:
        yield Catalogue(connection, lineage, state.until)


def _names(listed: Directory, names: dict[str, str]) -> Names:
    found = Names()
    for asset in (one for kind in KINDS for one in listed.of_kind(kind)):
        parts = parse(asset.key)
        place = Place(asset.key, parts.namespace, parts.name)
        found.assets[asset.key], found.places[asset.key], found.nodes[place.node] = asset, place, asset.key
        found.spaces[place.namespace][asset.kind].append(asset.key)
    for name, key in names.items():
        if key in found.places and kind_of(name) == kind_of(key):
            other = parse(name)
            found.nodes.setdefault(Place(name, other.namespace, other.name).node, key)
    return found
