"""The order of everything in a month: starts are numbered, all else falls between them.

Source: attribution.md §2, "At one instant: first the ends of runs that began earlier, then the starts, each in key
order; a zero-length run is one step". Starts have even steps; whatever happens between two starts shares an odd one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.finops.network import Int64
from trivium.finops.slices import Slices
from trivium.finops.spans import View
from trivium.graph.flows import OPEN
from trivium.graph.ordering import in_order, order_of, ranks_of

OPENING = 1
"""The step of what comes before all starts, late ones too."""
PHASES = 8
END = 0
POUR = 1
START = 3
EFFECT = 4


@dataclass(frozen=True)
class Timeline:
    """Steps of the month. `start` and `end` are the steps of each slice; 0 is the opening, `last` the month's end."""

    start: Int64
    end: Int64
    last: int
    _instants: Int64

    def step(self, instant: int, phase: int = END) -> int:
        """Give the step of something that is no start."""
        return int(self.steps(np.array([instant]), phase)[0])

    def steps(self, instant: Int64, phase: int = END) -> Int64:
        """Give the steps of things that are no starts."""
        return 2 * np.searchsorted(self._instants, instant * PHASES + phase, side="left").astype(np.int64) + 1


def timeline(view: View, slices: Slices) -> Timeline:
    """Give every start its step. Late ones stand first, in the order of their real start."""
    begins = np.flatnonzero(slices.begins)
    instants, run = slices.start[begins], slices.run[begins]
    late = instants == view.first_instant
    real = np.where(late, slices.real[begins], 0)
    order = np.lexsort((run, real, instants)) if late.any() else order_of(instants)
    ordered = instants[order] * PHASES + START
    start = np.zeros(len(slices.run), dtype=np.int64)
    start[begins[order]] = 2 * np.arange(len(begins)) + 2
    at, by_end = in_order(np.minimum(slices.end, view.cutoff))
    end = np.empty(len(slices.run), dtype=np.int64)
    end[by_end] = 2 * ranks_of(at * PHASES + END, ordered) + 1
    at_once = slices.begins & (slices.start == slices.end)
    end = np.where(at_once, start, end)
    assert (end >= start)[slices.begins & (slices.outcome != OPEN)].all()
    return Timeline(start, end, 2 * len(begins) + 3, ordered)
