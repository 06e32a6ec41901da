"""Who used a shared resource at each instant (attribution.md §1.4), and over whom a bracket spreads (§2)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from trivium.facts.keys import kind_of
from trivium.finops.estimates import Estimates
from trivium.finops.network import Int64
from trivium.finops.places import Places
from trivium.finops.spans import Spans
from trivium.graph.flows import Flows, ResourceUse


@dataclass
class Timesheet:
    """The use of one resource: between `edges[i]` and `edges[i + 1]` the places of `active[i]` share it by weight.

    `spans` are the (start, end, place, weight) of those who use it for a time, `always` those who use it at any time.
    Weights are whole numbers.
    """

    edges: list[int]
    active: list[list[tuple[int, int]]]
    spans: list[tuple[int, int, int, int]]
    always: list[tuple[int, int]]

    def split(self, start: int, end: int) -> dict[int, int]:
        """Give the whole weights by which places share [start, end), by place; -1 holds the instants that nobody used.

        A charge for one instant is shared by those who are active then: who starts or ends at it is, too.
        """
        if end <= start:
            now = [(place, weight) for first, last, place, weight in self.spans if first <= start <= last]
            return _summed([*self.always, *now]) or {-1: 1}
        stretches = list(self._stretches(start, end))
        scale = math.lcm(*(whole for _, whole, _ in stretches))
        parts: dict[int, int] = defaultdict(int)
        for length, whole, users in stretches:
            for place, weight in users:
                parts[place] += length * weight * (scale // whole)
        assert sum(parts.values()) == (end - start) * scale, "each instant is shared once"
        return parts

    def _stretches(self, start: int, end: int) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
        """Cut [start, end) at the edges: (length, sum of weights, who shares it)."""
        stretch = bisect_right(self.edges, start) - 1
        assert stretch >= 0
        while start < end:
            until = min(end, self.edges[stretch + 1]) if stretch + 1 < len(self.edges) else end
            users = self.active[stretch] or [(-1, 1)]
            yield until - start, sum(weight for _, weight in users), users
            start, stretch = until, stretch + 1


@dataclass
class Sharing:
    """The declared users of resources, and who carries what a run costs, as one month sees it.

    No charge that is asked about starts before `since`.
    """

    flows: Flows
    places: Places
    cutoff: int
    spans: Spans
    since: int = -(1 << 62)
    estimates: Estimates = field(default_factory=Estimates)
    _sheets: dict[str, Timesheet] = field(default_factory=dict)
    _uses: dict[str, list[ResourceUse]] = field(default_factory=dict)
    _children: dict[int, list[int]] = field(default_factory=dict)
    _jobs: dict[str, int] = field(default_factory=dict)
    _by_job: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def users(self, resource: str) -> list[ResourceUse]:
        """List the declared uses of a resource, one for each asset: the weightiest."""
        if not self._uses:
            for use in sorted(self.flows.resources, key=lambda use: (use.resource, use.asset, use.weight)):
                uses = self._uses.setdefault(use.resource, [])
                if uses and uses[-1].asset == use.asset:
                    uses.pop()
                uses.append(use)
        return self._uses.get(resource, [])

    def sheet(self, resource: str) -> Timesheet:
        """Give who used a resource when; what is no run and no job uses it all the time."""
        if resource not in self._sheets:
            self._sheets[resource] = self._timesheet(self.users(resource))
        return self._sheets[resource]

    def estimated(self, resource: str, start: int, end: int) -> dict[int, int] | None:
        """Give the weights by which endpoints share a charge for tokens, by place: what they used of models meanwhile.

        None where others than endpoints use the resource too, or nothing is known of what endpoints used.
        """
        users = [use.asset for use in self.users(resource)]
        if any(kind_of(user) != "endpoint" for user in users):
            return None
        shares = self.estimates.shares(users, start, end)
        return None if shares is None else {self.places.place(user): weight for user, weight in shares.items()}

    def timed(self, resource: str) -> bool:
        """Say whether the use of a resource depends on time: jobs, and runs that share it, use it while they run."""
        kinds = [kind_of(use.asset) for use in self.users(resource)]
        return "job" in kinds or ("run" in kinds and len(kinds) > 1)

    def carriers(self, run: int) -> dict[int, Fraction]:
        """Give the runs that carry what a run costs, with their shares of one.

        They are the run itself, the run that it folds into, or the children of a bracket and theirs.
        """
        carrier = int(self.spans.carrier[run])
        if not self.spans.bracket[carrier]:
            return {carrier: Fraction(1)}
        children = self._children_of(carrier)
        whole = sum(weight for _, weight in children)
        found: dict[int, Fraction] = defaultdict(Fraction)
        for child, weight in children:
            for place, share in self.carriers(child).items():
                found[place] += share * Fraction(weight, whole)
        assert sum(found.values()) == 1
        return found

    def _children_of(self, bracket: int) -> list[tuple[int, int]]:
        """Give a bracket's children with their weights: run-seconds up to the cutoff, else one each."""
        if not self._children:
            parents = self.flows.runs.parent
            for child in np.flatnonzero(parents >= 0).tolist():
                self._children.setdefault(int(parents[child]), []).append(child)
        spans = self.spans
        children = [child for child in self._children.get(bracket, []) if spans.begun[child]]
        lasted = [int(min(spans.end[child], self.cutoff) - spans.start[child]) for child in children]
        assert all(length >= 0 for length in lasted)
        return list(zip(children, lasted if any(lasted) else [1] * len(children), strict=True))

    def _timesheet(self, uses: list[ResourceUse]) -> Timesheet:
        spans: list[tuple[int, int, int, int]] = []
        always: list[tuple[int, int]] = []
        scale = math.lcm(*(use.weight.denominator for use in uses))
        for use in uses:
            weight = int(use.weight * scale)
            if kind_of(use.asset) not in {"run", "job"}:
                always.append((self.places.place(use.asset), weight))
            else:
                spans.extend((*span, weight) for span in self._spans(use.asset))
        edges = sorted({edge for start, end, _, _ in spans for edge in (start, end)})
        place = {edge: number for number, edge in enumerate(edges)}
        active: list[list[tuple[int, int]]] = [list(always) for _ in edges]
        for start, end, run, weight in sorted(spans):
            for stretch in range(place[start], place[end]):
                active[stretch].append((run, weight))
        assert not active or active[-1] == always
        return Timesheet([-(1 << 62), *edges], [list(always), *active], spans, always)

    def _spans(self, asset: str) -> list[tuple[int, int, int]]:
        """Give the (start, end, run) of the runs that an asset means: itself, or all runs of a job."""
        runs = self.flows.runs
        if kind_of(asset) == "run":
            place = self.places.place(asset)
            numbers = [place] if self.places.is_run(place) else []
        else:
            numbers = self._runs_of(self.flows.names.get(asset, asset))
        run = np.asarray(numbers, dtype=np.int64)
        run = run[self.spans.begun[run]]
        start, end = runs.start[run], np.minimum(self.spans.end[run], self.cutoff)
        asked = end >= self.since
        return list(zip(start[asked].tolist(), end[asked].tolist(), run[asked].tolist(), strict=True))

    def _runs_of(self, job: str) -> list[int]:
        """List the runs of a job, in the order of their numbers; all jobs are sorted out once."""
        if not self._jobs:
            self._jobs.update((key, number) for number, key in enumerate(self.flows.jobs))
            self._by_job = np.argsort(self.flows.runs.job, kind="stable")
        number = self._jobs.get(job)
        if number is None:
            return []
        first, last = np.searchsorted(self.flows.runs.job, [number, number + 1], sorter=self._by_job)
        return [int(run) for run in self._by_job[first:last]]


def _summed(shares: list[tuple[int, int]]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for place, weight in shares:
        found[place] += weight
    return found
