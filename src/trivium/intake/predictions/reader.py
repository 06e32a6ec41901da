"""Reads one file of predictions or labels into Parquet files and a report; and a batch that came as JSON.

Files are read in a child process (`child.py`), because a stranger's file may try to take all memory and time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trivium.facts.charges import LONG, REAL, TEXT, TIME
from trivium.facts.predictions import LABEL_COLUMNS, LABELS, PREDICTION_COLUMNS
from trivium.facts.problem import refuse
from trivium.intake.files.blocks import Block
from trivium.intake.files.child import Progress
from trivium.intake.files.opening import open_file
from trivium.intake.files.troubles import NOTED, Troubles
from trivium.intake.predictions.names import check_columns, form_of, layout_of
from trivium.intake.predictions.report import SENTENCES, Part, RowsReport
from trivium.intake.predictions.rows import Given, SoundRows, make_sound

TYPES: Final = {TEXT: pa.string(), TIME: pa.timestamp("us"), REAL: pa.float64(), LONG: pa.int64()}
_EXACT: Final = 2**53
"""Whole numbers up to it are the same as floating-point numbers; larger ones stay text."""
_encode = msgspec.json.Encoder(order="deterministic").encode


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to read and where to write: parts are `STEM-NUMBER.parquet` from `first_part` on; see `LABEL_COLUMNS`."""

    table: str
    path: str
    stem: str
    given: Given
    first_part: int = 0
    after: int = 0
    max_rows: int = 500_000_000


def read_rows(job: Job, progress: Progress | None = None) -> RowsReport:
    """Read a file into parts; raises ProblemError when it is refused whole."""
    path = Path(job.path)
    rows = open_file(path, form_of(job.table))
    check_columns(job.table, rows.headers(), path.name)
    size = path.stat().st_size

    def tell(count: int) -> None:
        if progress is not None:
            progress(count, rows.position(), size)

    report = _stage(job, rows.blocks(), tell, lambda: rows.replaced_bytes)
    sha256, read = rows.digest()
    return msgspec.structs.replace(report, sha256=sha256, bytes=read, format=rows.format)


def read_batch(job: Job, rows: Sequence[dict[str, Any]]) -> RowsReport:
    """Read rows that came as JSON objects into one part; a row's line is its place, counted from 1."""
    headers = tuple(dict.fromkeys(name for row in rows for name in row))
    check_columns(job.table, headers, job.table)
    arrays = [_column([row.get(name) for row in rows]) for name in headers]
    block = Block(headers, arrays, np.arange(1, len(rows) + 1, dtype=np.int64))
    raw = _encode(rows)
    report = _stage(job, [lambda: block], lambda _: None, lambda: 0)
    return msgspec.structs.replace(report, sha256=hashlib.sha256(raw).hexdigest(), bytes=len(raw), format="json")


def _column(values: list[Any]) -> pa.Array:
    """Make a column of JSON values: of numbers where all are, else of texts as they were written."""
    kinds = {type(value) for value in values if value is not None}
    whole = all(abs(value) <= _EXACT for value in values if isinstance(value, int))
    if kinds == {int} and whole:
        return pa.array(values, pa.int64())
    if kinds <= {int, float} and whole:
        return pa.array(values, pa.float64(), from_pandas=True)
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _encode(value).decode()


def _stage(
    job: Job, blocks: Iterable[Callable[[], Block]], tell: Callable[[int], None], replaced: Callable[[], int]
) -> RowsReport:
    """Make blocks sound and write them."""
    troubles = Troubles(SENTENCES)
    count = refused = repaired = 0
    unused: set[str] = set()
    with _Parts(job) as parts:
        for make in blocks:
            block = make()
            unused |= set(_unused(job.table, block))
            sound = make_sound(job.table, block, job.given, troubles)
            count, refused, repaired = count + sound.rows, refused + sound.refused, repaired + sound.repaired
            if count > job.max_rows:
                title = f"The file holds more than {job.max_rows:,} rows."
                raise refuse("too_many_rows", title, status=413, fix="Import it in parts.")
            parts.write(sound)
            tell(count)
    for name in sorted(unused):
        reason = "ignored_column" if job.table == LABELS else "column_twice"
        troubles.add(NOTED, reason, name[:120], np.array([], np.int64), count=1)
    if not count:
        troubles.add(NOTED, "no_rows", "", np.array([], np.int64), count=1)
    if replaced():
        troubles.add(NOTED, "bad_text", "", np.array([], np.int64), count=replaced())
    taken = sum(part.rows for part in parts.written)
    assert count == taken + refused, "each row of a file was taken or refused"
    return RowsReport(
        rows=count, taken=taken, refused=refused, repaired=repaired, parts=tuple(parts.written),
        problems=troubles.listed(),
    )  # fmt: skip


def _unused(table: str, block: Block) -> tuple[str, ...]:
    """Name the columns that are not kept."""
    layout = layout_of(table, block.headers)
    return (*layout.left_out, *(name for name, _ in layout.others)) if table == LABELS else layout.left_out


class _Parts:
    """Writes sound rows as Parquet; rows with other features begin another file."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._columns = LABEL_COLUMNS if job.table == LABELS else PREDICTION_COLUMNS
        self._writer: pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None
        self.written: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def write(self, sound: SoundRows) -> None:
        """Write the rows of a block."""
        columns = dict(sound.columns)
        rows = len(columns["line"])
        if not rows:
            return
        if self._job.table == LABELS:
            columns["after"] = pa.array(np.full(rows, self._job.after, np.int64))
        own = [(name, TYPES[kind]) for name, kind in self._columns]
        named = {name for name, _ in own}
        features = sorted((name, array.type) for name, array in columns.items() if name not in named)
        schema = pa.schema([*own, *features])
        if self._schema != schema:
            self._begin(schema)
        assert self._writer is not None
        self._writer.write_table(pa.table([columns[name] for name in schema.names], schema=schema))
        last = self.written[-1]
        self.written[-1] = Part(last.number, last.rows + rows)

    def _begin(self, schema: pa.Schema) -> None:
        self._end()
        number = self._job.first_part + len(self.written)
        self._schema = schema
        self._writer = pq.ParquetWriter(f"{self._job.stem}-{number}.parquet", schema, compression="lz4")
        self.written.append(Part(number, 0))

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
