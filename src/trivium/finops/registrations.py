"""When model versions take effect, and which runs pour into which (attribution.md §3, "An experiment holds…")."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from trivium.facts.period import month_of
from trivium.finops.spans import Spans, View
from trivium.finops.timeline import EFFECT, PHASES
from trivium.graph.flows import OPEN

Pair = tuple[int, int, int, int]
"""When a version takes effect for one of its runs: month, place in time, run, version."""


@dataclass(frozen=True)
class Drain:
    """At its place in time an experiment's trials so far flow into versions, equally."""

    order: int
    experiment: int
    versions: tuple[int, ...]


@dataclass(frozen=True)
class Registrations:
    """The versions in effect. `of_run` are those that a run pours into, `awaited` runs that will lead to some.

    `effect` is the place in time at which the first of them took effect.
    """

    of_run: dict[int, tuple[int, ...]]
    effect: dict[int, int]
    awaited: frozenset[int]
    drains: tuple[Drain, ...]


def registrations(view: View, spans: Spans) -> Registrations:
    """Find the versions in effect by the cutoff; a run pours into those of the first month that has any."""
    registered = _registered(view)
    runs_of = _runs_of(view, registered)
    pairs: dict[int, list[Pair]] = defaultdict(list)
    awaited: set[int] = set()
    for version, runs in runs_of.items():
        for run in runs:
            if spans.outcome[run] != OPEN:
                pairs[run].append(_pair(view, spans, registered, run, version))
            elif spans.begun[run]:
                awaited.add(run)
    of_run: dict[int, tuple[int, ...]] = {}
    effect: dict[int, int] = {}
    for run, each in pairs.items():
        month, effect[run], _, _ = min(each)
        of_run[run] = tuple(sorted({pair[3] for pair in each if pair[0] == month}))
    drains = _drains(view, spans, registered, runs_of, of_run)
    return Registrations(of_run, effect, frozenset(awaited - set(of_run)), drains)


def _registered(view: View) -> dict[int, tuple[int, int]]:
    """Give the (month, instant) of each version that is registered by the cutoff and no copy."""
    versions = view.flows.versions
    bound = view.closings.bound(versions.sequence).tolist()
    found: dict[int, tuple[int, int]] = {}
    for version, (at, late) in enumerate(zip(versions.at.tolist(), bound, strict=True)):
        counted = max(at, late)
        if versions.copy_of[version] < 0 and counted <= view.cutoff and counted < view.month.end:
            found[version] = (month_of(counted).start, counted)
    return found


def _runs_of(view: View, registered: dict[int, tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    pairs = view.flows.version_runs
    for version, run in zip(pairs.version.tolist(), pairs.run.tolist(), strict=True):
        if version in registered:
            found[version].add(run)
    return {version: sorted(runs) for version, runs in sorted(found.items())}


def _pair(view: View, spans: Spans, registered: dict[int, tuple[int, int]], run: int, version: int) -> Pair:
    """Say when a version takes effect for a run that has ended: at the later of registration and end."""
    registered_month, at = registered[version]
    counted = max(int(spans.end[run]), at, view.month.start)
    return max(spans.ended_in(run), registered_month), counted * PHASES + EFFECT, run, version


def _drains(
    view: View,
    spans: Spans,
    registered: dict[int, tuple[int, int]],
    runs_of: dict[int, list[int]],
    of_run: dict[int, tuple[int, ...]],
) -> tuple[Drain, ...]:
    """Find which versions drain which experiments in this month: once all their runs have ended."""
    takers: dict[tuple[int, int], set[int]] = defaultdict(set)
    for version, named in runs_of.items():
        runs = [run for run in named if spans.begun[run]]
        receives = any(version in of_run.get(run, ()) for run in runs)
        if not receives or any(spans.outcome[run] == OPEN for run in runs):
            continue
        if _complete_in(spans, registered[version][0], runs) == view.month.start:
            order = max(_pair(view, spans, registered, run, version)[1] for run in runs)
            for experiment in _experiments(view, version, runs):
                takers[order, experiment].add(version)
    drains = []
    for (order, experiment), versions in sorted(takers.items()):
        siblings = {taker for group in of_run.values() if versions & set(group) for taker in group}
        drains.append(Drain(order, experiment, tuple(sorted(siblings))))
    return tuple(drains)


def _complete_in(spans: Spans, registered: int, runs: list[int]) -> int:
    """Give the first month at whose end a version was registered and all its runs that had begun had ended."""
    begun = {run: month_of(int(spans.counted[run])).start for run in runs}
    ended = {run: max(spans.ended_in(run), registered) for run in runs}
    months = sorted(set(ended.values()))
    found = next(end for end in months if all(ended[run] <= end for run in runs if begun[run] <= end))
    assert found >= registered
    return found


def _experiments(view: View, version: int, runs: list[int]) -> list[int]:
    found = {int(view.flows.versions.experiment[version])}
    found |= {int(view.flows.runs.experiment[run]) for run in runs}
    return sorted(found - {-1})
