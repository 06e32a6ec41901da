"""What is the whole graph? Equal graphs give equal text."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import Known
from trivium.graph.export import graph_export


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    known: Known = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All assets but runs, and the flows of all runs that name datasets."""

    assets: Annotated[
        list[dict[str, Any]], Meta(description="Each asset with `asset` (its key), `kind`, and what is known of it.")
    ]
    flows: Annotated[
        list[dict[str, Any]],
        Meta(description="Each run with `run`, `job`, `reads`, `writes` (keys), `start`, `end` and `outcome`."),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Export the graph: sorted, without sequences and recording times."""
    state = rooms.bookkeeping.state(known=params.known)
    with rooms.bookkeeping.graph(state) as connection:
        exported = graph_export(connection)
    return Answer(assets=exported["assets"], flows=exported["flows"])
