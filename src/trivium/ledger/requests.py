"""Requests on their way to the writer and their answers on the way back, to threads and to event loops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from concurrent.futures import Future

from trivium.ledger.group import Receipts, Wish

Outcome = Receipts | BaseException


class Request:
    """One wish with the place where its answer is awaited: a thread's future, or an event loop's."""

    __slots__ = ("bytes", "facts", "future", "loop", "promise", "wish")

    def __init__(self, wish: Wish, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.wish = wish
        self.loop = loop
        self.promise: asyncio.Future[Receipts] | None = loop.create_future() if loop else None
        self.future: Future[Receipts] | None = None if loop else Future()
        self.facts = max(1, len(wish.entries))
        self.bytes = sum(len(entry.fact.body) for entry in wish.entries)

    def start(self) -> bool:
        """Say whether anyone still waits for the answer; from now on it cannot be cancelled."""
        if self.future is not None:
            return self.future.set_running_or_notify_cancel()
        return self.promise is not None and not self.promise.cancelled()


def settle(answers: Iterable[tuple[Request, Outcome]]) -> None:
    """Hand answers back; those for one event loop go in one call, which wakes it once."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Receipts], Outcome]]] = {}
    for request, outcome in answers:
        if request.future is not None:
            _fulfil(request.future, outcome)
        elif request.loop is not None and request.promise is not None:
            loops.setdefault(request.loop, []).append((request.promise, outcome))
    for loop, pairs in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(_fulfil_all, pairs)


def _fulfil_all(pairs: list[tuple[asyncio.Future[Receipts], Outcome]]) -> None:
    for promise, outcome in pairs:
        if not promise.done():
            _fulfil(promise, outcome)


def _fulfil(future: Future[Receipts] | asyncio.Future[Receipts], outcome: Outcome) -> None:
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
