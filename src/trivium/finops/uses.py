"""Reads and writes of one month, slice by slice, and what of earlier months no month has counted yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.finops.network import Bool, Int64
from trivium.finops.slices import Slices
from trivium.finops.spans import Spans, View
from trivium.graph.flows import OPEN, SUCCESS, Uses
from trivium.graph.ordering import ranks_of


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

    drain: Bool
    """Rows of reads that drain at all, whether counted before or not."""
    reads: Bool
    writes: Bool
    run: Bool
    reader: Bool


def missed_uses(view: View, spans: Spans) -> Missed:
    """Find what was first recorded after the month in which it happened was closed."""
    flows = view.flows
    reads, writes = flows.reads, flows.writes
    drain = drains(view, spans, reads)
    anew = spans.late_start | spans.late_end
    run, reader = anew.copy(), np.zeros(len(anew), dtype=np.bool_)
    if not len(view.closings.end) and not anew.any():
        return Missed(drain, np.zeros(len(drain), np.bool_), np.zeros(len(writes.run), np.bool_), run, reader)
    missed_read = drain & (view.is_new(reads.sequence) | spans.late_start[reads.run])
    well = ~flows.runs.upkeep & ~spans.whole_failure
    missed_write = well[writes.run] & (view.is_new(writes.sequence) | anew[writes.run])
    reader[reads.run[missed_read]] = True
    run[writes.run[missed_write]] = True
    return Missed(drain, missed_read, missed_write, run | reader, reader)


def drains(view: View, spans: Spans, reads: Uses) -> Bool:
    """Say which reads drain: not those of upkeep, and not those of datasets that the run also writes."""
    flows = view.flows
    width = max(len(flows.datasets), 1)
    pair = reads.run.astype(np.int64) * width + reads.dataset
    written = flows.writes.run.astype(np.int64) * width + flows.writes.dataset
    drain = ~flows.runs.upkeep[reads.run] if flows.runs.upkeep.any() else np.ones(len(pair), dtype=np.bool_)
    if len(written):
        own = np.flatnonzero(written[np.minimum(ranks_of(pair, written), len(written) - 1)] == pair)
        drain[own[~spans.whole_failure[reads.run[own]]]] = False
    return np.asarray(drain)


def month_drains(view: View, slices: Slices, missed: Missed) -> Drains:
    """Match reads with the slices that begin in the month; what began before it reads only what was missed."""
    row, place = _match(view.flows.reads, slices, missed.drain)
    at_once = slices.begins & (slices.start >= view.month.start)
    if at_once.all():
        return Drains(row, place)
    now = at_once[place] | (slices.begins[place] & missed.reads[row])
    return Drains(row[now], place[now])


@dataclass(frozen=True)
class Poured:
    """What the month's slices pour into datasets at their ends, and the writes that cut time into stretches."""

    writes: Pours
    upkeep: Pours
    cuts: Pours


def month_pours(view: View, slices: Slices, missed: Missed) -> Poured:
    """Match writes with the slices that end well in the month, and upkeep with the datasets it looked at.

    Of late slices only the writes that were missed are cuts. A run that failed in the end has written with its earlier
    slices, so as one late step its writes are cuts too.
    """
    flows = view.flows
    works = ~flows.runs.upkeep[slices.run]
    row, place = _match(flows.writes, slices, np.ones(len(flows.writes.run), dtype=np.bool_))
    well = (slices.outcome == SUCCESS) & works
    writes = _kept(row, place, well[place])
    cuts = writes
    if slices.late.any():
        cuts = _kept(row, place, ((well | slices.late) & works)[place] & (~slices.late[place] | missed.writes[row]))
    if works.all():
        return Poured(writes, Pours(place[:0], row[:0], False), cuts)
    seen, by = _match(flows.reads, slices, flows.runs.upkeep[flows.reads.run])
    over = slices.outcome[by] != OPEN
    return Poured(writes, Pours(by[over], seen[over], False), cuts)


def _kept(row: Int64, place: Int64, kept: Bool) -> Pours:
    return Pours(place, row, True) if kept.all() else Pours(place[kept], row[kept], True)


def _match(uses: Uses, slices: Slices, usable: Bool) -> tuple[Int64, Int64]:
    """Pair each usable row with each slice of its run: (row, slice)."""
    single = slices.single[uses.run] if len(uses.run) else np.zeros(0, dtype=np.int32)
    row = np.flatnonzero(usable & (single >= 0))
    place = single[row].astype(np.int64) if len(row) < len(single) else single.astype(np.int64)
    if not slices.of_run:
        return row, place
    cut = np.flatnonzero(usable & np.isin(uses.run, list(slices.of_run)))
    pairs = [(use, part) for use in cut.tolist() for part in slices.of_run[int(uses.run[use])]]
    more = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return np.concatenate([row, more[:, 0]]), np.concatenate([place, more[:, 1]])
