"""Where may a CSV be cut? A file as pieces of whole records, read into memory that is used again and again."""

from __future__ import annotations

from typing import Final

import numpy as np

from trivium.facts.problem import refuse
from trivium.intake.files.octets import Octets
from trivium.intake.files.utf8 import Utf8

CHUNK: Final = 1 << 18
"""Read at once; small, so that counting and hashing find it in the processor's cache."""
FREE: Final = 64 << 20
LONGEST: Final = 64 << 20
"""A single record longer than this is refused with the file."""
QUOTE: Final = ord('"')
NEWLINE: Final = ord("\n")


class Piece:
    """Whole records: the first `end` bytes of `data`, `lines` line ends in them; they begin on line `first`.

    `nul` says that a NUL may be among them. Give it back by `release` once nothing refers to its memory.
    """

    def __init__(self, data: bytearray, end: int, first: int, lines: int, *, nul: bool, free: list[bytearray]) -> None:
        self.data, self.end, self.first, self.lines, self.nul = data, end, first, lines, nul
        self._free = free

    def text(self) -> memoryview:
        """Give the bytes of the records."""
        return memoryview(self.data)[: self.end]

    def release(self) -> None:
        """Let the next piece be read into this one's memory."""
        self._free.append(self.data)


class Pieces:
    """Cuts a file after whole records; `line` is that of the next byte."""

    def __init__(self, octets: Octets) -> None:
        self.line = 1
        self._octets = octets
        self._utf8 = Utf8()
        self._pending = b""
        self._ended = False
        self._free: list[bytearray] = []

    @property
    def replaced_bytes(self) -> int:
        """How many undecodable bytes were replaced so far."""
        return self._utf8.replaced

    def peek(self, wanted: int) -> bytes:
        """Give what comes next, at least `wanted` bytes of it unless the file ends before."""
        parts, length = [self._pending], len(self._pending)
        while length < wanted and (text := self._next()):
            parts.append(text)
            length += len(text)
        self._pending = b"".join(parts)
        return self._pending

    def skip(self, count: int) -> None:
        """Go on after `count` of the bytes that were peeked at."""
        self.line += self._pending[:count].count(b"\n")
        self._pending = self._pending[count:]

    def take(self, wanted: int) -> Piece | None:
        """Give about `wanted` bytes of whole records; None at the end of the file."""
        data, length = self._buffer(wanted + len(self._pending) + CHUNK), 0
        text, quotes, lines, nul = self._pending or self._next(), 0, 0, False
        while True:
            while text:
                data[length : length + len(text)] = text
                length += len(text)
                held = np.frombuffer(text, np.uint8)
                quotes += int(np.count_nonzero(held == QUOTE))
                lines += int(np.count_nonzero(held == NEWLINE))
                nul = nul or b"\0" in text
                text = self._next() if length < wanted else b""
            end = length if length < wanted else last_end(data, length, quotes)
            if end or not length:
                break
            wanted *= 2
            if wanted > LONGEST:
                title = f"A record is longer than {LONGEST >> 20} MiB, from line {self.line} on."
                raise refuse("record_too_long", title, status=413, fix="Look for a quote that is never closed.")
            text = self._next()
        self._pending = bytes(memoryview(data)[end:length])
        first, counted = self.line, lines - self._pending.count(b"\n")
        self.line += counted
        return Piece(data, end, first, counted, nul=nul, free=self._free) if end else None

    def _next(self) -> bytes:
        """Read on; nothing only at the end of the file."""
        while not self._ended:
            chunk = self._octets.read(CHUNK)
            self._ended = not chunk
            if text := self._utf8.decode(chunk):
                return text
        return b""

    def _buffer(self, wanted: int) -> bytearray:
        data = self._free.pop() if self._free else bytearray()
        return data if len(data) >= wanted else bytearray(wanted + (wanted >> 3))


def last_end(data: bytearray, length: int, quotes: int) -> int:
    """Find where the last whole record among the first `length` bytes ends; 0 for nowhere.

    That is after the last line end with an even number of the `quotes` before it. In more than FREE bytes without
    one, a stray quote is likelier than such a record: then after the last line end.
    """
    last = end = data.rfind(b"\n", 0, length)
    odd = (quotes - data.count(b'"', end + 1, length)) % 2
    while end >= 0 and odd:
        before = data.rfind(b"\n", 0, end)
        odd ^= data.count(b'"', before + 1, end + 1) % 2
        end = before
    return (end if end >= 0 or length < FREE else last) + 1


def first_end(data: bytes) -> int:
    """Find where the first record ends."""
    end = data.find(b"\n")
    while end >= 0 and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end + 1)
    return end + 1 if end >= 0 else len(data)
