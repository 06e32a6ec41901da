"""What allocation hands to the tank rule: charges, each with the place that bears it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trivium.finops.network import Bool, Int8, Int32, Int64


@dataclass(frozen=True)
class Bearings:
    """Parallel columns, one row for each share of a group of charges in one month, in units of money.

    `place` is the bearer, `start` and `end` the part of the charge period in the month, `basis` how the bearer was
    found, `group` the group of charges it comes from, `late` whether it was recorded after its month was closed.
    """

    place: Int32
    amount: Int64
    start: Int64
    end: Int64
    basis: Int8
    group: Int32
    late: Bool

    @staticmethod
    def of(rows: list[tuple[int, int, int, int, int, int, bool]]) -> Bearings:
        """Make columns of rows (place, amount, start, end, basis, group, late)."""
        table = np.array(rows, dtype=np.int64).reshape(-1, 7)
        assert (table[:, 2] <= table[:, 3]).all(), "a charge ends after it begins"
        assert (table[:, 0] >= 0).all(), "every charge has a bearer"
        return Bearings(
            table[:, 0].astype(np.int32), table[:, 1], table[:, 2], table[:, 3],
            table[:, 4].astype(np.int8), table[:, 5].astype(np.int32), table[:, 6].astype(np.bool_),
        )  # fmt: skip
