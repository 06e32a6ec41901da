"""Since when have facts waited to be folded? Answered from a few marks, without asking the database."""

from __future__ import annotations

from collections import deque
from typing import Final

GRAIN_S: Final = 0.25
"""Marks stand at least so far apart; so much too old a fact may seem."""


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

    def age_s(self, cursor: int, now_s: float) -> float:
        """Give the age of the oldest noted fact above `cursor`, 0 when there is none; forgets what is not above it."""
        while self._marks and self._marks[0][1] <= cursor:
            self._marks.popleft()
        return now_s - self._marks[0][0] if self._marks else 0.0
