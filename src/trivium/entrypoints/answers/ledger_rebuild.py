"""Do the projections, made again from the facts, equal what they were?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be asked."""

    names: Annotated[tuple[str, ...], Meta(description="Only these projections; without names, all.")] = ()


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """One projection that was made again."""

    name: Annotated[str, Meta(description="Its name.")]
    equal: Annotated[bool, Meta(description="Whether it is byte for byte what it was.")]
    before: Annotated[str, Meta(description="The SHA-256 of its rows before; empty when it stood still.")]
    after: Annotated[str, Meta(description="The SHA-256 of its rows now.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Every projection that was made again."""

    equal: Annotated[bool, Meta(description="Whether all are what they were.")]
    projections: Annotated[tuple[Projection, ...], Meta(description="Each projection.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Drop projections and make them again from the facts."""
    found = tuple(
        Projection(name=one.fold, equal=one.equal, before=one.before, after=one.after)
        for one in rooms.ledger.rebuild(params.names or None)
    )
    return Answer(equal=all(one.equal for one in found), projections=found)
