"""Experiments and model versions: who drains which trials, and who drains a version at the end of the month.

Source: attribution.md §3, the last two bullets.
"""

from __future__ import annotations

from collections import defaultdict

from trivium.finops.layout import Layout
from trivium.finops.serving import Used, month_uses, weights_of


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
        key = layout.view.flows.versions.keys[version]
        place = layout.places.place(key)
        if key not in users:
            layout.draft.edge(node, layout.tank("version", layout.places.key(place), place))
            continue
        for used, weight in zip(users[key], weights_of([used.count for used in users[key]]), strict=True):
            if weight:
                layout.draft.edge(node, layout.rest(layout.places.place(used.consumer)), weight)


def _consumers(layout: Layout) -> dict[str, list[Used]]:
    """Give each version's consumers of the month."""
    found: dict[str, list[Used]] = defaultdict(list)
    for used in month_uses(layout.view):
        found[used.version].append(used)
    return found
