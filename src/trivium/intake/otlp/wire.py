"""Protobuf's wire format: the fields of a message, as they stand (protobuf.dev, "Encoding").

Only what reads one field after the other is here; a message's meaning is where it is read.
"""

from __future__ import annotations

import struct
from typing import Final

VARINT: Final = 0
EIGHT: Final = 1
BYTES: Final = 2
GROUP: Final = 3
END: Final = 4
FOUR: Final = 5
_DEEPEST: Final = 64


class MalformedError(Exception):
    """Raised for bytes that are no message; its text says what is wrong."""


def fields(raw: bytes) -> list[tuple[int, bytes | int]]:
    """Read the fields of a message, in order: (tag, value); a tag is the field's number times 8 plus the wire type.

    Values are bytes for texts, messages and fixed widths, whole numbers from 0 to 2^64 - 1 for varints. Groups, which
    no current message has, are left out.
    """
    found: list[tuple[int, bytes | int]] = []
    at, stop = 0, len(raw)
    while at < stop:
        tag, at = varint(raw, at)
        wire = tag & 7
        if tag < 8:
            raise MalformedError("A field has the number 0.")
        if wire == BYTES:
            size, at = varint(raw, at)
            found.append((tag, raw[at : at + size]))
            at += size
        elif wire == VARINT:
            value, at = varint(raw, at)
            found.append((tag, value))
        elif wire in (EIGHT, FOUR):
            size = 8 if wire == EIGHT else 4
            found.append((tag, raw[at : at + size]))
            at += size
        else:
            at = skip(raw, tag, at)
    if at != stop:
        raise MalformedError("A field ends after its message.")
    return found


def varint(raw: bytes, at: int) -> tuple[int, int]:
    """Read a varint: its value below 2^64, and where the next field begins."""
    try:
        value = raw[at]
        if value < 128:
            return value, at + 1
        value = shift = 0
        while True:
            byte = raw[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value & 0xFFFFFFFFFFFFFFFF, at
            shift += 7
            if shift >= 70:
                raise MalformedError("A number has more than ten bytes.")
    except IndexError as fault:
        raise MalformedError("The message ends within a number.") from fault


def skip(raw: bytes, tag: int, at: int, depth: int = 0) -> int:
    """Give the place after a field that nobody reads."""
    wire = tag & 7
    if wire == VARINT:
        return varint(raw, at)[1]
    if wire == BYTES:
        size, at = varint(raw, at)
        return at + size
    if wire in (EIGHT, FOUR):
        return at + (8 if wire == EIGHT else 4)
    if wire != GROUP or depth >= _DEEPEST:
        raise MalformedError("A group ends that did not begin, or a field has no known wire type.")
    while True:
        inner, at = varint(raw, at)
        if inner & 7 == END:
            if inner >> 3 != tag >> 3:
                raise MalformedError("A group ends as another.")
            return at
        at = skip(raw, inner, at, depth + 1)


def signed(value: int) -> int:
    """Take a varint for an int64 or an enum."""
    return value - (1 << 64) if value >= 1 << 63 else value


def double(raw: bytes) -> float:
    """Read a double."""
    number: float = struct.unpack("<d", raw)[0]
    return number


def unsigned(raw: bytes) -> int:
    """Read a fixed-width number."""
    return int.from_bytes(raw, "little")


def put_varint(value: int) -> bytes:
    """Write a varint."""
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


def put_text(number: int, text: str) -> bytes:
    """Write a text field; nothing for an empty one."""
    raw = text.encode("utf-8", "replace")
    return put_varint(number << 3 | BYTES) + put_varint(len(raw)) + raw if raw else b""


def put_number(number: int, value: int) -> bytes:
    """Write a varint field; nothing for 0."""
    return put_varint(number << 3 | VARINT) + put_varint(value) if value else b""
