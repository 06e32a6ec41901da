"""Reads and writes as columns, and which datasets are assets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from trivium.graph.columns import integer_columns
from trivium.graph.flows import Bool, Int32, Int64, Uses
from trivium.graph.naming import Naming
from trivium.graph.run_columns import RunColumns

_NAMED = text("SELECT id FROM graph_names WHERE kind = 'dataset' AND named = 1")


@dataclass(frozen=True)
class RawUses:
    """Reads or writes before identity: `name` is the number of what is used, `run` the run's place."""

    run: Int32
    name: Int64
    bytes: Int64
    rows: Int64
    sequence: Int64

    def keep(self, which: Bool | npt.NDArray[np.intp]) -> RawUses:
        """Give the uses that a mask or an order chooses."""
        return RawUses(self.run[which], self.name[which], self.bytes[which], self.rows[which], self.sequence[which])


def read_uses(connection: Connection, runs: RunColumns, *, written: bool) -> RawUses:
    """Read all reads, or all writes but those of tests: their audit tables are no assets."""
    columns = ["run", "dataset", "bytes", "rows", "sequence"]
    number, name, size, rows, sequence = integer_columns(connection, columns, "graph_uses", f"written = {int(written)}")
    uses = RawUses(runs.place[number], name, size, rows, sequence)
    known = uses.run >= 0
    return uses.keep(known & ~np.append(runs.test, False)[uses.run] if written else known)


def list_datasets(
    connection: Connection, naming: Naming, writes: RawUses, declared: set[str]
) -> tuple[list[str], Int32]:
    """List the datasets that are assets, sorted: read, written by more than tests, described, or declared.

    Beside it stands for every number of a name the place of its dataset in the list, -1 where there is none.
    """
    named = np.array(connection.execute(_NAMED).scalars().all(), np.int64)
    numbers = np.concatenate([named, np.unique(writes.name), naming.numbers_of(declared)])
    is_dataset = [naming.keys[asset].startswith("dataset:") for asset in naming.asset[numbers].tolist()]
    return naming.listed(numbers[np.array(is_dataset, np.bool_)])


def united_uses(uses: RawUses, dataset: Int32) -> Uses:
    """Give one use per run and dataset, sorted by both; of several measures the largest counts."""
    known = dataset >= 0
    uses, dataset = uses.keep(known), dataset[known]
    order = np.lexsort((dataset, uses.run))
    uses, dataset = uses.keep(order), dataset[order]
    if not len(dataset):
        return Uses(uses.run, dataset, uses.bytes, uses.rows, uses.sequence)
    changes = np.append(True, (np.diff(uses.run) != 0) | (np.diff(dataset) != 0))
    first = np.flatnonzero(changes)
    return Uses(
        run=uses.run[first],
        dataset=dataset[first],
        bytes=np.maximum.reduceat(uses.bytes, first),
        rows=np.maximum.reduceat(uses.rows, first),
        sequence=np.minimum.reduceat(uses.sequence, first),
    )
