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

from trivium.facts.problem import refuse
from trivium.intake.files.blocks import Block, Rows
from trivium.intake.files.child import Progress
from trivium.intake.files.opening import open_file
from trivium.intake.focus.names import FORM, check_cost_and_usage, layout_of
from trivium.intake.focus.report import NOTED, SENTENCES, FileReport, Troubles
from trivium.intake.focus.rows import SoundRows, make_sound
from trivium.intake.focus.staged import Batches, Resources, StagedCharges, write_resources

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
    troubles = Troubles(SENTENCES)
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
    """Tell a bill's format by its content and open it."""
    return open_file(path, FORM)


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
