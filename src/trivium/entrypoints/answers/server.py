"""Which server is this, and which home does it hold?"""

from __future__ import annotations

import os
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium import __version__
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.instants import format_instant


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command must see before it trusts an address that it found in a home."""

    version: Annotated[str, Meta(description="The version of Trivium.")]
    home_id: Annotated[str, Meta(description="The id of the home that the server holds.")]
    path: Annotated[str, Meta(description="The real path of that home.")]
    pid: Annotated[int, Meta(description="The server's process.")]
    started_at: Annotated[str, Meta(description="When it opened the home.")]


def ask(rooms: Rooms, params: Params) -> Answer:  # noqa: ARG001 - all questions are asked alike
    """Say which server this is."""
    return Answer(
        version=__version__,
        home_id=rooms.ledger.head().home_id,
        path=str(rooms.home),
        pid=os.getpid(),
        started_at=format_instant(rooms.opened_at),
    )
