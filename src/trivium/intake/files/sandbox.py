"""Reads a file in a child process that is killed when it takes more memory or time than it may."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from typing import IO, Any, Final, TypeVar

import msgspec
import psutil  # type: ignore[import-untyped]

from trivium.facts.problem import Problem, ProblemError, refuse
from trivium.intake.files.child import Line, Order, Progress
from trivium.intake.files.limits import Limits

Report = TypeVar("Report", bound=msgspec.Struct)
_PYTHON: Final = (sys.executable, "-m")
_WATCH_SECONDS: Final = 0.02
_SAID: Final = 4_000
_MB: Final = 1 << 20
_CLASS: Final = re.compile(r"^[A-Za-z_][\w.]*(?::|$)")
"""How Python begins the last line of a fault: with the name of a class."""


def read_apart(
    module: str, job: Any, report: type[Report], limits: Limits | None = None, progress: Progress | None = None
) -> Report:
    """Read a file in a child process; raises ProblemError when it is refused whole or overruns a limit.

    `module` is what the child runs: it takes a job, a record with `max_rows`, and says a `report` (`child.serve`).
    The child gets no open files of this process, and of its environment only what Python needs.
    """
    limits = limits or Limits()
    bounded = msgspec.structs.replace(job, max_rows=min(job.max_rows, limits.max_rows))
    order = Order(msgspec.Raw(msgspec.json.encode(bounded)), limits)
    child = subprocess.Popen(  # noqa: S603 - the command is a constant
        (*_PYTHON, module),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        child.stdin.write(msgspec.json.encode(order))
        child.stdin.close()
        said = _listen(child, child.stdout, child.stderr, limits, progress)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()
    if said.problem is not None:
        raise ProblemError(said.problem)
    return msgspec.json.decode(said.report, type=report)


def _listen(
    child: subprocess.Popen[bytes], out: IO[bytes], errors: IO[bytes], limits: Limits, progress: Progress | None
) -> Line:
    """Take the child's lines until its last; look after its memory and the clock in between."""
    end = time.monotonic() + limits.wall_seconds
    process = psutil.Process(child.pid)
    pending, said = b"", b""
    while True:
        _check(process, limits, end)
        ready, _, _ = select.select([out, errors], [], [], _WATCH_SECONDS)
        if errors in ready:
            said = (said + os.read(errors.fileno(), _SAID))[-_SAID:]
        if out not in ready:
            continue
        data = os.read(out.fileno(), 1 << 16)
        if not data:
            raise ProblemError(_died(child, errors, said, limits))
        *lines, pending = (pending + data).split(b"\n")
        for text in lines:
            line = msgspec.json.decode(text, type=Line)
            if line.progress is None:
                return line
            if progress is not None:
                progress(*line.progress)


def _check(process: psutil.Process, limits: Limits, end: float) -> None:
    try:
        memory = process.memory_info().rss
    except psutil.NoSuchProcess:
        return
    if memory > limits.memory_mb * _MB:
        raise ProblemError(limits.too_much_memory())
    if time.monotonic() > end:
        raise ProblemError(limits.too_much_time())


def _died(child: subprocess.Popen[bytes], errors: IO[bytes], said: bytes, limits: Limits) -> Problem:
    """Say why a child ended without a report: memory, time, or a fault of the reader itself."""
    code = child.wait()
    said = (said + errors.read())[-_SAID:]
    if b"MemoryError" in said or b"ArrowMemoryError" in said or b"bad_alloc" in said:
        return limits.too_much_memory()
    if code in {-24, -9}:
        return limits.too_much_time() if code == -24 else limits.too_much_memory()
    last = said.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1][:300]
    reason = _CLASS.sub("", last).strip() or "it said nothing"
    title = f"The reader failed and ended with {code}: {reason.rstrip('.')}."
    return refuse("reader_failed", title, fix="Report this with the file.").problem


def _environment() -> dict[str, str]:
    """Give the child little of this environment, and an allocator that keeps memory for the next block."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "ARROW_DEFAULT_MEMORY_POOL": "mimalloc",
        "MIMALLOC_PURGE_DELAY": "-1",
        "MALLOC_ARENA_MAX": "4",
        "MALLOC_MMAP_THRESHOLD_": "1073741824",
        "MALLOC_TRIM_THRESHOLD_": "268435456",
        "MALLOC_TOP_PAD_": "16777216",
    }
