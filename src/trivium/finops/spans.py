"""Every run's life as one month sees it: when it began and ended, what of it was counted before, who carries it.

Source: attribution.md §2 ("A run's start…") and §4 ("What is recorded after…").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.facts.instants import DAY
from trivium.facts.period import Period, month_of
from trivium.finops.closings import Closings
from trivium.finops.network import Bool, Int8, Int32, Int64
from trivium.graph.flows import FAILED, FOREVER, OPEN, Flows
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

    def is_new(self, sequence: Int64) -> Bool:
        """Say which facts were recorded after the month before this one was closed: no month has counted them."""
        if not len(self.closings.end):
            return np.zeros(len(sequence), dtype=np.bool_)
        return np.asarray(self.closings.bound(sequence) == self.month.start)

    @property
    def first_instant(self) -> int:
        """Give the time that stands for the month's first instant: before everything else in it."""
        return self.month.start - 1


@dataclass(frozen=True)
class Spans:
    """Every run's life as the view sees it: the times of its events up to the cutoff, `end` FOREVER while open.

    `over` runs ended before this month (at its first instant counts as before). What no month has counted yet, though
    it belongs to an earlier one, counts at this month's first instant: `late_start` runs as a whole, `late_end` runs
    as far as they pour and write at their end.
    """

    start: Int64
    end: Int64
    outcome: Int8
    counted: Int64
    """When a run was first counted as begun: at its start, or at the end of the month closed before it was known."""
    begun: Bool
    over: Bool
    late_start: Bool
    late_end: Bool
    first_cut: Int64
    """The midnight at which a run is cut first, if it lasts until then."""
    ended: Int64
    """When a run was first counted as ended: the time of a terminal event, or the end of the month closed before it."""
    whole_failure: Bool
    """Failed before they were ever cut: what they name as outputs is no write."""
    carrier: Int32
    bracket: Bool
    """Folding and brackets among the runs that have begun: who is to come carries nothing yet."""

    @staticmethod
    def of(view: View) -> Spans:
        """Place every run in time."""
        runs, month = view.flows.runs, view.month
        end, outcome, end_sequence, ended = _ends(view)
        counted = np.maximum(runs.start, view.closings.bound(runs.sequence))
        before = view.flows.start_sequences
        np.minimum.at(counted, before.run, np.maximum(before.at, view.closings.bound(before.sequence)))
        begun = (runs.start <= view.cutoff) & (runs.start < month.end)
        over = (end < month.start) | ((end == month.start) & (runs.start < end))
        late_start = (runs.start < month.start) & (counted >= month.start)
        late_end = over & (view.is_new(end_sequence) | late_start)
        first_cut = -(-(runs.start + DAY) // DAY) * DAY
        carrier, bracket = _families(view, begun)
        assert (end >= runs.start).all()
        assert not (late_start & (counted != month.start)).any()
        return Spans(
            runs.start, end, outcome, counted, begun, over, late_start, late_end, first_cut, ended,
            (outcome == FAILED) & (end <= first_cut), carrier, bracket,
        )  # fmt: skip

    def ended_in(self, run: int) -> int:
        """Give the start of the month in which a run first counted as ended; at a month's end counts as before it."""
        at = int(self.ended[run])
        return month_of(at if self.start[run] == at else at - 1).start


def _ends(view: View) -> tuple[Int64, Int8, Int64, Int64]:
    """Give each run's latest terminal event up to the cutoff (instant, outcome, sequence), and when it first ended.

    An end at the end of the month that was closed before it was recorded first counts in the next one.
    """
    runs, ends, closings = view.flows.runs, view.flows.ends, view.closings
    end, outcome, sequence = runs.end.copy(), runs.outcome.copy(), runs.end_sequence.copy()
    late = closings.bound(sequence)
    ended = np.where(end <= late, late + 1, end)
    late = closings.bound(ends.sequence)
    np.minimum.at(ended, ends.run, np.where(ends.at <= late, late + 1, ends.at))
    outcome[end > view.cutoff] = OPEN
    end[end > view.cutoff] = FOREVER
    end[ends.run], outcome[ends.run] = FOREVER, OPEN
    seen = ends.at <= view.cutoff
    run = ends.run[seen]
    end[run], outcome[run], sequence[run] = ends.at[seen], ends.outcome[seen], ends.sequence[seen]
    return end, outcome, sequence, ended


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
