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
    """Every run's life as the view sees it; `end` is FOREVER while open. Late starts and ends stand at `first`."""

    start: Int64
    end: Int64
    outcome: Int8
    begun: Bool
    past: Bool
    late_start: Bool

    @staticmethod
    def of(view: View) -> Spans:
        """Place every run in time: late starts and ends move to the first instant of their month."""
        runs, first = view.flows.runs, view.first_instant
        start_bound = view.closings.bound(runs.sequence)
        end_bound = view.closings.bound(runs.end_sequence)
        late_start, late_end = runs.start < start_bound, (runs.outcome != OPEN) & (runs.end < end_bound)
        start = np.where(late_start, start_bound - 1, runs.start)
        end = np.where(late_end, end_bound - 1, runs.end)
        end = np.maximum(end, np.where(late_end, start, end))
        known = (runs.outcome != OPEN) & (end <= view.cutoff)
        begun = (start <= view.cutoff) & (start < view.month.end)
        past = known & (end <= view.month.start) & (end != first)
        outcome = np.where(known, runs.outcome, OPEN).astype(np.int8)
        return Spans(start, np.where(known, end, FOREVER), outcome, begun, past, late_start)


@dataclass(frozen=True)
class Slices:
    """The slices that read or end in the month, by (run, start). `share` is their part of the run's seconds."""

    run: Int32
    start: Int64
    end: Int64
    outcome: Int8
    share: np.ndarray
    begins: Bool
    of_run: dict[int, list[int]]
    """For each run that has several slices, their places here; a single one is found by `single`."""
    single: Int32
    """For each run of the flows, its only slice, or -1."""


def month_slices(view: View, spans: Spans) -> Slices:
    """Cut the runs that are alive in the month; runs younger than 24 hours at their end stay whole."""
    runs = view.flows.runs
    carries = (runs.carrier == np.arange(len(runs.keys))) & ~runs.bracket
    alive = np.flatnonzero(carries & spans.begun & ~spans.past)
    lasts = np.minimum(spans.end[alive], view.cutoff) - spans.start[alive] >= DAY
    long = alive[lasts & ~spans.late_start[alive]]
    whole = np.setdiff1d(alive, long, assume_unique=True)
    rows = [row for run in long.tolist() for row in _cut(view, spans, run)]
    run = np.concatenate([whole, np.array([row[0] for row in rows], dtype=np.int64)])
    order = np.argsort(run, kind="stable")
    start = np.concatenate([spans.start[whole], np.array([row[1] for row in rows], dtype=np.int64)])[order]
    end = np.concatenate([spans.end[whole], np.array([row[2] for row in rows], dtype=np.int64)])[order]
    outcome = np.concatenate([spans.outcome[whole], np.array([row[3] for row in rows], dtype=np.int8)])[order]
    share = np.concatenate([np.ones(len(whole)), np.array([row[4] for row in rows], dtype=np.float64)])[order]
    run = run[order].astype(np.int32)
    return _indexed(view, run, start, end, outcome, share)


def _indexed(view: View, run: Int32, start: Int64, end: Int64, outcome: Int8, share: np.ndarray) -> Slices:
    single = np.full(len(view.flows.runs.keys), -1, dtype=np.int32)
    single[run] = np.arange(len(run), dtype=np.int32)
    of_run: dict[int, list[int]] = {}
    again = np.flatnonzero(run[1:] == run[:-1]) + 1
    for place in again.tolist():
        of_run.setdefault(int(run[place]), [place - 1]).append(place)
    for several in of_run:
        single[several] = -1
    return Slices(run, start, end, outcome, share, start >= view.first_instant, of_run, single)


def _cut(view: View, spans: Spans, run: int) -> list[tuple[int, int, int, int, float]]:
    """Cut one long run; gives the slices that end after the month's start and begin before its end."""
    start, end, outcome = int(spans.start[run]), int(spans.end[run]), int(spans.outcome[run])
    last = min(end, view.cutoff)
    seconds = max(last - start, 1)
    first_cut = -(-(start + DAY) // DAY) * DAY
    begin, rows = start, []
    cut = max(first_cut, view.month.start - view.month.start % DAY)
    if cut > first_cut:
        begin = max(first_cut, cut - DAY)
    while cut < end and cut <= view.cutoff and cut < view.month.end + DAY:
        if cut > view.month.start:
            rows.append((run, begin, cut, SUCCESS, (cut - begin) / seconds))
        begin, cut = cut, cut + DAY
    if begin < view.month.end:
        rows.append((run, begin, end, outcome, (last - begin) / seconds))
    return [row for row in rows if row[1] < view.month.end]


__all__ = ["FAILED", "Slices", "Spans", "View", "month_slices"]
