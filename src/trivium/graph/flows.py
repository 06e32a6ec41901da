"""The graph as finops reads it: one frozen set of columns, in which every asset is an integer.

Keys in each list are canonical (after identity) and sorted; an index points into the list that its field names; -1 is
none. Instants are int64 microseconds since 1970 UTC; sequences are int64 ledger sequences, the first fact that stated
the element, by which finops knows what was recorded after a month was closed. Folding, upkeep, brackets and merged runs
(attribution.md §2) are already resolved: `Uses` stand on runs that carry cost, and test audit tables are absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from trivium.facts.statements import Rule

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

OPEN: Final = 0
SUCCESS: Final = 1
FAILED: Final = 2
UNKNOWN: Final = -1
"""A measure that nobody reported."""
FOREVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Runs:
    """All runs, also those that fold into another (`carrier` is then the other's index, else their own).

    `end` is FOREVER while `outcome` is OPEN. A `bracket` names no dataset, has children, and spreads what it costs
    over them (the runs whose `parent` it is). `upkeep` runs only looked at the datasets that they read. `names` says
    that a run names datasets, `tracked` that it is a trial of its own: with the versions in effect at an instant they
    decide carrier and bracket anew for it (`fold_runs`).
    """

    keys: list[str]
    start: Int64
    end: Int64
    outcome: Int8
    job: Int32
    experiment: Int32
    parent: Int32
    carrier: Int32
    bracket: Bool
    upkeep: Bool
    names: Bool
    tracked: Bool
    sequence: Int64
    """Of the fact that stated the start."""
    end_sequence: Int64


@dataclass(frozen=True)
class Starts:
    """What a run's start was before an earlier event was recorded, for the runs of which one was; sorted by run."""

    run: Int32
    at: Int64
    sequence: Int64


@dataclass(frozen=True)
class Ends:
    """All terminal events of the runs that have several, sorted by run, instant and outcome."""

    run: Int32
    at: Int64
    outcome: Int8
    sequence: Int64


@dataclass(frozen=True)
class Uses:
    """Reads or writes, one per (run, dataset), sorted by it; `bytes` and `rows` are UNKNOWN or the largest reported."""

    run: Int32
    dataset: Int32
    bytes: Int64
    rows: Int64
    sequence: Int64


@dataclass(frozen=True)
class Versions:
    """Model versions that can carry cost (no prompts); `at` is the registration. `copy_of` points to the first."""

    keys: list[str]
    at: Int64
    experiment: Int32
    copy_of: Int32
    sequence: Int64


@dataclass(frozen=True)
class VersionRuns:
    """Which runs made which version: one row for each pair."""

    version: Int32
    run: Int32


@dataclass(frozen=True)
class Consumptions:
    """Who uses a version: `consumer` points into `Flows.consumers`; half-open from `since` to `until` (FOREVER)."""

    version: Int32
    consumer: Int32
    since: Int64
    until: Int64
    sequence: Int64


@dataclass(frozen=True)
class Predictions:
    """Predictions of a version for a consumer in the month that starts at `month`."""

    version: Int32
    consumer: Int32
    month: Int64
    count: Int64
    sequence: Int64


@dataclass(frozen=True)
class ResourceUse:
    """An asset uses a billed resource (its id, without `resource:`), with a weight among those that share it."""

    asset: str
    resource: str
    weight: Fraction
    sequence: int


@dataclass(frozen=True)
class Flows:
    """Everything that carries cost, as known at one sequence of the ledger."""

    runs: Runs
    start_sequences: Starts
    ends: Ends
    jobs: list[str]
    datasets: list[str]
    experiments: list[str]
    consumers: list[str]
    """Endpoints and jobs, by key."""
    reads: Uses
    writes: Uses
    """Empty for upkeep; a failed run's outputs stand here too: finops knows the outcome."""
    versions: Versions
    version_runs: VersionRuns
    consumptions: Consumptions
    predictions: Predictions
    life_days: Int32
    """For each dataset, 0 where none is declared."""
    resources: list[ResourceUse]
    rules: list[Rule]
    """In the order in which they are tried."""
    owners: dict[str, tuple[str, ...]]
    """Asset key to team keys, sorted."""
    products: dict[str, tuple[str, ...]]
    """Asset key to product keys, sorted."""
    names: dict[str, str]
    """Every other name of an asset (a merged run's id, an alias, a symlink) to its canonical key."""
    sequence: int
    """The head that these flows were read at."""
