"""Is what nobody has read yet fresh, or was it refreshed without a reader? Source: attribution.md §3, datasets."""

from __future__ import annotations

from typing import Final

import numpy as np

from trivium.finops.books import MonthBook
from trivium.graph.flows import SUCCESS, Flows

FRESH: Final = "fresh"
"""The money waits for the first reader of what was written last."""
REFRESHED: Final = "refreshed without a reader"
"""It was written at least twice since it was read last: some of the money bought what nobody ever read."""


def unread(book: MonthBook, flows: Flows) -> dict[str, str]:
    """Say which of the two each dataset is that carries money out of the month: runs that ended well are counted."""
    tanks = book.poured.carried()
    waiting = {flows.names.get(tank.place, tank.place) for tank in tanks if tank.kind == "dataset"}
    count, runs = len(flows.datasets), flows.runs
    begun = runs.start < book.cutoff if book.cutoff == book.month.end else runs.start <= book.cutoff
    reads = (begun & ~runs.upkeep)[flows.reads.run]
    last_read = np.full(count, np.iinfo(np.int64).min, dtype=np.int64)
    np.maximum.at(last_read, flows.reads.dataset[reads], runs.start[flows.reads.run[reads]])
    wrote = begun & (runs.outcome == SUCCESS) & (runs.end <= book.cutoff)
    since = wrote[flows.writes.run] & (runs.end[flows.writes.run] > last_read[flows.writes.dataset])
    writes = np.bincount(flows.writes.dataset[since], minlength=count)
    assert len(writes) == count, "each dataset is counted"
    again = {flows.datasets[place] for place in np.flatnonzero(writes > 1).tolist()}
    return {key: REFRESHED if key in again else FRESH for key in sorted(waiting)}
