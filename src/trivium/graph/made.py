"""What went into runs and versions, and what came of them: datasets read and written, versions made, who uses them?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np

from trivium.facts.instants import Instant
from trivium.graph.flows import Flows, Int32, Uses


def place_of(keys: Sequence[str], key: str) -> int:
    """Find a key in a sorted list of keys; -1 where it is not there."""
    place = bisect_left(keys, key)
    return place if place < len(keys) and keys[place] == key else -1


def reads_of(flows: Flows, runs: Iterable[str]) -> tuple[str, ...]:
    """List the datasets that runs read, also those on whose account they ran, by key."""
    return _used(flows, flows.reads, runs)


def writes_of(flows: Flows, runs: Iterable[str]) -> tuple[str, ...]:
    """List the datasets that runs named as outputs, by key, failed runs too."""
    return _used(flows, flows.writes, runs)


def versions_of(flows: Flows, run: str) -> tuple[str, ...]:
    """List the model versions that a run led to, by key."""
    made = np.isin(flows.version_runs.run, _places(flows, [run]))
    return tuple(sorted({flows.versions.keys[place] for place in flows.version_runs.version[made].tolist()}))


def runs_behind(flows: Flows, version: str) -> tuple[str, ...]:
    """List the runs that a version was made by, by key."""
    made = flows.version_runs.version == place_of(flows.versions.keys, version)
    return tuple(sorted({flows.runs.keys[place] for place in flows.version_runs.run[made].tolist()}))


def users_of(flows: Flows, version: str, at: Instant) -> tuple[str, ...]:
    """List the endpoints and jobs that use a version at an instant, by key."""
    uses = flows.consumptions
    alive = (uses.version == place_of(flows.versions.keys, version)) & (uses.since <= at) & (at < uses.until)
    return tuple(sorted({flows.consumers[place] for place in uses.consumer[alive].tolist()}))


def _used(flows: Flows, uses: Uses, runs: Iterable[str]) -> tuple[str, ...]:
    found = uses.dataset[np.isin(uses.run, _places(flows, runs))]
    return tuple(sorted({flows.datasets[place] for place in found.tolist()}))


def _places(flows: Flows, runs: Iterable[str]) -> Int32:
    """Give the places of runs, and of those that carry their cost: the uses stand on these."""
    own = [place for place in (place_of(flows.runs.keys, flows.names.get(run, run)) for run in runs) if place >= 0]
    return np.unique(np.concatenate([np.array(own, dtype=np.int32), flows.runs.carrier[own]]))
