"""Reads a file of training rows into a profile: CSV, Parquet or JSON lines, in a child process (`child.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from trivium.facts.problem import refuse
from trivium.intake.files.blocks import Block, Form
from trivium.intake.files.child import Progress
from trivium.intake.files.columns import as_text, clean
from trivium.intake.files.headers import check_count
from trivium.intake.files.opening import open_file
from trivium.mlops.drift.profile import Column, Profile, column_of, united_columns
from trivium.mlops.drift.reading import READ_AS_NUMBERS

MOST_COLUMNS: Final = 500
"""Columns that a reference may have."""
_AT_ONCE: Final = 64
"""Parts of a column that are united at once."""
_FIX: Final = "Give the rows that the model was trained on as CSV, CSV.gz, Parquet or JSON lines, a column a feature."


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Which file to read."""

    path: str
    max_rows: int = 500_000_000


class FileProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is, how many rows it has, how many could not be read, and what its columns look like."""

    sha256: str
    bytes: int
    format: str
    rows: int
    refused: int
    profile: Profile


def profile_file(job: Job, progress: Progress | None = None) -> FileProfile:
    """Profile a file block by block; texts of which nearly all are numbers are numbers. Refuses a file without rows."""
    path = Path(job.path)
    rows = open_file(path, form())
    size = path.stat().st_size
    _check(rows.headers(), path.name)
    gathered, refused = _Columns(), 0
    for make in rows.blocks():
        block = make()
        refused += len(block.refused)
        gathered.add(block)
        if gathered.rows > job.max_rows:
            title = f"The file holds more than {job.max_rows:,} rows."
            raise refuse("too_many_rows", title, status=413, fix="Give a sample of the rows.")
        if progress is not None:
            progress(gathered.rows, rows.position(), size)
    if not gathered.rows:
        raise refuse("no_rows", "The file has no row that can be read.", where=path.name, fix=_FIX)
    sha256, read = rows.digest()
    return FileProfile(
        sha256=sha256, bytes=read, format=rows.format, rows=gathered.rows, refused=refused, profile=gathered.profile()
    )


def form() -> Form:
    """Say what a file of training rows looks like: any columns."""
    return Form(
        what="training rows",
        code="not_a_reference",
        known=len,
        seldom=lambda headers: frozenset(range(len(headers))),
        check=lambda headers: check_count(headers, _FIX),
    )


def _check(headers: tuple[str, ...], source: str) -> None:
    if len(headers) > MOST_COLUMNS:
        title = f"The file has {len(headers):,} columns; a reference may have {MOST_COLUMNS}."
        raise refuse("too_many_columns", title, status=413, where=source, fix="Leave out what is no feature.")


class _Columns:
    """The columns of a file, part by part; each text column both as texts and as the numbers that they may be."""

    def __init__(self) -> None:
        self.rows = 0
        self._plain: dict[str, list[Column]] = {}
        self._numbers: dict[str, list[Column]] = {}

    def add(self, block: Block) -> None:
        """Profile the rows of a block."""
        import pyarrow as pa

        self.rows += len(block.lines)
        seen: set[str] = set()
        for header, array in zip(block.headers, block.arrays, strict=True):
            name = header.strip().strip("\ufeff")
            if not name or name.lower() in seen or not name.isprintable():
                continue
            seen.add(name.lower())
            if pa.types.is_floating(array.type) or pa.types.is_integer(array.type) or pa.types.is_decimal(array.type):
                _put(self._plain, column_of(name, array))
                continue
            texts = clean(as_text(array))[0]
            _put(self._plain, column_of(name, texts))
            _put(self._numbers, column_of(name, _numbers(texts)))

    def profile(self) -> Profile:
        """Unite the parts."""
        found = []
        for name in sorted(self._plain):
            plain = united_columns(self._plain[name], self.rows)
            parts = self._numbers.get(name)
            numbers = united_columns(parts, self.rows) if parts and plain.shape == "category" else None
            held = plain.rows - plain.nulls
            counted = numbers is not None and numbers.rows - numbers.nulls >= READ_AS_NUMBERS * held
            found.append(numbers if numbers is not None and counted else plain)
        return Profile(self.rows, tuple(found))


def _put(parts: dict[str, list[Column]], column: Column) -> None:
    held = parts.setdefault(column.name, [])
    held.append(column)
    if len(held) >= _AT_ONCE:
        parts[column.name] = [united_columns(held)]


def _numbers(texts: Any) -> Any:
    """Read texts as numbers; what is none is null."""
    import pyarrow as pa

    values = [_number(text) for text in texts.dictionary.to_pylist()]
    read = pa.array(values, pa.float64())
    return read.take(texts.indices) if len(read) else pa.nulls(len(texts), pa.float64())


def _number(text: str) -> float | None:
    try:
        value = float(text) if "_" not in text else np.nan
    except ValueError:
        return None
    return value if np.isfinite(value) else None
