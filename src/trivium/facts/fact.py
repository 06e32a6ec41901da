"""A fact: one immutable statement in the ledger (design.md §4)."""

from __future__ import annotations

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.kinds import Kind


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody states, before the ledger has it.

    `subject` is the asset key that it is about; `happened_at` is the claim, in microseconds since 1970 UTC;
    `body` is JSON (UTF-8) and is kept byte for byte; `key` makes a repeat of the same statement from the same
    `source` add nothing: it is unique per source, and the same key with another body is refused.
    """

    kind: Kind
    subject: str
    happened_at: Instant
    source: str
    key: str
    body: bytes
    actor: str = ""


class RecordedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that the ledger has: `sequence` counts from 1 without gaps, `recorded_at` is the ledger's clock."""

    sequence: int
    recorded_at: Instant
    fact: Fact


class Receipt(msgspec.Struct, frozen=True):
    """What the ledger answers for one fact: where it stands, and whether this append wrote it."""

    sequence: int
    written: bool
