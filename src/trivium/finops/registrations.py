"""When model versions take effect, and which runs pour into which (attribution.md §3, "An experiment holds…")."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from trivium.facts.period import month_of
from trivium.finops.slices import Spans, View
from trivium.finops.timeline import AFTER_START, EFFECT, PHASES
from trivium.graph.flows import OPEN


@dataclass(frozen=True)
class Effect:
    """A version that has taken effect by the cutoff: `order` is its place in time, `month` the start of its month."""

    version: int
    order: int
    month: int
    experiment: int
    runs: tuple[int, ...]


@dataclass(frozen=True)
class Registrations:
    """The versions in effect. `of_run` are those that a run pours into; `draining` those of this month, in order."""

    of_run: dict[int, tuple[int, ...]]
    draining: tuple[Effect, ...]


def registrations(view: View, spans: Spans) -> Registrations:
    """Find the versions in effect; a run pours into those of its first month only."""
    by_run: dict[int, list[Effect]] = defaultdict(list)
    for effect in _effects(view, spans):
        for run in effect.runs:
            by_run[run].append(effect)
    of_run, draining = {}, set()
    for run, effects in by_run.items():
        month = min(effect.month for effect in effects)
        first = [effect for effect in effects if effect.month == month]
        of_run[run] = tuple(sorted({effect.version for effect in first}))
        if month == view.month.start:
            draining.update(first)
    ordered = tuple(sorted(draining, key=lambda effect: (effect.order, effect.version)))
    return Registrations(of_run, ordered)


def _effects(view: View, spans: Spans) -> list[Effect]:
    versions, pairs = view.flows.versions, view.flows.version_runs
    runs_of: dict[int, list[int]] = defaultdict(list)
    carrier = view.flows.runs.carrier
    for version, run in zip(pairs.version.tolist(), pairs.run.tolist(), strict=True):
        runs_of[version].append(int(carrier[run]))
    bound = view.closings.bound(versions.sequence)
    effects = []
    for version, runs in sorted(runs_of.items()):
        if versions.copy_of[version] >= 0:
            continue
        at, late = int(versions.at[version]), int(bound[version])
        registered = at if at >= late else late - 1
        effect = _effect(view, spans, version, registered, sorted(set(runs)))
        if effect is not None:
            effects.append(effect)
    return effects


def _effect(view: View, spans: Spans, version: int, registered: int, runs: list[int]) -> Effect | None:
    """Give a version's effect at the later of its registration and its runs' ends, or None when it is to come."""
    ended = [run for run in runs if spans.outcome[run] != OPEN]
    if not ended or registered > view.cutoff:
        return None
    end = max(int(spans.end[run]) for run in ended)
    if end >= registered:
        at_once = any(spans.start[run] == end and spans.end[run] == end for run in ended)
        order = end * PHASES + (AFTER_START if at_once else EFFECT)
        month = month_of(end if at_once or end == view.first_instant else end - 1).start
        month = view.month.start if end == view.first_instant else month
    else:
        if registered >= view.month.end:
            return None
        order = registered * PHASES + EFFECT
        month = view.month.start if registered == view.first_instant else month_of(registered).start
    experiment = int(view.flows.versions.experiment[version])
    if experiment < 0:
        experiment = max(int(view.flows.runs.experiment[run]) for run in runs)
    return Effect(version, order, month, experiment, tuple(ended))
