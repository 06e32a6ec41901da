"""Experiments and model versions: who drains which trials, and who drains a version at the end of the month.

Source: attribution.md §3, the last two bullets.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from trivium.finops.layout import Layout


def drain_trials(layout: Layout) -> None:
    """Let each trial flow into the first version of its experiment that takes effect after it, else carry it."""
    effects: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for effect in layout.registered.draining:
        effects[effect.experiment].append((effect.order, effect.version))
    for experiment, holder, order, node in layout.trials:
        taker = next((version for at, version in effects.get(experiment, []) if at >= order), None)
        if taker is None:
            place = layout.places.place(layout.view.flows.experiments[experiment])
            key = layout.places.key(place)
            layout.draft.edge(node, layout.trial_tank(key, holder))
        else:
            layout.draft.edge(node, layout.version(taker))


def drain_versions(layout: Layout) -> None:
    """Let consumers drain each version's balance at the end of the month; a version without any carries it."""
    users = _consumers(layout) if layout.view.ended else {}
    for version, node in sorted(layout.versions.items()):
        place = layout.places.place(layout.view.flows.versions.keys[version])
        if version not in users:
            layout.draft.edge(node, layout.tank("version", layout.places.key(place), place))
            continue
        for consumer, weight in users[version]:
            rest = layout.rest(layout.places.place(layout.view.flows.consumers[consumer]))
            layout.draft.edge(node, rest, weight)


def _consumers(layout: Layout) -> dict[int, list[tuple[int, int]]]:
    """Give each version's consumers of the month with their weights: predictions, else one each."""
    uses, month = layout.view.flows.consumptions, layout.view.month
    alive = (uses.since < month.end) & (uses.until > month.start)
    found: dict[int, set[int]] = defaultdict(set)
    for version, consumer in zip(uses.version[alive].tolist(), uses.consumer[alive].tolist(), strict=True):
        found[version].add(consumer)
    made = layout.view.flows.predictions
    counts: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(made.month == month.start).tolist():
        counts[int(made.version[row]), int(made.consumer[row])] = int(made.count[row])
        found[int(made.version[row])].add(int(made.consumer[row]))
    weighed: dict[int, list[tuple[int, int]]] = {}
    for version, consumers in found.items():
        weights = [counts.get((version, consumer), 0) for consumer in sorted(consumers)]
        even = weights if any(weights) else [1] * len(weights)
        weighed[version] = [pair for pair in zip(sorted(consumers), even, strict=True) if pair[1]]
    return weighed
