"""Which months are closed, and what that makes late (attribution.md §4, Closing)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trivium.finops.network import Int64

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Closings:
    """The closed months in order: the ledger sequence each was computed from, and the instant at which it ends."""

    sequence: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    end: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def bound(self, sequence: Int64) -> Int64:
        """Give, for facts recorded at `sequence`, the end of the last month that was closed before; else NEVER."""
        if not len(self.end):
            return np.full(len(sequence), NEVER, dtype=np.int64)
        assert (np.diff(self.end) > 0).all(), "months close in order"
        assert (np.diff(self.sequence) >= 0).all()
        closed = np.searchsorted(self.sequence, sequence, side="left")
        return np.where(closed > 0, self.end[np.maximum(closed, 1) - 1], NEVER)

    @property
    def until(self) -> int:
        """Give the end of the last closed month, or NEVER."""
        return int(self.end[-1]) if len(self.end) else int(NEVER)
