"""What a bad dataset reaches forward in time: cause before effect, each asset with the instant of its first contact."""

from __future__ import annotations

import heapq
from collections import defaultdict

import msgspec
import numpy as np

from trivium.facts.instants import Instant
from trivium.facts.keys import AssetKey, kind_of, parse
from trivium.graph.beside import Beside
from trivium.graph.flows import SUCCESS, Flows, Int32, Int64


class Contact(msgspec.Struct, frozen=True, order=True):
    """An asset, when it was first reached, and over how many steps (a run, a dataset, a version, … is one each)."""

    at: Instant
    asset: str
    distance: int


class Reach(msgspec.Struct, frozen=True):
    """All that was reached, in order of time: causes stand before their effects.

    `runs` include those whose cost a reached run carries; `jobs` are the jobs of reached runs; runs that only look
    (upkeep) pass nothing on and are left out. `endpoints` and `products` follow the versions and datasets.
    """

    dataset: str
    since: Instant
    runs: tuple[Contact, ...]
    jobs: tuple[Contact, ...]
    datasets: tuple[Contact, ...]
    versions: tuple[Contact, ...]
    endpoints: tuple[Contact, ...]
    products: tuple[Contact, ...]

    def contacts(self) -> list[Contact]:
        """List everything but runs, nearest first."""
        found = (*self.jobs, *self.datasets, *self.versions, *self.endpoints, *self.products)
        return sorted(found, key=lambda one: (one.distance, one.asset))


def reach(flows: Flows, dataset: str, since: Instant) -> Reach:
    """Follow a dataset (by canonical key) forward in time from an instant on.

    A run is reached when it starts after a dataset that it reads was; what it wrote, when it ended well; a version,
    when it is registered after a run or a trial of its experiment; its users and its copies from then on.
    """
    search = _Search(flows)
    if dataset in search.datasets:
        search.touch("dataset", search.datasets[dataset], since, 0)
    search.run()
    return search.found(dataset, since)


class _Search:
    """Takes the earliest contact first, so that each asset is reached at its first instant."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        known = _KNOWN.of(flows, "places", lambda: _Places(flows))
        self.datasets, self._jobs = known.datasets, known.jobs
        self._readers, self._written, self._made = known.readers, known.written, known.made
        self._of_experiment, self._copies, self._users = known.of_experiment, known.copies, known.users
        self._runs_of_job, self._folded = known.runs_of_job, known.folded
        self._first: dict[tuple[str, int], tuple[Instant, int]] = {}
        self._queue: list[tuple[Instant, int, str, int]] = []

    def touch(self, kind: str, place: int, at: Instant, distance: int) -> None:
        """Note a contact; it counts when it is the first."""
        if (kind, place) not in self._first:
            heapq.heappush(self._queue, (at, distance, kind, place))

    def run(self) -> None:
        """Follow contacts until none is new."""
        follow = {"dataset": self._from_dataset, "run": self._from_run, "version": self._from_version}
        while self._queue:
            at, distance, kind, place = heapq.heappop(self._queue)
            if (kind, place) not in self._first:
                self._first[kind, place] = (at, distance)
                if kind in follow:
                    follow[kind](place, at, distance + 1)

    def _from_dataset(self, dataset: int, at: Instant, distance: int) -> None:
        self._start(self._flows.reads.run[self._readers.of(dataset)], at, distance)

    def _start(self, runs: Int32 | Int64, at: Instant, distance: int, until: Instant = 2**63 - 1) -> None:
        """Reach the runs that start from an instant on."""
        table = self._flows.runs
        for run in runs[(table.start[runs] >= at) & (table.start[runs] < until) & ~table.upkeep[runs]].tolist():
            self.touch("run", run, int(table.start[run]), distance)

    def _from_run(self, run: int, at: Instant, distance: int) -> None:
        flows = self._flows
        if flows.runs.job[run] >= 0:
            self.touch("job", int(flows.runs.job[run]), at, distance - 1)
        if flows.runs.outcome[run] != SUCCESS:
            return
        end = int(flows.runs.end[run])
        for use in self._written.of(run).tolist():
            self.touch("dataset", int(flows.writes.dataset[use]), end, distance)
        for pair in self._made.of(run).tolist():
            version = int(flows.version_runs.version[pair])
            self.touch("version", version, max(end, int(flows.versions.at[version])), distance)
        if flows.runs.experiment[run] >= 0:
            for version in self._of_experiment.of(int(flows.runs.experiment[run])).tolist():
                if flows.versions.at[version] >= end:
                    self.touch("version", version, int(flows.versions.at[version]), distance)

    def _from_version(self, version: int, at: Instant, distance: int) -> None:
        flows, uses = self._flows, self._flows.consumptions
        for copy in self._copies.of(version).tolist():
            self.touch("version", copy, max(at, int(flows.versions.at[copy])), distance)
        for use in self._users.of(version).tolist():
            since, until = max(at, int(uses.since[use])), int(uses.until[use])
            if since >= until:
                continue
            consumer = int(uses.consumer[use])
            self.touch("consumer", consumer, since, distance)
            job = self._jobs.get(flows.consumers[consumer])
            if job is not None:
                self._start(self._runs_of_job.of(job), since, distance, until)

    def found(self, dataset: str, since: Instant) -> Reach:
        """Name what was reached."""
        flows = self._flows
        lists = {"run": flows.runs.keys, "job": flows.jobs, "dataset": flows.datasets, "version": flows.versions.keys}
        named: dict[str, list[Contact]] = defaultdict(list)
        for (kind, place), (at, distance) in self._first.items():
            key = flows.consumers[place] if kind == "consumer" else lists[kind][place]
            if key != dataset:
                named[kind_of(key) if kind == "consumer" else kind].append(Contact(at, key, distance))
        jobs = {one.asset: one for one in sorted(named["job"], reverse=True)}
        named["run"] += self._carried()
        touched = [contact for contacts in named.values() for contact in contacts]
        origin = [Contact(since, dataset, 0)] if dataset in self.datasets else []
        return Reach(
            dataset=dataset,
            since=since,
            runs=tuple(sorted(named["run"])),
            jobs=tuple(sorted(jobs.values())),
            datasets=tuple(sorted(named["dataset"])),
            versions=tuple(sorted(named["version"])),
            endpoints=tuple(sorted(named["endpoint"])),
            products=_products(flows, [*origin, *touched]),
        )

    def _carried(self) -> list[Contact]:
        """List the runs whose cost a reached run carries."""
        runs = self._flows.runs
        found = []
        for run in self._folded:
            first = self._first.get(("run", int(runs.carrier[run])))
            if first is not None and ("run", run) not in self._first:
                found.append(Contact(max(first[0], int(runs.start[run])), runs.keys[run], first[1] + 1))
        return found


class _Groups:
    """The rows of a column that hold a value, found without a scan each time."""

    def __init__(self, column: Int32, count: int) -> None:
        self._order = np.argsort(column, kind="stable")
        self._ends = np.searchsorted(column[self._order], np.arange(count + 1))

    def of(self, value: int) -> Int64:
        """Give the rows that hold a value."""
        return self._order[self._ends[value] : self._ends[value + 1]].astype(np.int64)


class _Places:
    """Where flows hold what a search follows: made once for them."""

    def __init__(self, flows: Flows) -> None:
        self.datasets = {key: place for place, key in enumerate(flows.datasets)}
        self.jobs = {key: place for place, key in enumerate(flows.jobs)}
        self.readers = _Groups(flows.reads.dataset, len(flows.datasets))
        self.written = _Groups(flows.writes.run, len(flows.runs.keys))
        self.made = _Groups(flows.version_runs.run, len(flows.runs.keys))
        self.of_experiment = _Groups(flows.versions.experiment, len(flows.experiments))
        self.copies = _Groups(flows.versions.copy_of, len(flows.versions.keys))
        self.users = _Groups(flows.consumptions.version, len(flows.versions.keys))
        self.runs_of_job = _Groups(flows.runs.job, len(flows.jobs))
        self.folded: list[int] = np.flatnonzero(flows.runs.carrier != np.arange(len(flows.runs.keys))).tolist()


_KNOWN: Beside[_Places] = Beside()


def _products(flows: Flows, contacts: list[Contact]) -> tuple[Contact, ...]:
    """Reach the products that the reached assets are part of; a version is part of what its model is."""
    first: dict[str, Contact] = {}
    for contact in sorted(contacts):
        for product in flows.products.get(contact.asset, ()) or flows.products.get(_model_of(contact.asset), ()):
            first.setdefault(product, Contact(contact.at, product, contact.distance + 1))
    return tuple(sorted(first.values()))


def _model_of(key: str) -> str:
    return str(AssetKey("model", parse(key).name)) if kind_of(key) == "model" else ""
