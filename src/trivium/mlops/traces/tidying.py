"""Keeps the files of spans few: a thread of its own compacts them after groups were committed, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from trivium.facts.problem import ProblemError
from trivium.facts.spans import TABLE
from trivium.lake.compaction import MANY, Book, compact
from trivium.lake.lake import Lake

LOOKED_FOR: Final = MANY
"""After so many groups it is looked whether there are many files."""


class Tidying:
    """Called after each group; `refused` says why the last compaction changed nothing, empty when none was refused."""

    def __init__(self, ledger: Book, lake: Lake, work: Callable[[], int] | None = None) -> None:
        self._work = work or (lambda: compact(lake, ledger, TABLE))
        self._groups = 0
        self._busy = threading.Lock()
        self._stopping = False
        self.refused = ""

    def __call__(self) -> None:
        """Note a group; after many of them look, unless a compaction is under way."""
        self._groups += 1
        if self._groups >= LOOKED_FOR and self._busy.acquire(blocking=False):
            self._groups = 0
            threading.Thread(target=self._run, name="span-compaction", daemon=True).start()

    def close(self) -> None:
        """Wait for what is under way, and begin nothing more."""
        self._stopping = True
        self._busy.acquire()

    def _run(self) -> None:
        """Compact until nothing is due; what is refused is tried again after the next groups."""
        try:
            while not self._stopping and self._work():
                pass
            self.refused = ""
        except ProblemError as refused:
            self.refused = refused.problem.sentence()
        finally:
            self._busy.release()
