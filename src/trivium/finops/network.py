"""One month's pours as data: nodes in the order of time, weighted edges, and what each node was charged itself.

The structure holds no result: `spread` lets the amounts run through it. Loaded cost and explanations let them run again
through the same structure with one asset's outflow removed (attribution.md §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from trivium.facts.period import Period

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

HOLD: Final = 0
"""A run's slice: its charges and what it drains, until it ends."""
BUCKET: Final = 1
"""What was poured into a dataset and meets the same readers."""
PARTS: Final = 2
"""A pour into a dataset with a life, before its daily parts."""
TRIAL: Final = 3
"""What a run poured into its experiment."""
VERSION: Final = 4
"""A model version's balance."""
REST: Final = 5
"""Money that came to rest at an asset or an account."""
HANDED: Final = 8
"""What a run held that has become a bracket since, on its way to those that carry its cost now."""
POURED: Final = 7
"""A single pour on its way into a dataset: a storage charge, an opening tank, a released part."""
TANK: Final = 6
"""Money carried into the next month."""


class Tank(msgspec.Struct, frozen=True, order=True):
    """Where carried money waits. `kind` is dataset, prepaid, running, failed, trial or version.

    `place` is the asset or account whose line shows it, `holder` the asset that has it (the run of a running, failed or
    trial tank, the dataset of a prepaid one), `at` the instant of release of a prepaid part, or of a failed run's end.
    """

    kind: str
    place: str
    holder: str = ""
    at: int = 0


def stands_at(tank: Tank) -> str:
    """Give the asset at which a tank's money waits: a trial's is its experiment's, all other its holder's."""
    return tank.place if tank.kind == "trial" else tank.holder or tank.place


@dataclass(frozen=True)
class Entries:
    """Charges that reached their bearer: parallel columns, one row for each share of a group of charges.

    `node` is the node that bears the amount in units; `basis` indexes `finops.charges.BASES`; `group` is the row of the
    group of charges it comes from; `late` says that it was recorded after its month was closed.
    """

    node: Int32
    amount: Int64
    basis: Int8
    group: Int32
    late: Bool


@dataclass(frozen=True)
class Network:
    """The nodes and edges of one month, in topological order; edges of node i are `start[i]:start[i + 1]`.

    `place` names the asset of each node, `role` what it is (HOLD, BUCKET, …). `opening` are the nodes at which the
    tanks of the month before are poured in, `closing` the TANK nodes with their tanks.
    """

    month: Period
    role: Int8
    place: Int32
    start: Int64
    target: Int32
    weight: Int64
    entries: Entries
    opening: dict[Tank, int]
    closing: dict[Tank, int]

    @property
    def size(self) -> int:
        """Count the nodes."""
        return len(self.role)


@dataclass(frozen=True)
class Poured:
    """What a spread gave: `value` per node (its charges, its opening, its inflow) and `amount` per edge, in units."""

    network: Network
    own: Int64
    opened: Int64
    value: Int64
    amount: Int64
    absorbs: Bool

    def carried(self) -> dict[Tank, int]:
        """Give what stands in the tanks at the end."""
        closing = self.network.closing
        stands = self.value[np.fromiter(closing.values(), dtype=np.int64, count=len(closing))].tolist()
        return {tank: units for tank, units in zip(closing, stands, strict=True) if units}
