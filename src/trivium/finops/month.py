"""Builds one month's network from the flows, the charges with their bearers, and the tanks carried into it.

Source: attribution.md §2 and §3. Nodes and edges say where money can go; amounts flow later (`spreading.pour`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from trivium.finops.bearings import Bearings
from trivium.finops.draft import Draft
from trivium.finops.lay_charges import lay_bearings
from trivium.finops.lay_flows import lay_ends, lay_reads
from trivium.finops.lay_models import drain_trials, drain_versions
from trivium.finops.layout import Layout, lay_holds, order_in_time
from trivium.finops.network import HANDED, Network, Tank
from trivium.finops.registrations import registrations
from trivium.finops.sharing import Sharing
from trivium.finops.slices import Slices, month_slices
from trivium.finops.spans import Spans, View
from trivium.finops.timeline import POUR, timeline
from trivium.finops.uses import missed_uses


def build_month(view: View, spans: Spans, sharing: Sharing, bearings: Bearings, opening: Iterable[Tank]) -> Network:
    """Lay out the pours of one month. `opening` are the tanks of the month before; their amounts flow later."""
    tanks, places = sorted(opening), sharing.places
    missed = missed_uses(view, spans)
    slices = month_slices(view, spans, missed.run, missed.reader)
    line = timeline(view, slices)
    draft = Draft()
    layout = Layout(
        view, places, spans, slices, registrations(view, spans), line, draft, lay_holds(draft, slices, line)
    )
    for run in _afterlives(sharing, bearings, tanks, slices):
        layout.live(run)
    entries = lay_bearings(layout, bearings)
    for tank in tanks:
        draft.opening[tank] = _open(layout, sharing, tank)
    lay_ends(layout, lay_reads(layout, missed), missed)
    drain_trials(layout)
    drain_versions(layout)
    return draft.finish(view.month, entries)


def _afterlives(sharing: Sharing, bearings: Bearings, tanks: list[Tank], slices: Slices) -> list[int]:
    """Find the runs without a slice in the month that get money all the same: they ended before it."""
    places, spans = sharing.places, sharing.spans
    charged = bearings.place[bearings.place < places.first_dataset]
    running = [places.place(tank.holder) for tank in tanks if tank.kind == "running"]
    wanted = set(np.unique(charged[spans.over[charged]]).tolist())
    wanted |= {carrier for run in running if places.is_run(run) for carrier in sharing.carriers(run)}
    past = [run for run in sorted(wanted) if spans.over[run] and slices.of(run) < 0]
    return sorted(past, key=lambda run: int(spans.start[run]))


def _resume(layout: Layout, sharing: Sharing, run: int) -> int:
    """Give the node at which a run's money goes on: what is a bracket now hands it to its children."""
    carriers = sharing.carriers(run) if layout.places.is_run(run) else {}
    if not carriers:
        return layout.tank("running", "running", run)
    if len(carriers) == 1:
        return layout.of_run(next(iter(carriers)))
    node = layout.draft.node(1, HANDED, run)
    scale = math.lcm(*(share.denominator for share in carriers.values()))
    for carrier, share in sorted(carriers.items()):
        layout.draft.edge(node, layout.of_run(carrier), int(share * scale))
    return node


def _open(layout: Layout, sharing: Sharing, tank: Tank) -> int:
    """Give the node at which a tank of the month before is poured in."""
    holder = layout.places.place(tank.holder or tank.place)
    first, start = layout.places.first_dataset, layout.view.month.start
    if tank.kind == "running":
        return _resume(layout, sharing, holder)
    if tank.kind == "failed":
        retry = (
            layout.retries.of(holder, tank.at, int(layout.spans.start[holder])) if layout.places.is_run(holder) else -1
        )
        return int(layout.hold[retry]) if retry >= 0 else layout.tank("failed", "failed", holder, tank.at)
    if tank.kind == "version":
        return layout.version_of(layout.places.key(holder), holder)
    if tank.kind == "trial":
        return layout.trial_of(tank.place, holder, 0, order_in_time(layout.view.first_instant))
    if tank.kind == "prepaid" and tank.at > layout.view.cutoff:
        return layout.tank("prepaid", "prepaid", holder, tank.at)
    if not layout.places.is_dataset(holder):
        return layout.tank("dataset", layout.places.key(holder), holder)
    at = layout.view.first_instant if tank.kind == "dataset" else max(tank.at, start)
    step = 0 if tank.kind == "dataset" else layout.timeline.step(at, POUR)
    node = layout.source_of_pour(holder - first, step, at)
    layout.released.add(node)
    return node
