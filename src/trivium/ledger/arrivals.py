"""Since when have facts waited to be folded? Answered from a few marks, without asking the database."""

from __future__ import annotations

from collections import deque
from typing import Final

GRAIN_S: Final = 0.25
"""Marks stand at least so far apart; so much too old a fact may seem."""
MARKS_MAX: Final = 4_096
"""Beyond so many marks each second one is left out: then a fact may seem older, by what lies between two marks."""


class Arrivals:
    """Remembers when which sequences were committed in this process. Seconds are those of one monotonic clock."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        """When a stretch of facts began to arrive, and its last sequence; oldest first."""

    def note(self, head: int, now_s: float) -> None:
        """Say that the facts up to `head` stand since `now_s`."""
        if self._marks and now_s - self._marks[-1][0] < GRAIN_S:
            now_s, _ = self._marks.pop()
        assert not self._marks or self._marks[-1][1] < head, "facts arrive in order"
        self._marks.append((now_s, head))
        if len(self._marks) > MARKS_MAX:
            self._collapse()

    def forget(self, cursor: int) -> None:
        """Forget what is not above `cursor`: every fold has seen it."""
        while self._marks and self._marks[0][1] <= cursor:
            self._marks.popleft()

    def age_s(self, cursor: int, now_s: float) -> float:
        """Give the age of the oldest noted fact above `cursor`, 0 when there is none; forgets what is not above it."""
        self.forget(cursor)
        return now_s - self._marks[0][0] if self._marks else 0.0

    def _collapse(self) -> None:
        """Join each two marks that follow one another: the earlier one's time, the later one's sequence."""
        marks = list(self._marks)
        newest = [marks.pop()] if len(marks) % 2 else []
        pairs = zip(marks[::2], marks[1::2], strict=True)
        newest_sequence = self._marks[-1][1]
        self._marks = deque([*((begun, last) for (begun, _), (_, last) in pairs), *newest])
        assert self._marks[-1][1] == newest_sequence, "what is joined reaches as far as before"
        assert len(self._marks) <= MARKS_MAX, "few marks are left"
