"""The slices of runs that one month sees: cut at midnight when they last, late ones as one step at its first instant.

Source: attribution.md §2 ("A run is cut at 00:00 UTC…") and §4 ("What is recorded after…").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.facts.instants import DAY
from trivium.finops.network import Bool, Int8, Int32, Int64
from trivium.finops.spans import Spans, View
from trivium.graph.flows import SUCCESS
from trivium.graph.ordering import order_of


@dataclass(frozen=True)
class Slices:
    """The slices that read or end in the month, by (run, start); what is late stands at the first instant.

    `late` ones were over before the month, wholly or up to its start, and have something that no month has counted
    yet. `share` is a slice's part of its run's seconds, `length` its microseconds up to the cutoff, `real` its real
    start, and `begins` says whether it reads in this month.
    """

    run: Int32
    start: Int64
    end: Int64
    outcome: Int8
    share: np.ndarray
    begins: Bool
    length: Int64
    real: Int64
    late: Bool
    of_run: dict[int, list[int]]
    """For each run that has several slices, their places here; a single one is found by `single`."""
    single: Int32
    """For each run of the flows, its only slice, or -1."""

    def of(self, run: int) -> int:
        """Give the first slice of a run in this month, or -1."""
        several = self.of_run.get(run)
        return several[0] if several else int(self.single[run])


Columns = tuple[np.ndarray, ...]


def month_slices(view: View, spans: Spans, missed: Bool, late_reader: Bool) -> Slices:
    """Cut the runs that are alive in the month; runs younger than 24 hours at their end stay whole.

    `missed` runs have something that no month has counted yet: what of them is over is one slice without length.
    `late_reader` runs have a read of that kind; when under way at the month's start they read at its first instant.
    """
    carries = (spans.carrier == np.arange(len(spans.start))) & ~spans.bracket & spans.begun
    alive = np.flatnonzero(carries & ~spans.over)
    long = np.minimum(spans.end[alive], view.cutoff) - spans.start[alive] >= DAY
    whole = alive[~long]
    rows = [row for run in alive[long].tolist() for row in _cut(view, spans, run)]
    more = [np.array(column, dtype=np.int64) for column in (list(zip(*rows, strict=True)) or [()] * 6)]
    length = np.minimum(spans.end[whole], view.cutoff) - spans.start[whole]
    plain: Columns = (
        whole, spans.start[whole], spans.end[whole], spans.outcome[whole], np.ones(len(whole)), length,
        spans.start[whole],
    )  # fmt: skip
    cut: Columns = (*more[:4], more[4] / np.maximum(more[5], 1), more[4], more[1])
    late = _late(view, spans, np.flatnonzero(carries & missed & (spans.start < view.month.start)))
    run, start, end, outcome, share, length, real = (
        np.concatenate(columns) for columns in zip(late, plain, cut, strict=True)
    )
    is_late = np.arange(len(run)) < len(late[0])
    under_way = ~is_late & (start < view.month.start)
    start = np.where(under_way & late_reader[run], view.first_instant, start)
    begins = ~under_way | late_reader[run]
    assert (length >= 0).all()
    order = order_of(run.astype(np.int64))
    columns = (run, start, end, outcome, share, begins, length, real, is_late)
    kinds = (np.int32, np.int64, np.int64, np.int8, np.float64, np.bool_, np.int64, np.int64, np.bool_)
    ordered = (column[order].astype(kind) for column, kind in zip(columns, kinds, strict=True))
    return _indexed(len(spans.start), *ordered)


def _late(view: View, spans: Spans, runs: Int64) -> Columns:
    """Give what of some runs was over before the month, each as one slice at the month's first instant."""
    over = spans.over[runs]
    runs = runs[over | (spans.first_cut[runs] <= view.month.start)]
    over = spans.over[runs]
    last = np.minimum(spans.end[runs], view.cutoff)
    length = np.where(over, spans.end[runs], view.month.start) - spans.start[runs]
    at = np.full(len(runs), view.first_instant)
    outcome = np.where(over, spans.outcome[runs], SUCCESS)
    share = np.where(over, 1.0, length / np.maximum(last - spans.start[runs], 1))
    return runs, at, at, outcome, share, length, spans.start[runs]


def _indexed(
    count: int, run: Int32, start: Int64, end: Int64, outcome: Int8, share: np.ndarray, begins: Bool, length: Int64,
    real: Int64, late: Bool,
) -> Slices:  # fmt: skip
    single = np.full(count, -1, dtype=np.int32)
    single[run] = np.arange(len(run), dtype=np.int32)
    of_run: dict[int, list[int]] = {}
    again = np.flatnonzero(run[1:] == run[:-1]) + 1
    for place in again.tolist():
        of_run.setdefault(int(run[place]), [place - 1]).append(place)
    for several in of_run:
        single[several] = -1
    return Slices(run, start, end, outcome, share, begins, length, real, late, of_run, single)


Row = tuple[int, int, int, int, int, int]
"""Run, start, end, outcome, length, length of the whole run."""


def _cut(view: View, spans: Spans, run: int) -> list[Row]:
    """Cut one long run; gives the slices that end after the month's start and begin before its end."""
    start, end, outcome = int(spans.start[run]), int(spans.end[run]), int(spans.outcome[run])
    last = min(end, view.cutoff)
    rows: list[Row] = []
    edges = _edges(start, min(end, view.cutoff + 1), view.month.start)
    for begin, cut in zip(edges, [*edges[1:], end], strict=True):
        if cut > view.month.start and begin < view.month.end:
            result = outcome if cut == end else SUCCESS
            rows.append((run, begin, cut, result, min(cut, last) - begin, last - start))
    return rows


def _edges(start: int, end: int, since: int) -> list[int]:
    """Give where a run is cut: its start, and each midnight from 24 hours after it to before its end.

    Slices that are over by the midnight `since` are left out, however many there are.
    """
    cut = -(-(start + DAY) // DAY) * DAY
    if cut > since:
        return [start, *range(cut, end, DAY)]
    assert start < since < end, "a run that is cut lasts into the month"
    return list(range(since, end, DAY))
