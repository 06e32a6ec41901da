"""The short way of what is only observed: no task, no scope, no messages between the socket and the ledger.

The first request of a client goes the long way: parser, frame, route, policy. Once its body was taken there, the bytes
of that request's head are known, and a request with the same head (only the digits of its Content-Length may differ)
would be let through again: what decides so looks at the head alone. Its body goes to the ledger at once. Whatever is
not plain goes the long way, and so does, from its beginning, whatever is refused: nobody is told no here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from trivium.entrypoints.api.frame import SECURITY

HEADS_MAX: Final = 256
HEAD_BYTES_MAX: Final = 4 * 1024
BODY_BYTES_MAX: Final = 64 * 1024
"""What comes the short way is held whole; the long way bounds what it holds by as much."""
TAKEN: Final = "trivium.taken"
"""Where a request's scope says, once its body was taken, by whom: one like it may come the short way."""
_METHOD: Final = b"POST /"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d{1,6})(?=\r\n)", re.IGNORECASE)
_NOT_PLAIN: Final = (b"transfer-encoding", b"content-encoding", b"connection", b"expect", b"upgrade")

Pairs = list[tuple[bytes, bytes]]


class Taker(Protocol):
    """Takes bodies without an ASGI call, and says what is answered to them."""

    answer: bytes
    """The body of the answer, JSON or nothing."""

    def take(self, body: bytes, loop: asyncio.AbstractEventLoop, told: Callable[[int], None]) -> None:
        """Take one body; `told` hears the status, or 0: it was refused. What is none of its kind raises at once."""
        ...


class Heads:
    """What the connections of one server share: which heads are known, and the answers as bytes."""

    def __init__(self) -> None:
        self._takers: dict[bytes, Taker] = {}
        self._dated: Pairs | None = None
        self._answers: dict[tuple[int, bytes], bytes] = {}

    def taker(self, head: bytes) -> Taker | None:
        """Say who takes the body of a request with this head, if it is known."""
        return self._takers.get(head)

    def learn(self, head: bytes, taker: Taker) -> None:
        """Remember a head that the long way has let through, if it is plain; too many are all forgotten."""
        lines = head.lower().replace(b"\r\n", b" ").replace(b" connection: keep-alive ", b" ")
        if b"\r" in lines or b"\n" in lines or lines.count(b"content-length:") != 1:
            return
        if any(name in lines for name in _NOT_PLAIN):
            return
        if len(self._takers) >= HEADS_MAX:
            self._takers.clear()
        self._takers[head] = taker

    def answer(self, status: int, body: bytes, default: Pairs) -> bytes:
        """Write an answer, with the server's default headers: these are a new list each second."""
        if default is not self._dated:
            self._dated, self._answers = default, {}
        if (status, body) not in self._answers:
            kind = [(b"content-type", b"application/json")] if body else []
            pairs = [*default, (b"content-length", b"%d" % len(body)), *kind, *SECURITY]
            lines = [b"%b: %b\r\n" % pair for pair in pairs]
            self._answers[status, body] = b"".join([STATUS_LINE[status], *lines, b"\r\n", body])
        return self._answers[status, body]


def cut(data: bytes) -> tuple[bytes, int, int] | None:
    """Give a request's head without the digits of its length, where it ends, and where the body ends."""
    if not data.startswith(_METHOD):
        return None
    end = data.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX) + 4
    length = _LENGTH.search(data, 0, end)
    if end < 4 or length is None:
        return None
    return data[: length.start(1)] + data[length.end(1) : end], end, end + int(length[1])


class ShortWay(HttpToolsProtocol):
    """One connection: uvicorn's own protocol, beside which known requests go the short way, one at a time."""

    def __init__(self, heads: Heads, **given: Any) -> None:
        super().__init__(**given)
        self._heads = heads
        self._between = True
        """No request of the long way is half read."""
        self._gathered = b""
        """The beginning of a known request, whose end has not come."""
        self._asked = b""
        """The request that the ledger has in hand, as it came."""
        self._taker: Taker | None = None
        self._after = b""
        """What came after it."""
        self._candidate = b""
        self._leaving = False
        self._heard_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Take a known request the short way, anything else the long way."""
        if self._asked:
            self._after += data
            self.flow.pause_reading()
            return
        if self._gathered:
            data, self._gathered = self._gathered + data, b""
        if not self._is_short(data):
            super().data_received(data)

    def _is_short(self, data: bytes) -> bool:
        """Begin what is known and whole, keep what is known and not whole; say whether either was so."""
        if not self._between or (self.cycle is not None and not self.cycle.response_complete):
            return False
        found = cut(data)
        if found is None or self.flow.write_paused or self.transport.is_closing():
            return False
        head, begin, end = found
        taker = self._heads.taker(head)
        if taker is None:
            self._candidate = head
            return False
        if end - begin > BODY_BYTES_MAX or len(data) > end:
            return False
        self._heard_at = self.loop.time()
        if len(data) < end:
            self._gathered = data
            return True
        self._asked, self._taker = data, taker
        try:
            taker.take(data[begin:], self.loop, self._told)
        except Exception:  # the long way meets it again, and tells
            self._asked = b""
            return False
        return True

    def _told(self, status: int) -> None:
        """Answer; what the ledger refused goes the long way."""
        asked, self._asked = self._asked, b""
        if self.transport.is_closing():
            return
        if not status:
            super().data_received(asked)
        else:
            assert self._taker is not None, "who is told has asked"
            self.transport.write(self._heads.answer(status, self._taker.answer, self.server_state.default_headers))
            self.server_state.total_requests += 1
            self._heard_at = self.loop.time()
        if self._leaving:
            self.shutdown()
        elif self._after:
            after, self._after = self._after, b""
            self.flow.resume_reading()
            self.data_received(after)

    def on_message_begin(self) -> None:
        """Note that a request of the long way is being read."""
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that it was read."""
        self._between = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Learn the head of a request that was taken the long way."""
        head, self._candidate = self._candidate, b""
        taker = self.cycle.scope.get(TAKEN)
        if head and taker is not None and not self.pipeline:
            self._heads.learn(head, cast("Taker", taker))
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was silent for so long; requests of the short way leave the timer as it is."""
        left = self._heard_at + self.timeout_keep_alive - self.loop.time()
        if self._asked or self._gathered or left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(max(1.0, left), self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Close the connection, once the request in hand is answered."""
        self._leaving = True
        if not self._asked:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what came, and the timer."""
        self._gathered = self._after = b""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
