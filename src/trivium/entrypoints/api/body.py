"""Reads a request's body within bounds: bytes are counted after decoding, and no more than that is ever held."""

from __future__ import annotations

import zlib
from typing import Final

from starlette.types import Receive, Scope

from trivium.facts.problem import ProblemError, refuse, shown

_GZIP: Final = 31
"""zlib's window bits for a gzip stream."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Read a body of at most `limit` bytes after decoding; gzip is understood (Content-Encoding).

    Refuses (413) what is longer, (415) other encodings, (400) a stream that is no gzip or ends early.
    """
    encoding, length = _announced(scope)
    if encoding not in {"", "identity", "gzip"}:
        fix = "Send gzip, or no Content-Encoding."
        raise refuse("bad_encoding", f"{shown(encoding)} is not decoded here.", status=415, fix=fix)
    if length > limit:
        raise too_large(limit)
    message = await receive()
    raw: bytes = message.get("body", b"")
    if encoding != "gzip" and not message.get("more_body", False):
        if len(raw) > limit:
            raise too_large(limit)
        return raw
    reader = _Inflating(limit) if encoding == "gzip" else _Plain(limit)
    reader.take(raw)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise refuse("disconnected", "The client went away before the body's end.", status=400)
        reader.take(message.get("body", b""))
    return reader.whole()


def too_large(limit: int) -> ProblemError:
    """Say that a body is longer than it may be."""
    title = f"The body has more than {limit} bytes."
    return refuse("too_large", title, status=413, where="$", fix="Send it in smaller parts.")


def _announced(scope: Scope) -> tuple[str, int]:
    """Read Content-Encoding and Content-Length."""
    encoding, length = "", 0
    for name, value in scope["headers"]:
        if name == b"content-encoding":
            encoding = value.decode("latin-1").strip().lower()
        elif name == b"content-length" and value.isdigit():
            length = int(value[:20])
    return encoding, length


class _Plain:
    def __init__(self, limit: int) -> None:
        self._parts: list[bytes] = []
        self._left, self._limit = limit, limit

    def take(self, chunk: bytes) -> None:
        """Keep a chunk."""
        self._left -= len(chunk)
        if self._left < 0:
            raise too_large(self._limit)
        self._parts.append(chunk)

    def whole(self) -> bytes:
        """Give all that came."""
        return b"".join(self._parts)


class _Inflating(_Plain):
    """Decodes gzip, member after member, and stops at the bound."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._stream = zlib.decompressobj(_GZIP)
        self._begun = False

    def take(self, chunk: bytes) -> None:
        """Decode a chunk."""
        while chunk:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_GZIP)
            self._begun = True
            try:
                super().take(self._stream.decompress(chunk, self._left + 1))
            except zlib.error as fault:
                raise _no_gzip() from fault
            chunk = self._stream.unconsumed_tail or self._stream.unused_data

    def whole(self) -> bytes:
        """Give all that came, once the stream is whole."""
        if self._begun and not self._stream.eof:
            raise _no_gzip()
        return super().whole()


def _no_gzip() -> ProblemError:
    title = "The body is said to be gzip, but it is not, or it ends early."
    return refuse("bad_encoding", title, status=400, where="$", fix="Send one whole gzip stream.")
