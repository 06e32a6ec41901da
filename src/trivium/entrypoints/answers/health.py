"""Is the server well, and how old is the oldest fact that an answer might miss?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import words
from trivium.facts.instants import SECOND


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How the server is."""

    ok: Annotated[bool, Meta(description="Whether facts can be written and every projection follows.")]
    state: Annotated[str, Meta(description="`ok`, `degraded` (a projection stands still) or `read_only`.")]
    sequence: Annotated[int, Meta(description="The sequence of the newest fact.")]
    waiting_facts: Annotated[int, Meta(description="Facts that are queued to be written.")]
    oldest_unprocessed_age_s: Annotated[
        float, Meta(description="The age in seconds of the oldest fact that a projection has not seen; 0 when none.")
    ]
    read_only: Annotated[
        str,
        Meta(description="Why nothing can be written; empty when it can.", extra=words(absent="facts can be written")),
    ]
    degraded: Annotated[
        tuple[str, ...],
        Meta(description="The projections that stand still, and why.", extra=words(absent="every projection follows")),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:  # noqa: ARG001 - all questions are asked alike
    """Say how the server is."""
    found = rooms.ledger.health()
    return Answer(
        ok=found.state == "ok",
        state=found.state,
        sequence=found.sequence,
        waiting_facts=found.waiting_facts,
        oldest_unprocessed_age_s=found.oldest_unprocessed_age_us / SECOND,
        read_only=found.read_only,
        degraded=tuple(f"{one.fold}, before fact {one.sequence}: {one.sentence}" for one in found.degraded),
    )
