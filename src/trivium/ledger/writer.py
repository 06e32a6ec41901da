"""The one thread that writes: it drains waiting requests into one transaction, and keeps the folds up in between."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from typing import Any, Final

from trivium.facts.instants import Instant
from trivium.facts.problem import Problem, ProblemError, refuse
from trivium.facts.protocols import Fold
from trivium.ledger.arrivals import Arrivals
from trivium.ledger.folds import BATCH_FACTS, Folding
from trivium.ledger.group import Group, Receipts
from trivium.ledger.requests import Outcome, Request, settle
from trivium.ledger.storage import HeadRow, Storage

WAITING_FACTS_MAX: Final = 20_000
WAITING_BYTES_MAX: Final = 256 * 1024 * 1024
GROUP_FACTS: Final = 1_000
GROUP_BYTES: Final = 16 * 1024 * 1024
REST_SECONDS: Final = 0.02
"""How long the writer waits for another request before it turns to the folds."""
LAG_SECONDS: Final = 5.0
"""How old the oldest fact that a fold has not seen becomes while requests keep coming; then folding takes turns."""
PATIENCE: Final = 0.5
"""Which part of a commit's time the writer waits for a fuller group."""
BUSY_BATCH: Final = 250
"""Facts folded at a time while requests wait."""

RETRY_SECONDS: Final = 1
"""After how long a refused request may come again, and how often a read-only ledger tries to write."""

Steps = Generator[None, None, Any]
"""Work in steps for the writer's thread: each `next` is one step in a transaction of its own."""


class Writer:
    """Owns the writing half of the storage. Answers are given only after the commit."""

    def __init__(self, storage: Storage, folding: Folding, clock: Callable[[], Instant]) -> None:
        self._storage, self._folding, self.clock = storage, folding, clock
        self._waiting: deque[Request] = deque()
        self._waiting_facts = self._waiting_bytes = 0
        self._jobs: deque[tuple[Future[Any], Steps]] = deque()
        self._ready = threading.Condition()
        self._stopping = False
        self._taken_at = 0.0
        self._arrivals = Arrivals()
        self._resting_until = self._probe_at = self._gather_until = 0.0
        self._crowd = 1
        self.read_only: Problem | None = None
        self.head = self._open()
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request; refuses it when too many wait, and when the ledger is closed."""
        with self._ready:
            if self._stopping:
                raise refuse("closed", "The ledger is closed.", status=503, fix="Open it again.")
            full = self._waiting_facts + request.facts > WAITING_FACTS_MAX
            full = full or self._waiting_bytes + request.bytes > WAITING_BYTES_MAX
            if full and self._waiting:
                raise _overloaded(self._waiting_facts)
            self._waiting.append(request)
            self._waiting_facts += request.facts
            self._waiting_bytes += request.bytes
            if len(self._waiting) == 1 or len(self._waiting) >= self._crowd:
                self._ready.notify()

    def do(self, steps: Steps) -> Future[Any]:
        """Queue work in steps for the writer's thread; the future holds what the last step gave."""
        future: Future[Any] = Future()
        with self._ready:
            if self._stopping:
                raise refuse("closed", "The ledger is closed.", status=503, fix="Open it again.")
            self._jobs.append((future, steps))
            self._ready.notify()
        return future

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._thread.join()

    def waiting_facts(self) -> int:
        """Count the facts that are queued."""
        return self._waiting_facts

    def in_hand_s(self) -> float:
        """Say for how many seconds a group, or a rebuild, has been in hand; 0 when there is none."""
        taken = self._taken_at
        return time.monotonic() - taken if taken else 0.0

    def catch_up(self, folds: list[Fold], to: int) -> Steps:
        """Give the steps that bring folds up to a sequence, abreast: what a reader remembers serves all of them."""
        while (fold := self._furthest_behind(folds, to)) is not None:
            self._fold_batch(fold, to)
            yield
        return to

    def rebuild(self, fold: Fold) -> Steps:
        """Give the step that makes a fold's tables again from nothing; readers see it only when it is done."""
        self._taken_at = time.monotonic()
        try:
            with self._storage.writing() as connection:
                digests = self._folding.rebuild(connection, fold)
        finally:
            self._taken_at = 0.0
        self._folding.committed()
        self._folding.faults.pop(fold.name, None)
        yield
        return digests

    def _open(self) -> HeadRow:
        with self._storage.writing() as connection:
            self._folding.open(connection)
            head = self._storage.head(connection)
        self._folding.committed()
        return head

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        finally:
            self._refuse_rest()

    def _turn(self) -> bool:
        """Do what is most urgent: a group, then a step of a job or of the folds. False once the ledger is closed."""
        with self._ready:
            while not (self._waiting or self._jobs or self._stopping):
                pause = self._pause()
                if pause == 0.0:
                    break
                self._ready.wait(pause)
            if self._stopping and not self._waiting:
                return False
            self._gather()
            group = self._drain()
        if group:
            self._commit(group)
            self._resting_until = time.monotonic() + REST_SECONDS
        if self._jobs:
            self._step_job()
        elif not self._waiting or self._is_late():
            self._work_unasked()
        return True

    def _pause(self) -> float | None:
        """Say for how many seconds to wait for requests: until work of its own is due, or for ever."""
        if self.read_only:
            return max(0.0, self._probe_at - time.monotonic())
        if self._next_behind() is None:
            return None
        return max(0.0, self._resting_until - time.monotonic())

    def _work_unasked(self) -> None:
        """Try whether writing works again, or fold a batch, if either is due."""
        if self._pause() != 0.0 and not self._waiting:
            return
        fold = self._next_behind()
        try:
            if self.read_only:
                self._probe()
            elif fold is not None:
                self._fold_batch(fold, self.head.sequence)
        except Exception as error:
            self._refusal(error)

    def _probe(self) -> None:
        """Write the head as it is: when that works, the ledger takes facts again."""
        with self._storage.writing() as connection:
            self._storage.put_head(connection, self._storage.head(connection))
        self.read_only = None

    def _refuse_rest(self) -> None:
        """Answer everything that is still queued: nobody waits for ever."""
        with self._ready:
            self._stopping = True
            rest = [request for request in self._waiting if request.start()]
            jobs = list(self._jobs)
        closed = refuse(
            "closed", "The ledger was closed before this was done.", status=503, retry_after_s=RETRY_SECONDS
        )
        settle((request, closed) for request in rest)
        for future, _ in jobs:
            future.set_exception(closed)

    def _is_late(self) -> bool:
        """Say whether a fold has left facts unseen for too long."""
        fold = self._next_behind()
        if fold is None:
            return False
        age_s = self._arrivals.age_s(self._folding.cursor(fold.name), time.monotonic())
        return age_s > LAG_SECONDS

    def _next_behind(self) -> Fold | None:
        """Pick the fold that is furthest behind the head."""
        return self._furthest_behind(self._folding.folds.values(), self.head.sequence)

    def _furthest_behind(self, folds: Iterable[Fold], to: int) -> Fold | None:
        late = [fold for fold in folds if self._folding.behind(fold, to)]
        return min(late, key=lambda fold: self._folding.cursor(fold.name)) if late else None

    def _gather(self) -> None:
        """Wait a little for those who were answered last to come again, so that fewer, larger groups are synced.

        At most half of the last commit's time, and only while fewer wait than were here then.
        """
        while self._waiting and len(self._waiting) < self._crowd and not self._stopping:
            left = self._gather_until - time.monotonic()
            if left <= 0:
                break
            self._ready.wait(left)

    def _drain(self) -> list[Request]:
        """Take waiting requests up to a group's size, at least one."""
        group: list[Request] = []
        facts = size = 0
        while self._waiting and (not group or (facts < GROUP_FACTS and size < GROUP_BYTES)):
            request = self._waiting.popleft()
            self._waiting_facts -= request.facts
            self._waiting_bytes -= request.bytes
            facts, size = facts + request.facts, size + request.bytes
            if request.start():
                group.append(request)
        assert self._waiting_facts >= 0, "what is taken was counted"
        assert self._waiting_bytes >= 0, "and measured"
        return group

    def _commit(self, group: list[Request]) -> None:
        """Write a group and answer it: first all at once; if a fold raises, again with each request on its own."""
        self._taken_at = time.monotonic()
        outcomes: list[Outcome]
        try:
            try:
                outcomes = list(self._transact(group, careful=False))
            except Exception as error:
                if self._storage.trouble(error):
                    raise
                self._folding.rolled_back()
                outcomes = list(self._transact(group, careful=True))
            self.read_only = None
        except Exception as error:
            refusal = self._refusal(error)
            problem = refusal.problem if isinstance(refusal, ProblemError) else None
            outcomes = [ProblemError(problem) if problem else refusal for _ in group]
        now = time.monotonic()
        self._crowd = len(group) + len(self._waiting)
        self._gather_until = now + (now - self._taken_at) * PATIENCE
        self._taken_at = 0.0
        settle(zip(group, outcomes, strict=True))

    def _transact(self, group: list[Request], *, careful: bool) -> list[Receipts | Exception]:
        with self._storage.writing() as connection:
            entered = Group(self._storage, connection, self.clock(), self._folding.fold_inside)
            answers = entered.take([request.wish for request in group], careful=careful)
            head = entered.close()
        self._folding.committed()
        assert head.sequence >= self.head.sequence, "the head never goes back"
        assert head.home_id == self.head.home_id, "the home is still the same"
        if head.sequence > self.head.sequence:
            self._arrivals.note(head.sequence, time.monotonic())
        self.head = head
        return answers

    def _refusal(self, error: Exception) -> Exception:
        """Turn an error of the storage into the problem that callers see, and remember it."""
        self._folding.rolled_back()
        sentence = self._storage.trouble(error)
        if not sentence:
            return error
        self._storage.recover()
        self._probe_at = time.monotonic() + RETRY_SECONDS
        self.read_only = Problem(
            code="read_only",
            title=f"{sentence} Nothing was written; the ledger is read-only until writing succeeds again.",
            status=503,
            fix="Free space or repair the disk, then send the same again; the ledger recovers by itself.",
            retry_after_s=RETRY_SECONDS,
        )
        return ProblemError(self.read_only)

    def _step_job(self) -> None:
        """Do one step of the first job; when it is done, answer it."""
        future, steps = self._jobs[0]
        try:
            next(steps)
        except StopIteration as end:
            self._jobs.popleft()
            future.set_result(end.value)
        except Exception as error:
            self._jobs.popleft()
            future.set_exception(self._refusal(error))

    def _fold_batch(self, fold: Fold, to: int) -> None:
        """Fold one batch; when it raises, fold by single facts to find which, and leave the fold standing there."""
        limit = BUSY_BATCH if self._waiting else BATCH_FACTS
        try:
            with self._storage.writing() as connection:
                self._folding.step(connection, fold, to, limit)
        except Exception as error:
            if self._storage.trouble(error):
                raise
            self._folding.rolled_back()
            self._fold_singly(fold, to)
        self._folding.committed()
        behind = self._next_behind()
        self._arrivals.forget(self._folding.cursor(behind.name) if behind else self.head.sequence)

    def _fold_singly(self, fold: Fold, to: int) -> None:
        try:
            with self._storage.writing() as connection:
                self._folding.step_singly(connection, fold, to)
        except Exception as error:
            if self._storage.trouble(error):
                raise
            self._folding.fail(fold, self._folding.cursor(fold.name) + 1, error)


def _overloaded(waiting: int) -> ProblemError:
    return refuse(
        "overloaded",
        f"{waiting} facts wait to be written; more are not taken now.",
        status=503,
        fix="Send it again after a second.",
        retry_after_s=RETRY_SECONDS,
    )
