"""The order of everything in a month: starts are numbered, all else falls between them.

Source: attribution.md §2, "At one instant: first the ends of runs that began earlier, then the starts, each in key
order; a zero-length run is one step". Starts have even steps; whatever happens between two starts shares an odd one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.finops.network import Int64
from trivium.finops.slices import Slices, View

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


def timeline(view: View, slices: Slices, late_after: Int64) -> tuple[Timeline, Int64]:
    """Give every start its step, those of slices and of `late_after`: runs whose reads were recorded late.

    Gives the timeline and the steps of `late_after`. Late ones stand first, in the order of their real start.
    """
    begins = np.flatnonzero(slices.begins)
    late = slices.start[begins] == view.first_instant
    runs = view.flows.runs
    instants = np.concatenate([slices.start[begins], np.full(len(late_after), view.first_instant)])
    run = np.concatenate([slices.run[begins], late_after])
    slice_real = np.where(late, slices.real[begins] - slices.real.min(initial=0) + 1, 0)
    real = np.concatenate([slice_real, runs.start[late_after] - slices.real.min(initial=0) + 1])
    order = np.lexsort((run, real, instants)) if real.any() else np.argsort(instants, kind="stable")
    step = np.empty(len(run), dtype=np.int64)
    step[order] = 2 * np.arange(len(run)) + 2
    ordered = instants[order] * PHASES + START
    start = np.zeros(len(slices.run), dtype=np.int64)
    start[begins] = step[: len(begins)]
    end = 2 * np.searchsorted(ordered, np.minimum(slices.end, view.cutoff) * PHASES + END, side="left") + 1
    at_once = slices.begins & (slices.start == slices.end)
    end = np.where(at_once, start, end)
    return Timeline(start, end, 2 * len(run) + 3, ordered), step[len(begins) :]
