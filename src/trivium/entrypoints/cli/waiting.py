"""Says on a terminal, where an answer takes longer than a moment, what is being done and for how long."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

AFTER_S = 1.0
"""How long an answer may take before anything is said."""


@contextmanager
def waiting(doing: str) -> Iterator[None]:
    """Show what is being done and the time that it has taken, on standard error; in a pipe nothing."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from trivium.entrypoints.cli.showing import console

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    bar = Progress(*columns, console=console(error=True), transient=True)
    bar.add_task(doing, total=None)
    begin = Timer(AFTER_S, bar.start)
    begin.daemon = True
    begin.start()
    try:
        yield
    finally:
        begin.cancel()
        begin.join()
        bar.stop()
