"""How far does the ledger reach, and under which root?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import words
from trivium.facts.instants import format_instant


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The head of the ledger."""

    sequence: Annotated[int, Meta(description="The sequence of the newest fact; 0 when there is none.")]
    root: Annotated[str, Meta(description="The Merkle root over all facts (RFC 6962, SHA-256, hexadecimal).")]
    recorded_at: Annotated[
        str | None,
        Meta(
            description="When the newest fact was recorded; null when there is none.",
            extra=words(absent="there is no fact yet"),
        ),
    ]
    home_id: Annotated[str, Meta(description="The id of the home.")]
    facts_by_kind: Annotated[dict[str, int], Meta(description="How many facts of each kind there are.")]


def ask(rooms: Rooms, params: Params) -> Answer:  # noqa: ARG001 - all questions are asked alike
    """Show the head of the ledger."""
    head = rooms.ledger.head()
    return Answer(
        sequence=head.sequence,
        root=head.root_hex,
        recorded_at=format_instant(head.recorded_at) if head.sequence else None,
        home_id=head.home_id,
        facts_by_kind=rooms.ledger.counts_by_kind(),
    )
