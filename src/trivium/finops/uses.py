"""Reads and writes of one month, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.finops.network import Bool, Int64
from trivium.finops.slices import Slices, Spans, View
from trivium.graph.flows import OPEN, SUCCESS, Uses


@dataclass(frozen=True)
class Drains:
    """Rows of `Flows.reads` that drain in this month: by which slice, or (slice -1) late by a run's afterlife."""

    row: Int64
    slice: Int64


@dataclass(frozen=True)
class Pours:
    """What ends pour into datasets: the slice, the row of `uses`, and whether the pour is a write (upkeep is none)."""

    slice: Int64
    row: Int64
    written: bool


def late_reads(view: View, spans: Spans) -> Int64:
    """Give the rows of reads first recorded after the month of their run's start was closed: they drain now."""
    reads = view.flows.reads
    bound = view.closings.bound(reads.sequence)
    counted = np.where(spans.late_start, spans.start_month, spans.start)[reads.run]
    now = (bound == view.month.start) & (counted < bound) & spans.begun[reads.run]
    return np.flatnonzero(now & drains(view, spans, reads))


def drains(view: View, spans: Spans, reads: Uses) -> Bool:
    """Say which reads drain: not those of upkeep, and not those of datasets that the run also writes."""
    flows = view.flows
    width = max(len(flows.datasets), 1)
    pair = reads.run.astype(np.int64) * width + reads.dataset
    written = flows.writes.run.astype(np.int64) * width + flows.writes.dataset
    place = np.minimum(np.searchsorted(written, pair), max(len(written) - 1, 0))
    own = (written[place] == pair) if len(written) else np.zeros(len(pair), dtype=np.bool_)
    own &= ~spans.whole_failure[reads.run]
    drain: Bool = ~flows.runs.upkeep[reads.run] & ~own
    return drain


def month_drains(view: View, spans: Spans, slices: Slices) -> Drains:
    """Match reads with the slices that begin in the month."""
    reads = view.flows.reads
    if not len(reads.run):
        return Drains(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    counted = np.where(spans.late_start, spans.start_month, spans.start)[reads.run]
    usable = drains(view, spans, reads) & (view.closings.bound(reads.sequence) <= np.maximum(counted, view.month.start))
    row, place = _match(reads, slices, usable)
    begins = slices.begins[place]
    return Drains(row[begins], place[begins])


def month_pours(view: View, slices: Slices) -> tuple[Pours, Pours]:
    """Match writes with the slices that end well in the month, and upkeep with the datasets it looked at."""
    flows = view.flows
    done = (slices.outcome == SUCCESS) & ~flows.runs.upkeep[slices.run]
    row, place = _match(flows.writes, slices, np.ones(len(flows.writes.run), dtype=np.bool_))
    kept = done[place]
    looked = flows.runs.upkeep[flows.reads.run]
    seen, by = _match(flows.reads, slices, looked)
    over = slices.outcome[by] != OPEN
    return Pours(place[kept], row[kept], True), Pours(by[over], seen[over], False)


def _match(uses: Uses, slices: Slices, usable: Bool) -> tuple[Int64, Int64]:
    """Pair each usable row with each slice of its run: (row, slice)."""
    single = slices.single[uses.run] if len(uses.run) else np.zeros(0, dtype=np.int32)
    row = np.flatnonzero(usable & (single >= 0))
    place = single[row].astype(np.int64)
    if not slices.of_run:
        return row, place
    cut = np.flatnonzero(usable & np.isin(uses.run, list(slices.of_run)))
    pairs = [(use, part) for use in cut.tolist() for part in slices.of_run[int(uses.run[use])]]
    more = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return np.concatenate([row, more[:, 0]]), np.concatenate([place, more[:, 1]])
