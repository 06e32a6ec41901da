"""Is an earlier state of the ledger the beginning of this one, provably?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.ledger_verify import no_ledger
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT, LARGEST
from trivium.ledger.proving import consistency

First = Annotated[
    int,
    Meta(
        description="How many facts the earlier state had: the `sequence` of a checkpoint.",
        ge=1,
        le=LARGEST,
        extra=ARGUMENT,
    ),
]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    first: First


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The hashes that lead from an earlier root to the present one (RFC 6962, section 2.1.2)."""

    home_id: Annotated[str, Meta(description="The id of the home.")]
    first: Annotated[int, Meta(description="How many facts the earlier state had.")]
    first_root: Annotated[
        str,
        Meta(description="Its Merkle root, hexadecimal, as computed from the facts: compare it with the root kept."),
    ]
    size: Annotated[int, Meta(description="How many facts there are now.")]
    root: Annotated[str, Meta(description="The Merkle root now, hexadecimal.")]
    path: Annotated[tuple[str, ...], Meta(description="The hashes that lead from both roots to what they share.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Prove that the open home begins with its first facts."""
    return of(rooms.home, params)


def of(home: Path, params: Params) -> Answer:
    """Prove that a home's files begin with their first facts."""
    try:
        made = consistency(home, params.first)
    except FileNotFoundError as fault:
        raise no_ledger(home, fault) from fault
    return Answer(
        home_id=made.home_id, first=made.first, first_root=made.first_root, size=made.size, root=made.root,
        path=made.path,
    )  # fmt: skip
