"""What does one fact say, byte for byte?"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.facts import FactLine, line_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT, LARGEST
from trivium.ledger.merkle import leaf_hash

Sequence = Annotated[
    int, Meta(description="The fact's place in the ledger, counted from 1.", ge=1, le=LARGEST, extra=ARGUMENT)
]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    sequence: Sequence


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One fact with its body."""

    fact: Annotated[FactLine, Meta(description="The fact without its body.")]
    key: Annotated[str, Meta(description="What makes a repeat from the same source add nothing.")]
    leaf: Annotated[
        str,
        Meta(description="Its leaf hash in the Merkle tree, from which `ledger proof` leads to the root; hexadecimal."),
    ]
    body_sha256: Annotated[str, Meta(description="The SHA-256 of its body, hexadecimal.")]
    body: Annotated[str, Meta(description="The body as it was kept: JSON text.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Show one fact."""
    recorded = rooms.ledger.fact(params.sequence)
    body_hash = sha256(recorded.fact.body)
    leaf = leaf_hash(recorded.sequence, recorded.recorded_at, recorded.fact, body_hash.digest())
    return Answer(
        fact=line_of(recorded),
        key=recorded.fact.key,
        leaf=leaf.hex(),
        body_sha256=body_hash.hexdigest(),
        body=recorded.fact.body.decode("utf-8", "replace"),
    )
