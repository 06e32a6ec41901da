"""Reads and writes of one month, slice by slice, and what of earlier months no month has counted yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.finops.network import Bool, Int64
from trivium.finops.slices import Slices
from trivium.finops.spans import Spans, View
from trivium.graph.flows import OPEN, SUCCESS, Uses


@dataclass(frozen=True)
class Drains:
    """Rows of `Flows.reads` that drain in this month, and by which slice."""

    row: Int64
    slice: Int64


@dataclass(frozen=True)
class Pours:
    """What ends pour into datasets: the slice, the row of `uses`, and whether the pour is a write (upkeep is none)."""

    slice: Int64
    row: Int64
    written: bool


@dataclass(frozen=True)
class Missed:
    """What no month has counted: rows of reads and of writes, by row, and the runs that they or an end belong to."""

    reads: Bool
    writes: Bool
    run: Bool
    reader: Bool


def missed_uses(view: View, spans: Spans) -> Missed:
    """Find what was first recorded after the month in which it happened was closed."""
    flows = view.flows
    reads, writes = flows.reads, flows.writes
    missed_read = drains(view, spans, reads) & (view.is_new(reads.sequence) | spans.late_start[reads.run])
    well = ~flows.runs.upkeep & ~spans.whole_failure
    anew = spans.late_start | spans.late_end
    missed_write = well[writes.run] & (view.is_new(writes.sequence) | anew[writes.run])
    run, reader = anew.copy(), np.zeros(len(anew), dtype=np.bool_)
    reader[reads.run[missed_read]] = True
    run[writes.run[missed_write]] = True
    return Missed(missed_read, missed_write, run | reader, reader)


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


def month_drains(view: View, spans: Spans, slices: Slices, missed: Missed) -> Drains:
    """Match reads with the slices that begin in the month; what began before it reads only what was missed."""
    reads = view.flows.reads
    row, place = _match(reads, slices, drains(view, spans, reads))
    now = slices.begins[place] & ((slices.start[place] >= view.month.start) | missed.reads[row])
    return Drains(row[now], place[now])


def month_pours(view: View, slices: Slices) -> tuple[Pours, Pours]:
    """Match writes with the slices that end well in the month, and upkeep with the datasets it looked at."""
    flows = view.flows
    done = (slices.outcome == SUCCESS) & ~flows.runs.upkeep[slices.run]
    row, place = _match(flows.writes, slices, np.ones(len(flows.writes.run), dtype=np.bool_))
    kept = done[place]
    seen, by = _match(flows.reads, slices, flows.runs.upkeep[flows.reads.run])
    over = slices.outcome[by] != OPEN
    return Pours(place[kept], row[kept], True), Pours(by[over], seen[over], False)


def month_writes(view: View, slices: Slices, missed: Missed) -> Pours:
    """Match the writes that cut time into stretches with their slices: of late slices only what was missed.

    A run that failed in the end has written with its earlier slices, so as one late step it writes too.
    """
    flows = view.flows
    done = ((slices.outcome == SUCCESS) | slices.late) & ~flows.runs.upkeep[slices.run]
    row, place = _match(flows.writes, slices, np.ones(len(flows.writes.run), dtype=np.bool_))
    kept = done[place] & (~slices.late[place] | missed.writes[row])
    return Pours(place[kept], row[kept], True)


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
