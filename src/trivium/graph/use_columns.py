"""Reads and writes as columns, and which datasets are assets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import Connection, text

from trivium.graph.columns import integer_columns
from trivium.graph.flows import Int32, Int64, Uses
from trivium.graph.naming import Naming
from trivium.graph.ordering import changes, in_order
from trivium.graph.run_columns import RunColumns

_NAMED = text("SELECT id FROM graph_names WHERE kind = 'dataset' AND named = 1")
_ID_BITS: Final = 31
_COLUMNS: Final = [f"(run << {_ID_BITS + 1}) | (dataset << 1) | written", "bytes", "rows", "sequence"]
"""Numbers of names are below 2³¹: run, dataset and which it is are read as one number."""


@dataclass(frozen=True)
class RawUses:
    """Reads or writes before identity: those rows of all uses whose places are `row`.

    `name` is the number of what is used, `run` the run's place.
    """

    row: Int64
    run: Int32
    name: Int64
    bytes: Int64
    rows: Int64
    sequence: Int64


def read_uses(connection: Connection, runs: RunColumns) -> tuple[RawUses, RawUses]:
    """Read all reads, and all writes but those of tests: their audit tables are no assets."""
    packed, size, rows, sequence = integer_columns(connection, _COLUMNS, "graph_uses")
    run = runs.place[packed >> (_ID_BITS + 1)]
    name = packed >> 1 & ((1 << _ID_BITS) - 1)
    written, known = (packed & 1).astype(np.bool_), run >= 0
    read, wrote = np.flatnonzero(known & ~written), np.flatnonzero(known & written & ~np.append(runs.test, False)[run])
    return RawUses(read, run, name, size, rows, sequence), RawUses(wrote, run, name, size, rows, sequence)


def list_datasets(
    connection: Connection, naming: Naming, writes: RawUses, declared: set[str]
) -> tuple[list[str], Int32]:
    """List the datasets that are assets, sorted: read, written by more than tests, described, or declared.

    Beside it stands for every number of a name the place of its dataset in the list, -1 where there is none.
    """
    named = np.array(connection.execute(_NAMED).scalars().all(), np.int64)
    written = np.zeros(len(naming.keys), np.bool_)
    written[writes.name[writes.row]] = True
    numbers = np.concatenate([named, np.flatnonzero(written), naming.numbers_of(declared)])
    is_dataset = [naming.keys[asset].startswith("dataset:") for asset in naming.asset[numbers].tolist()]
    return naming.listed(numbers[np.array(is_dataset, np.bool_)])


def united_uses(uses: RawUses, dataset_place: Int32) -> Uses:
    """Give one use per run and dataset, sorted by both; of several measures the largest counts."""
    row, dataset = uses.row, dataset_place[uses.name[uses.row]]
    if len(dataset) and dataset.min() < 0:
        row, dataset = row[dataset >= 0], dataset[dataset >= 0]
    width = int(dataset.max(initial=0)) + 1
    pair, order = in_order(uses.run[row].astype(np.int64) * width + dataset)
    row = row[order]
    columns = [uses.bytes[row], uses.rows[row], uses.sequence[row]]
    first = np.flatnonzero(changes(pair))
    if len(first) < len(pair):
        pair = pair[first]
        how = (np.maximum, np.maximum, np.minimum)
        columns = [one.reduceat(column, first) for one, column in zip(how, columns, strict=True)]
    run, dataset = np.divmod(pair, width)
    return Uses(run.astype(np.int32), dataset.astype(np.int32), *columns)
