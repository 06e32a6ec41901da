"""What the builders of one month's network share: the view, the nodes made so far, and where money still has to go."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from trivium.finops.draft import SUB, Draft
from trivium.finops.network import HOLD, POURED, REST, TRIAL, VERSION, Int64, Tank
from trivium.finops.places import Places
from trivium.finops.registrations import Registrations
from trivium.finops.slices import Slices
from trivium.finops.spans import Spans, View
from trivium.finops.timeline import END, OPENING, PHASES, Timeline
from trivium.graph.flows import OPEN, SUCCESS


@dataclass
class Layout:
    """One month under construction. Dictionaries map an index of the flows to the node that stands for it."""

    view: View
    places: Places
    spans: Spans
    slices: Slices
    registered: Registrations
    timeline: Timeline
    draft: Draft
    hold: Int64
    """The node of each slice."""
    after: dict[int, int] = field(default_factory=dict)
    """Runs that ended before the month and still get money: their node."""
    rests: dict[int, int] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    trials: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Trial nodes: (experiment, holder's place, order in time, node)."""
    pours: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Single pours into datasets: (source node, dataset, step, instant)."""
    released: set[int] = field(default_factory=set)
    """Sources among them that a dataset's life does not hold: they were released before, or are still to come."""

    @cached_property
    def retries(self) -> Retries:
        """Give what finds the run that takes over a failure, made once for the month."""
        return Retries(self.view, self.slices)

    @cached_property
    def experiments(self) -> dict[str, int]:
        """Number the experiments by key."""
        return {key: place for place, key in enumerate(self.view.flows.experiments)}

    @cached_property
    def version_numbers(self) -> dict[str, int]:
        """Number the model versions by key."""
        return {key: place for place, key in enumerate(self.view.flows.versions.keys)}

    def rest(self, place: int) -> int:
        """Give the node where money comes to rest at a place."""
        node = self.rests.get(place)
        if node is None:
            node = self.rests[place] = self.draft.node(self.timeline.last * SUB + 6, REST, place)
        return node

    def version(self, version: int) -> int:
        """Give the node of a model version's balance."""
        node = self.versions.get(version)
        if node is None:
            place = self.places.place(self.view.flows.versions.keys[version])
            node = self.versions[version] = self.draft.node(self.timeline.last * SUB + 4, VERSION, place)
        return node

    def version_of(self, key: str, place: int) -> int:
        """Give the node of a version by key; one that the graph does not know carries what it is charged."""
        known = self.version_numbers.get(key)
        return self.tank("version", key, place) if known is None else self.version(known)

    def trial(self, experiment: int, holder: int, order: int, step: int) -> int:
        """Make a node for money poured into an experiment by `holder` at a place in time."""
        place = self.places.place(self.view.flows.experiments[experiment])
        node = self.draft.node(step * SUB + 3, TRIAL, place)
        self.trials.append((experiment, holder, order, node))
        return node

    def trial_of(self, key: str, holder: int, step: int, order: int) -> int:
        """Make a trial node by the key of its experiment; one that the graph does not know carries what it holds."""
        number = self.experiments.get(self.view.flows.names.get(key, key))
        return self.trial_tank(key, holder) if number is None else self.trial(number, holder, order, step)

    def source_of_pour(self, dataset: int, step: int, instant: int) -> int:
        """Make a node that pours into a dataset at a step: a storage charge, an opening tank, a released part."""
        node = self.draft.node(step * SUB + 3, POURED, self.places.first_dataset + dataset)
        self.pours.append((node, dataset, step, instant))
        return node

    def tank(self, kind: str, line: str, place: int, at: int = 0) -> int:
        """Give the node of a closing tank whose holder is `place`."""
        holder = "" if line == self.places.key(place) else self.places.key(place)
        return self.draft.tank(Tank(kind, line, holder, at), place, self.timeline.last)

    def trial_tank(self, experiment: str, holder: int) -> int:
        """Give the closing tank of what `holder` poured into an experiment."""
        place = self.places.place(experiment)
        tank = Tank("trial", experiment, self.places.key(holder))
        return self.draft.tank(tank, place, self.timeline.last)

    def of_run(self, run: int) -> int:
        """Give the first node that holds money for a run: a slice of this month, its afterlife, or a tank before it."""
        first = self.slices.of(run)
        if first >= 0:
            return int(self.hold[first])
        if run in self.after:
            return self.after[run]
        carrier = int(self.spans.carrier[run])
        return self.of_run(carrier) if carrier != run else self.tank("running", "running", run)

    def live(self, run: int) -> None:
        """Make the node of a run that ended before the month and still gets money: it passes it on before all else."""
        self.after[run] = self.draft.node(OPENING * SUB + 1, HOLD, run)


@dataclass
class Retries:
    """Finds the successful slice that takes over what a failed run cost, among those that end in the month."""

    view: View
    slices: Slices

    @cached_property
    def _successes(self) -> dict[int, list[tuple[int, int, int]]]:
        runs, slices = self.view.flows.runs, self.slices
        good = np.flatnonzero((slices.outcome == SUCCESS) & ~runs.upkeep[slices.run])
        found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for place in good.tolist():
            run = int(slices.run[place])
            found[int(runs.job[run])].append((int(slices.real[place]), run, place))
        for starts in found.values():
            starts.sort()
        return found

    def of(self, run: int, end: int, start: int) -> int:
        """Give the next successful slice of another run of a failed run's job that starts after it ended, or -1."""
        job = int(self.view.flows.runs.job[run])
        starts = self._successes.get(job, []) if job >= 0 else []
        first = bisect_left(starts, (end, -1 if start < end else run + 1, -1))
        return next((place for _, other, place in islice(starts, first, None) if other != run), -1)


def lay_holds(draft: Draft, slices: Slices, line: Timeline) -> Int64:
    """Make a node for each slice: it holds what it drains and is charged until it ends."""
    ended = slices.outcome != OPEN
    order = np.where(ended, line.end * SUB + 2, line.last * SUB + 1)
    return draft.nodes(order, HOLD, slices.run.astype(np.int64))


def order_in_time(instant: int, phase: int = END) -> int:
    """Give the place in time that compares with a version's effect."""
    return instant * PHASES + phase
