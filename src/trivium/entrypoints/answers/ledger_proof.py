"""Does a fact stand in the ledger, provably?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.ledger_verify import no_ledger
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT, LARGEST, When
from trivium.facts.instants import format_instant
from trivium.ledger.proving import proof

Sequence = Annotated[
    int, Meta(description="The fact's place in the ledger, counted from 1.", ge=1, le=LARGEST, extra=ARGUMENT)
]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    sequence: Sequence


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A fact without its body, and the path from its leaf to the root (RFC 6962, section 2.1.1)."""

    home_id: Annotated[str, Meta(description="The id of the home.")]
    size: Annotated[int, Meta(description="The size of the tree: how many facts it is over.")]
    root: Annotated[str, Meta(description="The Merkle root, hexadecimal.")]
    sequence: Annotated[int, Meta(description="The fact's place in the ledger.")]
    recorded_at: When
    recorded_at_us: Annotated[int, Meta(description="The same in microseconds since 1970, as it is hashed.")]
    happened_at: Annotated[str, Meta(description="When it happened, as its source claims.")]
    happened_at_us: Annotated[int, Meta(description="The same in microseconds since 1970, as it is hashed.")]
    kind: Annotated[str, Meta(description="What it states.")]
    subject: Annotated[str, Meta(description="The asset that it is about.")]
    actor: Annotated[str, Meta(description="Who stated it.")]
    source: Annotated[str, Meta(description="Where it came from.")]
    key: Annotated[str, Meta(description="Its idempotency key.")]
    body_bytes: Annotated[int, Meta(description="The length of its body in bytes.")]
    body_sha256: Annotated[str, Meta(description="The SHA-256 of its body, hexadecimal.")]
    path: Annotated[tuple[str, ...], Meta(description="The hashes beside the way from the leaf to the root.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Prove that a fact stands in the open home."""
    return of(rooms.home, params)


def of(home: Path, params: Params) -> Answer:
    """Prove that a fact stands in a home's files."""
    try:
        made = proof(home, params.sequence)
    except FileNotFoundError as fault:
        raise no_ledger(home, fault) from fault
    return Answer(
        home_id=made.home_id,
        size=made.size,
        root=made.root,
        sequence=made.sequence,
        recorded_at=format_instant(made.recorded_at),
        recorded_at_us=made.recorded_at,
        happened_at=format_instant(made.happened_at),
        happened_at_us=made.happened_at,
        kind=made.kind,
        subject=made.subject,
        actor=made.actor,
        source=made.source,
        key=made.key,
        body_bytes=made.body_bytes,
        body_sha256=made.body_sha256,
        path=made.path,
    )
