"""How large and how strange a JSON document from a stranger may be (docs/how-to/send-lineage.md).

The checks read the bytes and build nothing, so that an event of a few kilobytes costs microseconds; only what looks
suspicious is decoded and walked, to name the place.
"""

from __future__ import annotations

import math
import re
from codecs import BOM_UTF8
from typing import Any, Final

import msgspec

from trivium.facts.problem import ProblemError, refuse, shown

MAX_BODY: Final = 10 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_STRING: Final = 1024 * 1024
MAX_KEY: Final = 256
INT64: Final = range(-(2**63), 2**63)

_NOT_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))
_STRING = re.compile(rb'"[^"]*"')
_LONG_KEY = re.compile(rb'"[^"]{%d,}+"\s*:' % (MAX_KEY + 1))
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")
_MANY_DIGITS = b"0" * 19
_BIG_EXPONENT = re.compile(rb"0e\+?000")
_STRANGE_TEXT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def without_mark(raw: bytes) -> bytes:
    """Leave out a byte order mark at the beginning, which JSON has no use for (RFC 8259, section 8.1)."""
    return raw.removeprefix(BOM_UTF8)


def check_bounds(raw: bytes) -> None:
    """Refuse a JSON text that is too large or too deep, or holds what databases and browsers cannot keep.

    Refused are bodies over 10 MiB (413), nesting deeper than 64, strings over 1 MiB, keys over 256 bytes, integers
    outside int64, numbers that are not finite, lone surrogates, NUL, and bytes that are no UTF-8.
    """
    if len(raw) > MAX_BODY:
        title = f"The body has {len(raw)} bytes; at most {MAX_BODY} are taken."
        raise refuse("too_large", title, status=413, where="$", fix="Send it in smaller parts.")
    if is_too_deep(raw):
        raise too_deep("$", "The body")
    if not raw.isascii():
        _check_utf8(raw)
    if is_strange(raw):
        value = decode(raw)
        if not _is_sound(value):
            walk(value)


def decode(raw: bytes) -> Any:
    """Read JSON into Python's own types, or refuse with the place at which it stops being JSON."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        raise malformed(raw, fault) from fault


def malformed(raw: bytes, fault: Exception) -> ProblemError:
    """Say why bytes are no JSON; the message shows how they begin."""
    reason = str(fault).removeprefix("JSON is malformed: ")
    title = f"The body is no JSON: {reason}; it begins with {shown(raw[:40])}."
    return refuse("bad_json", title, status=400, where="$", fix="Send one JSON document in UTF-8.")


def too_deep(where: str, what: str = "It") -> ProblemError:
    """Say that a text is nested too deep; `what` names it."""
    title = f"{what} is nested deeper than {MAX_DEPTH} levels."
    return refuse("too_deep", title, where=where, fix="Write it flatter.")


def is_too_deep(raw: bytes) -> bool:
    """Say whether the brackets of a JSON text nest deeper than is allowed."""
    return _is_deep(_shape(without_escapes(raw)))


def is_strange(raw: bytes) -> bool:
    """Say whether a JSON text may hold a string, key, number or escape that `walk` refuses; it may be wrong to say so.

    It is never wrong to deny it.
    """
    return bool(
        len(raw) > MAX_STRING
        or (b"\\" in raw and _STRANGE_TEXT.search(raw))
        or _has_strange_number(raw)
        or _LONG_KEY.search(without_escapes(raw))
    )


def walk(value: Any, path: str = "$", depth: int = 0) -> None:
    """Refuse the first value below `path` that is out of bounds, and name its JSON path; `depth` is how deep it is."""
    if depth > MAX_DEPTH:
        raise too_deep(path)
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, dict):
        for key, child in value.items():
            _check_key(key, path)
            walk(child, f"{path}.{key}", depth + 1)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            walk(child, f"{path}[{index}]", depth + 1)
    elif isinstance(value, int | float):
        _check_number(value, path)


def without_escapes(raw: bytes) -> bytes:
    """Overwrite escaped backslashes and quotes, so that each quote that is left begins or ends a string."""
    return raw.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in raw else raw


def _is_sound(value: Any) -> bool:
    """Say whether `walk` would refuse nothing, without the cost of naming places."""
    if isinstance(value, str):
        return len(value) <= MAX_STRING // 4 and "\0" not in value and _has_no_half_pair(value)
    if isinstance(value, dict):
        return all(len(key) <= MAX_KEY // 4 and _is_sound(key) for key in value) and all(map(_is_sound, value.values()))
    if isinstance(value, list):
        return all(map(_is_sound, value))
    if isinstance(value, int):
        return value in INT64
    return not isinstance(value, float) or math.isfinite(value)


def _has_no_half_pair(text: str) -> bool:
    return text.isascii() or not _HALF_PAIR.search(text)


def _shape(plain: bytes) -> bytes:
    """Keep only the brackets that are no part of a string."""
    shape = plain.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    return _STRING.sub(b"", shape) if b'"' in shape else shape


def _is_deep(shape: bytes) -> bool:
    """Peel the innermost brackets off, level by level; what does not vanish in time is counted."""
    left = shape
    for _ in range(MAX_DEPTH // 2):
        peeled = left.replace(b"{}", b"").replace(b"[]", b"")
        if not peeled:
            return False
        if peeled == left:
            break
        left = peeled
    return _count(shape) > MAX_DEPTH


def _count(shape: bytes) -> int:
    depth = deepest = 0
    for byte in shape:
        depth += 1 if byte in b"{[" else -1
        deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            break
    return deepest


def _has_strange_number(raw: bytes) -> bool:
    """Look for 19 digits in a row, or an exponent of three digits where a value can stand."""
    digits = raw.translate(_DIGITS)
    if _MANY_DIGITS in digits:
        return True
    for found in _BIG_EXPONENT.finditer(digits):
        before = digits[max(0, found.start() - MAX_KEY) : found.start()].rstrip(b"0.-").rstrip()
        if not before or before[-1:] in {b":", b"[", b","}:
            return True
    return False


def _check_utf8(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError as fault:
        title = f"Byte {fault.start} of the body, {shown(raw[fault.start : fault.start + 1])}, is no UTF-8."
        raise refuse("bad_text", title, status=400, where="$", fix="Send UTF-8.") from fault


def _check_text(text: str, path: str) -> None:
    if len(text) > MAX_STRING // 4 and len(text.encode("utf-8", "surrogatepass")) > MAX_STRING:
        raise refuse("too_long", f"The text {shown(text)} is longer than {MAX_STRING} bytes.", where=path)
    if "\0" in text:
        raise refuse("bad_text", f"The text {shown(text)} holds a NUL character.", where=path)
    if not _has_no_half_pair(text):
        raise refuse("bad_text", f"The text {shown(text)} holds half of a surrogate pair.", where=path)


def _check_key(key: str, path: str) -> None:
    if len(key.encode("utf-8", "surrogatepass")) > MAX_KEY:
        raise refuse("too_long", f"The key {shown(key)} is longer than {MAX_KEY} bytes.", where=path)
    _check_text(key, path)


def _check_number(value: float, path: str) -> None:
    if isinstance(value, int):
        if value not in INT64:
            raise refuse("bad_number", f"The integer {shown(value)} does not fit 64 bits.", where=path)
    elif not math.isfinite(value):
        raise refuse("bad_number", f"{shown(value)} is no finite number.", where=path)
