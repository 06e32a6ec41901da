"""Requests over connections that are kept, from a client that costs as little as it can.

Each request is one segment, sent at once (TCP_NODELAY): a server that waits for the second half of a request, or whose
client waits for an acknowledgement, would lose 40 ms a request to delayed ACK.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

JSON = "application/json"
REOPENED_AT_MOST = 20


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> dict[str, object]:
        """Read the body; raises when the request was refused."""
        if self.status != 200:
            raise RuntimeError(f"{self.status}: {self.body[:500]!r}")
        found: dict[str, object] = msgspec.json.decode(self.body)
        return found


def request(port: int, path: str, body: object, kind: str = JSON, **headers: str) -> bytes:
    """Write a POST request; a body that is no bytes is JSON."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {kind}\r\n{more}"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def ask(port: int, requests: Sequence[bytes], connections: int = 1) -> list[Answer]:
    """Send requests, each on the first connection that has its answer; gives the answers as they come."""
    lanes = [_Lane(port) for _ in range(min(connections, len(requests)))]
    answers: list[Answer] = []
    waiting = iter(requests)
    with selectors.PollSelector() as ready:
        for lane in lanes:
            ready.register(lane.socket, selectors.EVENT_READ, lane)
            lane.send(next(waiting))
        while len(answers) < len(requests):
            for key, _ in ready.select():
                lane = cast("_Lane", key.data)
                answer = lane.receive()
                if answer is not None:
                    answers.append(answer)
                    following = next(waiting, None)
                    if following is not None:
                        lane.send(following)
    for lane in lanes:
        lane.socket.close()
    return answers


def ask_timed(port: int, requests: Sequence[bytes]) -> tuple[list[float], Answer]:
    """Send requests one after the other over one connection; gives the seconds of each, and the last answer."""
    lane = _Lane(port)
    took: list[float] = []
    answer = None
    for whole in requests:
        begun = time.perf_counter()
        lane.send(whole)
        answer = None
        while answer is None:
            answer = lane.receive()
        took.append(time.perf_counter() - begun)
    lane.socket.close()
    assert answer is not None, "at least one request"
    return took, answer


class _Lane:
    """One connection, with at most one request under way; one that is closed is opened again, a few times."""

    def __init__(self, port: int) -> None:
        self._port, self._sent, self._came = port, b"", b""
        self._openings = 0
        self.socket = self._open()

    def send(self, whole: bytes) -> None:
        self._sent = whole
        self.socket.sendall(whole)

    def receive(self) -> Answer | None:
        """Read what came; gives the answer once it is whole."""
        try:
            piece = self.socket.recv(1 << 18)
        except ConnectionResetError:
            piece = b""
        if not piece:
            self._open_again()
            return None
        self._came += piece
        head, end, body = self._came.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return None
        self._came = b""
        return Answer(int(head[9:12]), body)

    def _open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self._port), timeout=300)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._openings += 1
        return opened

    def _open_again(self) -> None:
        """Send again what was under way: a server whose worker was replaced answers on another connection.

        The descriptor stays the same, for whoever waits for it.
        """
        if self._openings > REOPENED_AT_MOST:
            raise RuntimeError("the server closes its connections")
        fresh = self._open()
        os.dup2(fresh.fileno(), self.socket.fileno())
        fresh.close()
        self._came = b""
        self.socket.sendall(self._sent)


def _length(head: bytes) -> int:
    """Read Content-Length."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise RuntimeError(f"an answer without a length: {head[:200]!r}")
    return int(rest.partition(b"\r\n")[0])
