"""The bucket `s3://health-lake`, which here is a folder: CSV, Parquet and npz files by their names."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

SCHEME: Final = "s3://"
NAME: Final = "health-lake"
ROW_GROUP: Final = 64
"""Rows that stand together in a Parquet file and can be read alone."""
Content = TypeVar("Content")


@dataclass(frozen=True)
class File(Generic[Content]):
    """A file of the bucket: its content, its size in bytes and rows, its columns as (name, type), its digest.

    The digest is the SHA-256 of the whole file, in hexadecimal digits.
    """

    name: str
    content: Content
    bytes: int
    rows: int
    columns: tuple[tuple[str, str], ...]
    digest: str = ""


class Bucket:
    """Reads and writes files below a folder; a name is what OpenLineage calls the dataset."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_csv(self, name: str) -> File[pa.Table]:
        """Read a table from CSV."""
        return self._table(name, pyarrow.csv.read_csv(self._path(name, "csv")), "csv")

    def write_csv(self, name: str, table: pa.Table) -> File[pa.Table]:
        """Write a table as CSV."""
        pyarrow.csv.write_csv(table, self._path(name, "csv"))
        return self._table(name, table, "csv")

    def read_parquet(self, name: str) -> File[pa.Table]:
        """Read a table from Parquet."""
        path = self._path(name, "parquet")
        return self._table(name, pyarrow.parquet.ParquetFile(path).read(use_threads=False), "parquet")

    def write_parquet(self, name: str, table: pa.Table) -> File[pa.Table]:
        """Write a table as Parquet."""
        pyarrow.parquet.write_table(table, self._path(name, "parquet"), row_group_size=ROW_GROUP)
        return self._table(name, table, "parquet")

    def read_sample(self, name: str) -> File[pa.Table]:
        """Read the first group of rows of a Parquet file; its bytes are those of that group."""
        archive = pyarrow.parquet.ParquetFile(self._path(name, "parquet"))
        table = archive.read_row_group(0, use_threads=False)
        group = archive.metadata.row_group(0)
        size = sum(group.column(number).total_compressed_size for number in range(group.num_columns))
        return File(name, table, size, table.num_rows, _columns(table), self._digest(name, "parquet"))

    def read_arrays(self, name: str) -> File[dict[str, Any]]:
        """Read arrays of equal length from npz."""
        with np.load(self._path(name, "npz"), allow_pickle=False) as archive:
            return self._arrays(name, {key: archive[key] for key in archive.files})

    def write_arrays(self, name: str, arrays: dict[str, Any]) -> File[dict[str, Any]]:
        """Write arrays of equal length as npz."""
        np.savez(self._path(name, "npz"), **arrays)
        return self._arrays(name, arrays)

    def holds(self, name: str, kind: str) -> bool:
        """Say whether a file is there."""
        return self._path(name, kind).exists()

    def _table(self, name: str, table: pa.Table, kind: str) -> File[pa.Table]:
        size, digest = self._path(name, kind).stat().st_size, self._digest(name, kind)
        return File(name, table, size, table.num_rows, _columns(table), digest)

    def _arrays(self, name: str, arrays: dict[str, Any]) -> File[dict[str, Any]]:
        columns = tuple((key, str(array.dtype)) for key, array in arrays.items())
        rows = len(next(iter(arrays.values())))
        return File(name, arrays, self._path(name, "npz").stat().st_size, rows, columns, self._digest(name, "npz"))

    def _digest(self, name: str, kind: str) -> str:
        return sha256(self._path(name, kind).read_bytes()).hexdigest()

    def _path(self, name: str, kind: str) -> Path:
        path = self._folder / NAME / f"{name}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _columns(table: pa.Table) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, str(field.type)) for field in table.schema)
