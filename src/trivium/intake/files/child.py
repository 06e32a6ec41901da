"""The child process that reads a file: a job on stdin, JSON lines on stdout.

Lines are `{"progress": [rows, bytes read, bytes in all]}` and, last, `{"report": …}` or `{"problem": …}`.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final, TextIO

import msgspec

from trivium.facts.problem import Problem, ProblemError
from trivium.intake.files.limits import Limits

Progress = Callable[[int, int, int], None]
"""Told now and then: rows so far, bytes read, bytes in all."""
_EVERY_SECONDS: Final = 0.2


class Order(msgspec.Struct, frozen=True):
    """A job, whose record the child knows, and the limits it runs under."""

    job: msgspec.Raw
    limits: Limits


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line that the child says; `problem` refuses the file whole."""

    progress: tuple[int, int, int] | None = None
    report: msgspec.Raw = msgspec.Raw()
    problem: Problem | None = None


def serve(kind: type[Any], read: Callable[[Any, Progress], msgspec.Struct]) -> None:
    """Read the order, a job of a kind, do it, say the report, and end the process; a refusal is said too."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    order.limits.hold()
    said = _Said(sys.stdout)
    try:
        line = Line(
            report=msgspec.Raw(msgspec.json.encode(read(msgspec.json.decode(order.job, type=kind), said.progress)))
        )
    except ProblemError as fault:
        line = Line(problem=fault.problem)
    except MemoryError:
        line = Line(problem=order.limits.too_much_memory())
    except OSError as fault:
        line = Line(problem=_storage(fault, order.limits))
    said.line(line)
    sys.stdout.flush()
    os._exit(0)


class _Said:
    """Writes lines, progress at most five times a second."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last = 0.0

    def progress(self, rows: int, read: int, size: int) -> None:
        """Say how far it is."""
        if time.monotonic() - self._last >= _EVERY_SECONDS:
            self._last = time.monotonic()
            self.line(Line(progress=(rows, read, size)))

    def line(self, line: Line) -> None:
        """Say one line at once."""
        self._out.write(msgspec.json.encode(line).decode() + "\n")
        self._out.flush()


def _storage(fault: OSError, limits: Limits) -> Problem:
    """Say what the system refused: the limit on the output, a full disk, or the file itself."""
    if fault.errno == errno.EFBIG:
        return limits.too_much_output()
    said = os.strerror(fault.errno) if fault.errno else "the system gives no reason"
    full = fault.errno in {errno.ENOSPC, errno.EDQUOT}
    return Problem(
        code="disk_full" if full else "unreadable_file",
        title=f"The disk is full: {said}." if full else f"The file cannot be read: {said}.",
        status=503 if full else 422,
        fix="Make room and import again." if full else "Check the file and its permissions.",
    )
