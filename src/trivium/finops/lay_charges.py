"""Where each charge of a month meets the network: the slice, the dataset's pour, the balance or the account."""

from __future__ import annotations

import numpy as np

from trivium.facts.keys import kind_of
from trivium.finops.apportion import apportion
from trivium.finops.bearings import Bearings
from trivium.finops.layout import Layout, order_in_time
from trivium.finops.network import Entries, Int64
from trivium.finops.timeline import POUR

PASSING = frozenset({"run", "dataset", "model", "experiment"})
"""Kinds of assets at which a charge does not rest."""


def lay_bearings(layout: Layout, bearings: Bearings) -> Entries:
    """Give every charge its node; charges of a run with several slices are shared by overlap in time."""
    node = np.full(len(bearings.place), -1, dtype=np.int64)
    on_run = bearings.place < layout.places.first_dataset
    single = layout.slices.single[bearings.place[on_run]] if on_run.any() else np.zeros(0, dtype=np.int32)
    node[on_run] = np.where(single >= 0, layout.hold[single] if len(layout.hold) else -1, -1)
    _lay_rests(layout, bearings, node)
    amount = bearings.amount.copy()
    cut: list[tuple[int, int, int]] = []
    pours: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(node < 0).tolist():
        place = int(bearings.place[row])
        if place < layout.places.first_dataset and place in layout.slices.of_run:
            parts = _by_overlap(layout, bearings, row)
            node[row], amount[row] = parts[0]
            cut.extend((row, *part) for part in parts[1:])
        elif layout.places.is_dataset(place):
            instant = _poured_at(layout, int(bearings.end[row]), bool(bearings.late[row]))
            pours.setdefault((place, instant), []).append(row)
        else:
            node[row] = _node_of(layout, place, int(bearings.end[row]), bool(bearings.late[row]))
    for (place, instant), rows in pours.items():
        node[rows] = _storage(layout, place, instant)
    return _entries(bearings, node, amount, cut)


def _lay_rests(layout: Layout, bearings: Bearings, node: Int64) -> None:
    """Give all charges of one account, team, product or endpoint their node at once."""
    others = np.flatnonzero(bearings.place >= layout.places.first_other)
    places, inverse = np.unique(bearings.place[others], return_inverse=True)
    found = np.array([_resting(layout, place) for place in places.tolist()], dtype=np.int64)
    node[others] = found[inverse] if len(others) else -1


def _resting(layout: Layout, place: int) -> int:
    """Give the node where a place's charges rest, or -1 when it is of a kind that passes them on."""
    key = layout.places.key(place)
    return layout.rest(place) if (kind_of(key) if ":" in key else "") not in PASSING else -1


def _entries(bearings: Bearings, node: Int64, amount: Int64, cut: list[tuple[int, int, int]]) -> Entries:
    more = np.array(cut, dtype=np.int64).reshape(-1, 3)
    row = np.concatenate([np.arange(len(node)), more[:, 0]])
    return Entries(
        np.concatenate([node, more[:, 1]]).astype(np.int32), np.concatenate([amount, more[:, 2]]),
        bearings.basis[row], bearings.group[row], bearings.late[row],
    )  # fmt: skip


def _by_overlap(layout: Layout, bearings: Bearings, row: int) -> list[tuple[int, int]]:
    """Share a charge among a run's slices of the month by overlap, else by their seconds, else equally."""
    slices, start, end = layout.slices, int(bearings.start[row]), int(bearings.end[row])
    parts = slices.of_run[int(bearings.place[row])]
    spans = [(int(slices.real[part]), int(slices.real[part] + slices.length[part])) for part in parts]
    overlap = [max(0, min(end, last) - max(start, first)) for first, last in spans]
    if start == end:
        overlap = [int(first <= start < max(last, first + 1)) for first, last in spans]
    lengths = [int(slices.length[part]) for part in parts]
    weights = overlap if any(overlap) else lengths if any(lengths) else [1] * len(parts)
    shares = apportion(int(bearings.amount[row]), weights)
    assert len(shares) == len(parts)
    return [(int(layout.hold[part]), share) for part, share in zip(parts, shares, strict=True)]


def _poured_at(layout: Layout, end: int, late: bool) -> int:
    return layout.view.first_instant if late else end


def _storage(layout: Layout, place: int, instant: int) -> int:
    """Make a source for a storage pour: it flows on into the dataset at the end of its charge period.

    What ends after the cutoff is poured after everything else.
    """
    to_come = instant > layout.view.cutoff
    step = layout.timeline.last - 1 if to_come else layout.timeline.step(instant, POUR)
    source = layout.source_of_pour(place - layout.places.first_dataset, step, instant)
    if to_come:
        layout.released.add(source)
    return source


def _node_of(layout: Layout, place: int, end: int, late: bool) -> int:
    """Give the node of a bearer that is neither a dataset nor a run with slices."""
    key = layout.places.key(place)
    kind = kind_of(key) if ":" in key else ""
    if kind == "run":
        return layout.of_run(place) if layout.places.is_run(place) else layout.tank("running", "running", place)
    if kind == "dataset":
        return layout.tank("dataset", key, place)
    if kind == "model":
        return layout.version_of(key, place)
    if kind == "experiment":
        instant = _poured_at(layout, end, late)
        return layout.trial_of(key, place, layout.timeline.step(instant, POUR), order_in_time(instant, POUR))
    return layout.rest(place)
