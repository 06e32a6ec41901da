"""Parquet: record batches in the order of the file; a row's number is its place, counted from 1."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trivium.facts.problem import ProblemError, refuse
from trivium.intake.files.blocks import Block, Form

MAGIC: Final = b"PAR1"
_ROWS: Final = 1 << 17
_FREE_ROWS: Final = 1_000_000
"""So many rows may stand in any file; beyond that a row takes at least a byte."""


class ParquetRows:
    """The rows of a Parquet file. Its footer is not believed: rows are counted as they come."""

    format = "parquet"
    replaced_bytes = 0

    def __init__(self, path: Path, form: Form) -> None:
        self._path = path
        self._state = _state(path)
        self._size = path.stat().st_size
        with path.open("rb") as file:
            self._digest = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            schema = pq.read_schema(path)
            seldom = form.seldom(tuple(schema.names))
            strings = [place for place, field in enumerate(schema) if pa.types.is_string(field.type)]
            texts = [schema.names[place] for place in strings if place not in seldom]
            self._file = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
        except (pa.ArrowException, OSError) as fault:
            raise _damaged(fault) from fault
        self._rows = 0
        self._headers = tuple(self._file.schema_arrow.names)

    def headers(self) -> tuple[str, ...]:
        """Give the names of the columns."""
        return self._headers

    def position(self) -> int:
        """Say how many bytes are read, by the share of the rows that the footer promises."""
        promised = max(int(self._file.metadata.num_rows), 1)
        return min(self._size, self._size * self._rows // promised)

    def digest(self) -> tuple[str, int]:
        """Give the SHA-256 and the size of the file, taken before it was read; refuses one that has changed since."""
        if _state(self._path) != self._state:
            fix = "Import it again once nobody writes to it."
            title = "The Parquet file was changed while it was read."
            raise refuse("file_changed", title, status=409, where=self._path.name, fix=fix)
        return self._digest, self._size

    def blocks(self) -> Iterator[Callable[[], Block]]:
        """Read batch after batch."""
        try:
            for batch in self._file.iter_batches(batch_size=_ROWS):
                first, self._rows = self._rows + 1, self._rows + batch.num_rows
                if self._rows > _FREE_ROWS and self._rows > self._size:
                    title = f"{self._size:,} bytes of Parquet hold more than {self._rows:,} rows."
                    raise refuse("parquet_bomb", title, status=413, fix="Export the file again, without repeated rows.")
                yield _Batch(self._headers, batch, first)
        except (pa.ArrowException, OSError) as fault:
            raise _damaged(fault) from fault


class _Batch:
    """Gives one batch as a block when called."""

    def __init__(self, headers: tuple[str, ...], batch: pa.RecordBatch, first: int) -> None:
        self._headers, self._batch, self._first = headers, batch, first

    def __call__(self) -> Block:
        lines = np.arange(self._first, self._first + self._batch.num_rows, dtype=np.int64)
        return Block(self._headers, self._batch.columns, lines)


def _state(path: Path) -> tuple[int, ...]:
    """Tell whether a file is the same and unchanged: any write or replacement gives another state."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _damaged(fault: Exception) -> ProblemError:
    return refuse("bad_parquet", f"The Parquet file cannot be read: {str(fault)[:200]}.", fix="Export it again.")
