"""Attributes as JSON, each written once: what a span says again and again is read the first time only.

A lexicon remembers the bytes of attributes, names, resources and scopes. What comes out does not depend on what it
remembers; when it holds too much it forgets everything.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from trivium.facts.bounds import INT64, MAX_DEPTH, MAX_KEY
from trivium.facts.problem import shown
from trivium.facts.redaction import redact
from trivium.intake.otlp.names import ALIASES, CONTENT, MOST_TOKENS, Said

Meaning = tuple[Said, int, Any]
"""What an attribute says of a call of a model, the rank of its name, and the value."""
Entry = tuple[bytes, Meaning | None]
"""An attribute as a member of a JSON object, and what it means."""
Made = TypeVar("Made")

LONGEST_KEPT: Final = 256
"""Bytes of what is remembered; longer texts seldom come again."""
KEPT: Final = 40_000
"""How many pieces of each sort are remembered at most."""
_encode = msgspec.json.Encoder().encode
_TOKENS: Final = frozenset({Said.INPUT, Said.OUTPUT, Said.CACHE_READ, Said.CACHE_WRITE})


class UnfitSpanError(Exception):
    """Raised for a single span that cannot be kept; its text says why, in a sentence."""


class Lexicon:
    """Remembers what pieces of bytes mean."""

    def __init__(self) -> None:
        self.attributes: dict[bytes, Entry] = {}
        self.names: dict[bytes, str] = {}
        self.resources: dict[bytes, Any] = {}
        self.scopes: dict[bytes, bytes] = {}
        self.statuses: dict[bytes, tuple[int, str]] = {}

    def name(self, raw: bytes) -> str:
        """Give a text without known secrets."""
        found = self.names.get(raw)
        return remembered(self.names, raw, clean(text_of(raw))) if found is None else found


def remembered(kept: dict[bytes, Made], raw: bytes, made: Made) -> Made:
    """Keep what was made of a piece, unless it is long; forget all when there is too much."""
    if len(raw) <= LONGEST_KEPT:
        if len(kept) >= KEPT:
            kept.clear()
        kept[raw] = made
    return made


def text_of(raw: bytes) -> str:
    """Read UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as fault:
        raise UnfitSpanError(f"{shown(raw[:40])} is no UTF-8.") from fault


def clean(text: str) -> str:
    """Leave out known secrets and NUL characters."""
    written = _written(text)
    cut = redact(written)
    return (text if cut is written else str(msgspec.json.decode(cut))).replace("\0", "�")


def entry_of(key: str, value: Any, *, looked_at: bool = False) -> Entry:
    """Write an attribute as a member of a JSON object, without known secrets; `value` is JSON's own kind of value.

    `looked_at` says that it is known to hold none.
    """
    if len(key) > MAX_KEY:
        raise UnfitSpanError(f"The attribute key {shown(key)} is longer than {MAX_KEY} characters.")
    member = _written(key) + b":" + _written(value)
    if not looked_at:
        member = redact(member)
    if len(member) > CONTENT:
        raise UnfitSpanError(f"The attribute {shown(key)} has {len(member)} bytes as JSON; at most {CONTENT} are kept.")
    alias = ALIASES.get(key)
    if alias is None:
        return member, None
    said, rank = alias
    if said in _TOKENS:
        return member, (said, rank, _tokens(value))
    return member, (said, rank, value if isinstance(value, str) or said is Said.USAGE else "")


def plain_value(kind: str, value: Any, deeper: Callable[[Any], Any]) -> Any:
    """Give one of AnyValue's kinds as JSON's own; `deeper` reads the values inside."""
    if kind == "array":
        return [deeper(one) for one in value]
    if kind == "object":
        return {key: deeper(one) for key, one in value}
    if kind == "double":
        return value if math.isfinite(value) else str(value).replace("inf", "Infinity").replace("nan", "NaN")
    if kind == "bytes":
        return b64encode(value).decode()
    if kind == "int" and value not in INT64:
        raise UnfitSpanError(f"The integer {shown(value)} does not fit 64 bits.")
    return value


def too_deep() -> UnfitSpanError:
    """Say that a value nests too deep."""
    return UnfitSpanError(f"An attribute is nested deeper than {MAX_DEPTH} levels.")


def _written(value: Any) -> bytes:
    try:
        return _encode(value)
    except (UnicodeEncodeError, RecursionError) as fault:
        raise UnfitSpanError(f"{shown(value)} cannot be written as UTF-8.") from fault


def _tokens(value: Any) -> int | None:
    """Read a count of tokens; None for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
        return value
    return None
