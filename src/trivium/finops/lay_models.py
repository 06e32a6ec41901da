"""Experiments and model versions: who drains which trials, and who drains a version at the end of the month.

Source: attribution.md §3, the last two bullets.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from trivium.finops.layout import Layout


def drain_trials(layout: Layout) -> None:
    """Let each trial flow into the versions that drain its experiment first after it, else carry it.

    What one of a version's own runs left in the experiment is the version's as soon as it takes effect.
    """
    drains: dict[int, list[tuple[int, tuple[int, ...]]]] = defaultdict(list)
    for drain in layout.registered.drains:
        drains[drain.experiment].append((drain.order, drain.versions))
    for experiment, holder, order, node in layout.trials:
        found = [(at, 1, versions) for at, versions in drains.get(experiment, []) if at >= order][:1]
        if holder in layout.registered.of_run:
            found.append((layout.registered.effect[holder], 0, layout.registered.of_run[holder]))
        takers = min(found)[2] if found else ()
        for version in takers:
            layout.draft.edge(node, layout.version(version))
        if not takers:
            place = layout.places.place(layout.view.flows.experiments[experiment])
            layout.draft.edge(node, layout.trial_tank(layout.places.key(place), holder))


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
    """Give each version's consumers of the month with their weights: predictions where all have them, else one each."""
    uses, month = layout.view.flows.consumptions, layout.view.month
    alive = (uses.since < month.end) & (uses.until > month.start)
    found: dict[int, set[int]] = defaultdict(set)
    for version, consumer in zip(uses.version[alive].tolist(), uses.consumer[alive].tolist(), strict=True):
        found[version].add(consumer)
    made = layout.view.flows.predictions
    counts: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(made.month == month.start).tolist():
        counts[int(made.version[row]), int(made.consumer[row])] = int(made.count[row])
    weighed: dict[int, list[tuple[int, int]]] = {}
    for version, consumers in found.items():
        known = [counts.get((version, consumer)) for consumer in sorted(consumers)]
        weights = [count or 0 for count in known] if None not in known and any(known) else [1] * len(known)
        weighed[version] = [pair for pair in zip(sorted(consumers), weights, strict=True) if pair[1]]
    return weighed
