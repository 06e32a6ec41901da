"""What may be entered in the book: the checks on one fact before it is queued."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

from trivium.facts.fact import Fact
from trivium.facts.instants import FIRST, LAST
from trivium.facts.problem import ProblemError, refuse, shown

BODY_BYTES_MAX: Final = 64 * 1024 * 1024
TEXT_MAX: Final = 8192
"""Characters of subject, actor, source and key together."""


class Entry(msgspec.Struct, frozen=True):
    """A checked fact with the SHA-256 of its body, computed by whoever hands it in and not by the writer."""

    fact: Fact
    body_hash: bytes


def entries_of(facts: Sequence[Fact], hashes: Sequence[bytes] | None = None) -> list[Entry]:
    """Check facts and hash their bodies; refuses texts that no database can hold and times without a text form.

    Who has the bodies' SHA-256 hands them in.
    """
    if hashes is None:
        hashes = [sha256(fact.body).digest() for fact in facts]
    return [_entry(fact, body_hash) for fact, body_hash in zip(facts, hashes, strict=True)]


def _entry(fact: Fact, body_hash: bytes) -> Entry:
    text = f"{fact.subject}{fact.actor}{fact.source}{fact.key}"
    if len(text) > TEXT_MAX or "\x00" in text or not (text.isascii() or _is_utf8(text)):
        raise _bad_text(fact)
    if not FIRST <= fact.happened_at <= LAST:
        title = f"{fact.happened_at} microseconds since 1970 is outside the years 1 to 9999."
        raise refuse("bad_time", title, where="happened_at")
    if len(fact.body) > BODY_BYTES_MAX:
        title = f"The body of {shown(fact.key)} has {len(fact.body)} bytes; at most {BODY_BYTES_MAX} are taken."
        raise refuse("too_large", title, status=413, where="body")
    if not fact.key or not fact.source:
        raise refuse("bad_fact", f"A fact about {shown(fact.subject)} lacks its source or key.", where="key")
    return Entry(fact, body_hash)


def _bad_text(fact: Fact) -> ProblemError:
    """Say which of the fact's texts is at fault."""
    for name in ("subject", "actor", "source", "key"):
        text = getattr(fact, name)
        if "\x00" in text or not _is_utf8(text):
            title = f"{shown(text)} holds characters that cannot be stored (NUL or half a surrogate pair)."
            return refuse("bad_text", title, where=name, fix="Send text that is valid UTF-8 without NUL.")
    total = len(fact.subject) + len(fact.actor) + len(fact.source) + len(fact.key)
    title = f"Subject, actor, source and key of {shown(fact.subject)} together have {total} characters."
    return refuse("too_long", title, where="subject", fix=f"Keep them within {TEXT_MAX} together.")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
