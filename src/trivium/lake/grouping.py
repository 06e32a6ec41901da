"""Many requests, one commit: what waits goes into the lake together, by one thread, then everybody is answered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

import msgspec

from trivium.facts.problem import ProblemError, refuse

Item = TypeVar("Item")
Answer = TypeVar("Answer")
_RETRY_S: Final = 1


class Limits(msgspec.Struct, frozen=True):
    """How many rows and bytes may wait, and how many rows one group has, at least one request's."""

    waiting_rows: int
    waiting_bytes: int
    group_rows: int


class _Waiting(msgspec.Struct, Generic[Item, Answer], frozen=True):
    item: Item
    rows: int
    bytes: int
    future: Future[Answer]


class Grouping(Generic[Item, Answer]):
    """Commits groups of requests: `commit` gives an answer for each, or raises for all. `what` names the rows."""

    def __init__(
        self,
        what: str,
        limits: Limits,
        commit: Callable[[list[Item]], Sequence[Answer]],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._what, self._limits, self._commit, self._after = what, limits, commit, after
        self._queue: deque[_Waiting[Item, Answer]] = deque()
        self._rows = self._bytes = 0
        self._ready = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def check_room(self) -> None:
        """Refuse (503) more requests while too much waits: asked before a body is read."""
        if self._rows >= self._limits.waiting_rows or self._bytes >= self._limits.waiting_bytes:
            title = f"{self._rows} {self._what} wait to be written; more are not taken now."
            fix = "Send it again after a second."
            raise refuse("overloaded", title, status=503, fix=fix, retry_after_s=_RETRY_S)

    def submit(self, item: Item, rows: int, size: int) -> Future[Answer]:
        """Queue a request of so many rows and bytes; the future is done once they are durable."""
        waiting: _Waiting[Item, Answer] = _Waiting(item, rows, size, Future())
        with self._ready:
            if self._stopping:
                raise _closed()
            self.check_room()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"{self._what}-committer", daemon=True)
                self._thread.start()
            self._queue.append(waiting)
            self._rows += rows
            self._bytes += size
            self._ready.notify()
        return waiting.future

    def close(self) -> None:
        """Commit what waits, then stop; call it before the lake and the ledger are closed."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._next():
            try:
                answers = self._commit([one.item for one in group])
            except Exception as fault:
                for one in group:
                    one.future.set_exception(fault)
                continue
            for one, answer in zip(group, answers, strict=True):
                one.future.set_result(answer)
            self._after()

    def _next(self) -> list[_Waiting[Item, Answer]]:
        """Take the next group; nothing once this is closed and nobody waits."""
        with self._ready:
            while not (self._queue or self._stopping):
                self._ready.wait()
            group: list[_Waiting[Item, Answer]] = []
            rows = 0
            while self._queue and (not group or rows + self._queue[0].rows <= self._limits.group_rows):
                waiting = self._queue.popleft()
                rows += waiting.rows
                self._rows -= waiting.rows
                self._bytes -= waiting.bytes
                if waiting.future.set_running_or_notify_cancel():
                    group.append(waiting)
            assert self._rows >= 0, "what is taken was counted"
            return group or (self._next() if self._queue else [])


def _closed() -> ProblemError:
    return refuse("closed", "The server is stopping.", status=503, fix="Send it again.", retry_after_s=_RETRY_S)
