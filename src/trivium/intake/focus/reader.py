"""Reads one bill: from a file of any FOCUS version and format to Parquet files and a report.

It runs in a child process (`sandbox.py`), because a stranger's file may try to take all memory and time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from trivium.facts.problem import refuse, shown
from trivium.intake.focus.blocks import Block, Rows
from trivium.intake.focus.csv_rows import CsvRows
from trivium.intake.focus.json_rows import JsonRows
from trivium.intake.focus.names import check_cost_and_usage, layout_of
from trivium.intake.focus.octets import Octets
from trivium.intake.focus.parquet_rows import MAGIC, ParquetRows
from trivium.intake.focus.report import NOTED, FileReport, Troubles
from trivium.intake.focus.rows import SoundRows, make_sound
from trivium.intake.focus.staged import Batches, Resources, StagedCharges, write_resources

Progress = Callable[[int, int, int], None]
"""Told now and then: rows so far, bytes read, bytes in all."""
_NONE: Final = np.array([], np.int64)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to read and where to write: batches are numbered from `first_batch`, resources after those of `known`."""

    path: str
    charges: str
    resources: str
    known: tuple[str, ...] = ()
    first_batch: int = 1
    max_rows: int = 500_000_000
    threads: int = 0


def read_bill(job: Job, progress: Progress | None = None) -> FileReport:
    """Read a file into `job.charges` and `job.resources`; raises ProblemError when it is refused whole."""
    path = Path(job.path)
    rows = open_rows(path)
    headers = rows.headers()
    check_cost_and_usage(headers, path.name)
    troubles = Troubles()
    _note_layout(headers, troubles)
    resources = Resources([Path(known) for known in job.known])
    batches = Batches(job.first_batch)
    size = path.stat().st_size

    def tell(count: int) -> None:
        if progress is not None:
            progress(count, rows.position(), size)

    with StagedCharges(Path(job.charges), resources, batches) as staged:
        counts = _write_all(
            _sound_blocks(rows, troubles, job.threads or os.cpu_count() or 1), staged, job.max_rows, tell
        )
    if not counts[0]:
        troubles.add(NOTED, "no_rows", "", _NONE, count=1)
    if rows.replaced_bytes:
        troubles.add(NOTED, "bad_text", "", _NONE, count=rows.replaced_bytes)
    if resources.added:
        write_resources(Path(job.resources), resources.added)
    sha256, read = rows.digest()
    return FileReport(
        sha256=sha256, bytes=read,
        format=rows.format, version=layout_of(headers).version, rows=counts[0], imported=staged.rows,
        refused=counts[1], repaired=counts[2], new_resources=len(resources.added), batches=batches.totals(),
        problems=troubles.listed(),
    )  # fmt: skip


def _write_all(
    blocks: Iterator[SoundRows], staged: StagedCharges, max_rows: int, tell: Callable[[int], None]
) -> tuple[int, int, int]:
    """Write blocks on a thread of its own while the next ones are read; counts rows, refused and repaired ones."""
    count = refused = repaired = 0
    with ThreadPoolExecutor(1) as writer:
        writing: Future[None] | None = None
        for sound in blocks:
            if writing is not None:
                writing.result()
            writing = writer.submit(staged.write, sound)
            count, refused, repaired = count + sound.rows, refused + sound.refused, repaired + sound.repaired
            if count > max_rows:
                title = f"The file holds more than {max_rows:,} rows."
                raise refuse("too_many_rows", title, status=413, fix="Import it in parts.")
            tell(count)
        if writing is not None:
            writing.result()
    return count, refused, repaired


def open_rows(path: Path) -> Rows:
    """Tell a file's format by its content and open it."""
    if path.stat().st_size == 0:
        raise refuse("empty_file", "The file is empty.", where=path.name, fix="Export the bill again.")
    with path.open("rb") as file:
        start = file.read(4)
    if start == MAGIC:
        return ParquetRows(path)
    first = Octets(path).read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if first.startswith(b"{"):
        return JsonRows(Octets(path))
    binary = b"\0" in first.partition(b"\n")[0] and not first.startswith((b"\xff\xfe", b"\xfe\xff"))
    if binary or first.startswith((b"[", b"%PDF", b"PK\x03\x04")):
        begun = shown(first[:12].decode("latin-1"))
        title = f"The file is neither CSV, Parquet nor JSON lines; it begins with {begun}."
        raise refuse("not_focus", title, where=path.name, fix="Export the bill as CSV, CSV.gz, Parquet or JSON lines.")
    return CsvRows(Octets(path))


def _sound_blocks(rows: Rows, troubles: Troubles, threads: int) -> Iterator[SoundRows]:
    """Make blocks sound on several threads, and give them in the order of the file."""
    waiting: deque[Future[SoundRows]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for parse in rows.blocks():
            waiting.append(pool.submit(_make, parse, troubles))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _make(parse: Callable[[], Block], troubles: Troubles) -> SoundRows:
    return make_sound(parse(), troubles)


def _note_layout(headers: tuple[str, ...], troubles: Troubles) -> None:
    layout = layout_of(headers)
    for header in layout.renamed:
        troubles.add(NOTED, "column_spelling", header, _NONE, count=1)
    for header in layout.repeated:
        troubles.add(NOTED, "column_twice", header, _NONE, count=1)
