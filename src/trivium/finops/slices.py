"""Runs as one month sees them: cut at midnight when they last, late when recorded after their month was closed.

Source: attribution.md §2 ("A run's start…", "A run is cut at 00:00 UTC…") and §4 ("What is recorded after…").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.facts.instants import DAY
from trivium.facts.period import Period
from trivium.finops.closings import Closings
from trivium.finops.network import Bool, Int8, Int32, Int64
from trivium.graph.flows import FAILED, FOREVER, OPEN, SUCCESS, Flows
from trivium.graph.fold_runs import brackets, carriers


@dataclass(frozen=True)
class View:
    """What one month's computation may know: everything up to `cutoff`, the earlier of the month's end and as-of."""

    flows: Flows
    month: Period
    cutoff: int
    closings: Closings

    @property
    def ended(self) -> bool:
        """Say whether the month is over at the cutoff."""
        return self.cutoff >= self.month.end

    @property
    def first_instant(self) -> int:
        """Give the time that stands for the month's first instant: before everything else in it."""
        return self.month.start - 1


@dataclass(frozen=True)
class Spans:
    """Every run's life as the view sees it: real times, `end` FOREVER while open.

    A late start or end was recorded after its month was closed and counts at the first instant of the month that
    `start_month` or `end_month` begins; `past` runs have ended before this month.
    """

    start: Int64
    end: Int64
    outcome: Int8
    begun: Bool
    past: Bool
    late_start: Bool
    late_end: Bool
    start_month: Int64
    end_month: Int64
    whole_failure: Bool
    """Failed before they were ever cut: what they name as outputs is no write."""
    carrier: Int32
    bracket: Bool
    """Folding and brackets among the runs that have begun: who is to come carries nothing yet."""

    @staticmethod
    def of(view: View) -> Spans:
        """Place every run in time."""
        runs, month = view.flows.runs, view.month
        start_bound = view.closings.bound(runs.sequence)
        end_bound = np.maximum(view.closings.bound(runs.end_sequence), start_bound)
        late_start = runs.start < start_bound
        late_end = (runs.outcome != OPEN) & (runs.start < end_bound) & (runs.end <= end_bound)
        known = (runs.outcome != OPEN) & (np.where(late_end, end_bound, runs.end) <= view.cutoff)
        counted = np.where(late_start, start_bound, runs.start)
        begun = (counted <= view.cutoff) & (counted < month.end)
        over = (runs.end < month.start) | ((runs.end == month.start) & (runs.start < runs.end))
        first_cut = -(-(runs.start + DAY) // DAY) * DAY
        cut_before = ~late_start & (first_cut <= month.start)
        past = known & np.where(late_end, (end_bound < month.start) | cut_before, over)
        outcome = np.where(known, runs.outcome, OPEN).astype(np.int8)
        end = np.where(known, runs.end, FOREVER)
        carrier, bracket = _families(view, begun)
        return Spans(
            runs.start, end, outcome, begun, past, late_start, late_end, start_bound, end_bound,
            (outcome == FAILED) & (end <= first_cut), carrier, bracket,
        )  # fmt: skip


def _families(view: View, begun: Bool) -> tuple[Int32, Bool]:
    """Decide who carries whom among the runs that have begun, by the versions that are registered by now."""
    runs, versions = view.flows.runs, view.flows.versions
    if not (runs.parent >= 0).any():
        return np.arange(len(begun), dtype=np.int32), np.zeros(len(begun), dtype=np.bool_)
    at = np.maximum(versions.at, view.closings.bound(versions.sequence))
    known = (at <= view.cutoff) & (at < view.month.end) & (versions.copy_of < 0)
    leads = np.zeros(len(begun), dtype=np.bool_)
    leads[view.flows.version_runs.run[known[view.flows.version_runs.version]]] = True
    parent = np.where(begun & (runs.parent >= 0) & begun[runs.parent], runs.parent, -1).astype(np.int32)
    stands = runs.names | runs.tracked | leads | ~begun
    carrier = carriers(parent, stands, runs.names & begun)
    return carrier, brackets(parent, stands, carrier)


@dataclass(frozen=True)
class Slices:
    """The slices that read or end in the month, by (run, start); what is late stands at the first instant.

    `share` is a slice's part of its run's seconds, `length` its microseconds up to the cutoff, `real` its real start.
    """

    run: Int32
    start: Int64
    end: Int64
    outcome: Int8
    share: np.ndarray
    begins: Bool
    length: Int64
    real: Int64
    of_run: dict[int, list[int]]
    """For each run that has several slices, their places here; a single one is found by `single`."""
    single: Int32
    """For each run of the flows, its only slice, or -1."""


Row = tuple[int, int, int, int, float, int, int]
"""Run, start, end, outcome, share, length, real start."""


def month_slices(view: View, spans: Spans) -> Slices:
    """Cut the runs that are alive in the month; runs younger than 24 hours at their end stay whole."""
    runs = view.flows.runs
    carries = (spans.carrier == np.arange(len(runs.keys))) & ~spans.bracket
    alive = np.flatnonzero(carries & spans.begun & ~spans.past)
    last = np.minimum(spans.end[alive], view.cutoff)
    long = last - spans.start[alive] >= DAY
    first, whole = view.first_instant, alive[~long]
    late_end = spans.late_end[whole] & (spans.outcome[whole] != OPEN)
    late_start = spans.late_start[whole] & (spans.start_month[whole] == view.month.start)
    rows = [row for run in alive[long].tolist() for row in _cut(view, spans, run)]
    more = list(zip(*rows, strict=True)) or [()] * 7
    columns = (
        whole, np.where(late_start, first, spans.start[whole]), np.where(late_end, first, spans.end[whole]),
        spans.outcome[whole], np.ones(len(whole)), last[~long] - spans.start[whole], spans.start[whole],
    )  # fmt: skip
    kinds = (np.int32, np.int64, np.int64, np.int8, np.float64, np.int64, np.int64)
    joined = [
        np.concatenate([column, np.array(extra, dtype=kind)]).astype(kind)
        for column, extra, kind in zip(columns, more, kinds, strict=True)
    ]
    order = np.argsort(joined[0], kind="stable")
    return _indexed(view, *(column[order] for column in joined))


def _indexed(
    view: View, run: Int32, start: Int64, end: Int64, outcome: Int8, share: np.ndarray, length: Int64, real: Int64
) -> Slices:
    single = np.full(len(view.flows.runs.keys), -1, dtype=np.int32)
    single[run] = np.arange(len(run), dtype=np.int32)
    of_run: dict[int, list[int]] = {}
    again = np.flatnonzero(run[1:] == run[:-1]) + 1
    for place in again.tolist():
        of_run.setdefault(int(run[place]), [place - 1]).append(place)
    for several in of_run:
        single[several] = -1
    return Slices(run, start, end, outcome, share, start >= view.first_instant, length, real, of_run, single)


def _cut(view: View, spans: Spans, run: int) -> list[Row]:
    """Cut one long run; gives the slices that end after the month's start and begin before its end.

    Of a run recorded late in this month, all slices that are over are one step at its first instant.
    """
    start, end, outcome = int(spans.start[run]), int(spans.end[run]), int(spans.outcome[run])
    opens, first, last = view.month.start, view.first_instant, min(end, view.cutoff)
    late = bool(spans.late_start[run]) and int(spans.start_month[run]) == opens
    edges = _edges(start, min(end, view.cutoff + 1))
    whole, missed, rows = last - start, (0, 0), list[Row]()
    for begin, cut in zip(edges, [*edges[1:], end], strict=True):
        length, result = min(cut, last) - begin, outcome if cut == end else SUCCESS
        if cut <= opens:
            missed = (missed[0] + length, result)
        elif begin < view.month.end:
            counted = first if late and begin < opens else begin
            rows.append((run, counted, cut, result, length / whole, length, begin))
    if late and missed[0]:
        rows.insert(0, (run, first, first, missed[1], missed[0] / whole, missed[0], start))
    return rows


def _edges(start: int, end: int) -> list[int]:
    """Give where a run is cut: its start, and each midnight from 24 hours after it to before its end."""
    cut = -(-(start + DAY) // DAY) * DAY
    return [start, *range(cut, end, DAY)]
