"""Requests on their way to the writer and their answers on the way back: to threads, futures and event loops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Lock

from trivium.ledger.group import Receipts, Wish

Outcome = Receipts | Exception


class Request:
    """One wish. This form is awaited by a thread, through a bare lock: the cheapest way to wait for one answer."""

    __slots__ = ("_answered", "_outcome", "bytes", "facts", "wish")

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.facts = max(1, len(wish.entries))
        self.bytes = sum([len(entry.fact.body) for entry in wish.entries])
        self._outcome: Outcome | None = None
        self._answered = Lock()
        self._answered.acquire()

    def start(self) -> bool:
        """Say whether anyone still waits for the answer; from now on the request cannot be cancelled."""
        return True

    def answer(self, outcome: Outcome) -> None:
        """Hand the answer to who waits."""
        assert self._outcome is None, "a request is answered once"
        self._outcome = outcome
        self._answered.release()

    def wait(self) -> Receipts:
        """Wait for the answer; raises what the request was refused with."""
        with self._answered:
            outcome = self._outcome
        assert outcome is not None, "who is woken has an answer"
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class FutureRequest(Request):
    """A wish whose answer goes into a future."""

    __slots__ = ("future",)

    def __init__(self, wish: Wish) -> None:
        super().__init__(wish)
        self.future: Future[Receipts] = Future()

    def start(self) -> bool:
        """Say whether the future is not cancelled."""
        return self.future.set_running_or_notify_cancel()

    def answer(self, outcome: Outcome) -> None:
        """Put the answer into the future."""
        _fulfil(self.future, outcome)


class LoopRequest(Request):
    """A wish whose answer an event loop hands to `told`, on its own thread."""

    __slots__ = ("loop", "told")

    def __init__(self, wish: Wish, loop: asyncio.AbstractEventLoop, told: Callable[[Outcome], None]) -> None:
        self.wish = wish
        self.facts = max(1, len(wish.entries))
        self.bytes = sum([len(entry.fact.body) for entry in wish.entries])
        self.loop, self.told = loop, told


class AwaitedRequest(LoopRequest):
    """A wish whose answer a task awaits."""

    __slots__ = ("promise",)

    def __init__(self, wish: Wish, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(wish, loop, self._fulfil)
        self.promise: asyncio.Future[Receipts] = loop.create_future()

    def start(self) -> bool:
        """Say whether the awaiting task is not cancelled."""
        return not self.promise.cancelled()

    def _fulfil(self, outcome: Outcome) -> None:
        if not self.promise.done():
            _fulfil(self.promise, outcome)


def settle(answers: Iterable[tuple[Request, Outcome]]) -> None:
    """Hand answers back; those for one event loop go in one call, which wakes it once."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Callable[[Outcome], None], Outcome]]] = {}
    for request, outcome in answers:
        if isinstance(request, LoopRequest):
            loops.setdefault(request.loop, []).append((request.told, outcome))
        else:
            request.answer(outcome)
    for loop, pairs in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(_tell_all, loop, pairs)


def _tell_all(loop: asyncio.AbstractEventLoop, pairs: list[tuple[Callable[[Outcome], None], Outcome]]) -> None:
    """Hand answers over; who raises on hearing his keeps nobody from theirs."""
    for told, outcome in pairs:
        try:
            told(outcome)
        except Exception as fault:
            loop.call_exception_handler({"message": "an answer was not taken", "exception": fault})


def _fulfil(future: Future[Receipts] | asyncio.Future[Receipts], outcome: Outcome) -> None:
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
