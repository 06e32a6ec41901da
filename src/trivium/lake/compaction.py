"""Many small files of one table are written again as one: the same rows, in the same order, found sooner.

The old files stay: an earlier state of the ledger is read from them. A fact says which files hold from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import RowMapping

from trivium.facts.deliveries import Compaction, encode_compaction
from trivium.facts.fact import Fact, Receipt
from trivium.facts.instants import now
from trivium.facts.kinds import Kind
from trivium.lake.lake import Lake
from trivium.lake.manifest import current_files

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE: Final = "lake"
MANY: Final = 32
"""So many files of one size are written again as one."""
SIZES: Final = (1 << 20, 32 << 20)
"""Bytes: files below the first are the smallest; files of the last and larger stay as they are."""
MOST_BYTES: Final = 512 << 20
"""Bytes of files that are written again at a time."""
_GROUP_ROWS: Final = 100_000
"""Rows of one row group: what is read in one piece."""


class Book(Protocol):
    """What a compaction needs of the ledger."""

    def append(self, facts: Sequence[Fact]) -> list[Receipt]:
        """Append facts and wait until they are durable."""
        ...


def due(lake: Lake, table: str, many: int = MANY) -> list[RowMapping]:
    """Give the files of a table that are to be written again as one, none where there are few of each size."""
    with lake.reading() as connection:
        files = current_files(connection, table)
    below = 0
    for size in SIZES:
        alike = [file for file in files if below <= file["bytes"] < size]
        alike = _of_one_form(lake.folder, alike) if len(alike) >= many else []
        if len(alike) >= many:
            return _within(alike)
        below = size
    return []


def compact(lake: Lake, ledger: Book, table: str, many: int = MANY) -> int:
    """Write small files of a table again as one, if there are many; gives how many were.

    Raises ProblemError when nothing was changed: another compaction came first, or the disk is full.
    """
    files = due(lake, table, many)
    if not files:
        return 0
    stage = lake.stage()
    try:
        path = stage.path(table, 0)
        rows = _write([lake.folder / file["path"] for file in files], path)
        assert rows == sum(file["rows"] for file in files), "no row is lost"
        made = stage.publish([(table, path, rows)])
        compaction = Compaction(table=table, files=made, ended=tuple(file["path"] for file in files))
        ledger.append([_fact(compaction)])
    except BaseException as fault:
        lake.give_up(stage, fault)
        raise
    stage.discard()
    return len(files)


def _of_one_form(folder: Path, files: list[RowMapping]) -> list[RowMapping]:
    """Take the files of the form that most of them have: those of some tables differ in their columns."""
    import pyarrow.parquet as pq

    forms: dict[bytes, list[RowMapping]] = {}
    for file in files:
        forms.setdefault(pq.read_schema(folder / file["path"]).serialize().to_pybytes(), []).append(file)
    return max(forms.values(), key=len)


def _within(files: list[RowMapping]) -> list[RowMapping]:
    """Take files, the oldest first, while they are not too large together; at least two."""
    taken: list[RowMapping] = []
    size = 0
    for file in files:
        size += file["bytes"]
        if len(taken) >= 2 and size > MOST_BYTES:
            break
        taken.append(file)
    return taken


def _write(files: Sequence[Path], path: Path) -> int:
    """Write the rows of files into one, group by group; gives how many."""
    import pyarrow.parquet as pq

    rows, writer = 0, None
    try:
        for table in _groups(files):
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=3)
            writer.write_table(table)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _groups(files: Sequence[Path]) -> Iterator[pa.Table]:
    """Read files one after the other, in pieces of about as many rows as a group has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting: list[pa.Table] = []
    for file in files:
        with pq.ParquetFile(file) as opened:
            for group in range(opened.num_row_groups):
                waiting.append(opened.read_row_group(group))
                if sum(table.num_rows for table in waiting) >= _GROUP_ROWS:
                    yield pa.concat_tables(waiting)
                    waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _fact(compaction: Compaction) -> Fact:
    return Fact(
        kind=Kind.LAKE_COMPACTED,
        subject="",
        happened_at=now(),
        source=SOURCE,
        key=f"sha256:{compaction.files[0].sha256}@{compaction.files[0].path}",
        body=encode_compaction(compaction),
    )
