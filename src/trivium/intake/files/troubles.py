"""What is wrong with the rows of a file: each fault once for each column, with the first lines and one example."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trivium.facts.deliveries import Trouble

REFUSED: Final = "refused"
REPAIRED: Final = "repaired"
NOTED: Final = "noted"
_LINES: Final = 5
_EXAMPLE: Final = 120
_GROUPS: Final = 500

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "no_zone": ("A time without a zone was taken as UTC.", "Export times as 2026-10-05T08:00:00Z."),
    "bad_time": ("The time could not be read.", "Export times as 2026-10-05T08:00:00Z."),
    "column_count": ("The row was left out: it has more or fewer fields than the header.", "Quote fields with commas."),
    "bad_json": ("The line was left out: it is no JSON object.", "Write one JSON object a line."),
    "bad_text": ("Bytes that are not UTF-8 were replaced by U+FFFD.", "Export as UTF-8."),
    "nul": ("The row was left out: it holds a NUL character.", "Export as UTF-8 text, without NUL."),
    "no_rows": ("The file has a header, and no rows.", "Look whether the export was cut off."),
}
"""What was done, and what to do, for faults that any file may have."""


class _Group:
    __slots__ = ("count", "example", "lines")

    def __init__(self) -> None:
        self.count = 0
        self.lines: list[int] = []
        self.example = ""


class Troubles:
    """Collects faults by (outcome, reason, column); keeps the first lines and one example. Safe for two threads.

    `sentences` gives for each reason what was done and what to do.
    """

    def __init__(self, sentences: Mapping[str, tuple[str, str]]) -> None:
        self._sentences = sentences
        self._groups: dict[tuple[str, str, str], _Group] = {}
        self._lock = threading.Lock()

    def add(self, outcome: str, reason: str, column: str, lines: Any, example: object = "", count: int = 0) -> None:
        """Count rows at `lines` (a sequence of line numbers), or `count` of them where lines are not known."""
        with self._lock:
            if len(self._groups) >= _GROUPS and (outcome, reason, column) not in self._groups:
                column = "…"
            group = self._groups.setdefault((outcome, reason, column), _Group())
            group.count += count or len(lines)
            if len(lines) and (len(group.lines) < _LINES or lines[0] < group.lines[-1]):
                merged: npt.NDArray[np.int64] = np.sort(np.concatenate([group.lines, lines[:_LINES]])).astype(np.int64)
                if not group.example or merged[0] != (group.lines or [-1])[0]:
                    group.example = str(example)[:_EXAMPLE]
                group.lines = merged[:_LINES].tolist()
            group.example = group.example or str(example)[:_EXAMPLE]

    def listed(self) -> tuple[Trouble, ...]:
        """List the faults: refused first, then repaired, then noted; the most frequent first."""
        order = {REFUSED: 0, REPAIRED: 1, NOTED: 2}
        keys = sorted(self._groups, key=lambda key: (order[key[0]], -self._groups[key].count, key))
        return tuple(self._trouble(key, self._groups[key]) for key in keys)

    def _trouble(self, key: tuple[str, str, str], group: _Group) -> Trouble:
        outcome, reason, column = key
        done, fix = self._sentences[reason]
        return Trouble(
            reason=reason, column=column, outcome=outcome, count=group.count, lines=tuple(group.lines),
            example=group.example, done=done, fix=fix,
        )  # fmt: skip
