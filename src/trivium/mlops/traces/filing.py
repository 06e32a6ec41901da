"""Rows of spans → one Parquet file of the lake's table `spans`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from trivium.facts.charges import LONG, TEXT, TIME, WHOLE
from trivium.facts.spans import COLUMNS
from trivium.intake.otlp.rows import Row

_TYPES: Final = {TEXT: pa.string(), LONG: pa.int64(), TIME: pa.int64(), WHOLE: pa.int32()}
_MOMENT: Final = pa.timestamp("us")
_UNLIKE: Final = frozenset({"trace_id", "span_id", "parent_id", "attributes", "events", "links"})
"""Columns whose values seldom come again: a dictionary of them would only cost."""
ENCODED: Final = [name for name, kind in COLUMNS if name not in _UNLIKE and kind not in {TIME, LONG}]


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Make an Arrow table of rows, in their order; empty texts stay empty, what is None is null."""
    assert rows, "a file has rows"
    columns = {}
    for (name, kind), values in zip(COLUMNS, zip(*rows, strict=True), strict=True):
        column = pa.array(values, _TYPES[kind])
        columns[name] = column.view(_MOMENT) if kind == TIME else column
    return pa.table(columns)


def write_file(table: pa.Table, path: Path) -> None:
    """Write a table as a Parquet file."""
    pq.write_table(table, path, compression="zstd", compression_level=1, use_dictionary=ENCODED)
