"""Which asset is called that?"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.names import title_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT, Known, words
from trivium.graph.search import search

Words = Annotated[str, Meta(description="Words that the name holds; case does not matter.", extra=ARGUMENT)]
Count = Annotated[int, Meta(description="How many are listed at most.", ge=1, le=1000)]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    q: Words
    limit: Count = 20
    known: Known = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One asset that was found."""

    asset: Annotated[str, Meta(description="The asset's key.")]
    kind: Annotated[str, Meta(description="Its kind.")]
    title: Annotated[str, Meta(description="What people call it, else the end of its name.")]
    product: Annotated[str, Meta(description="A product that it is part of; empty when none is declared.")]
    href: Annotated[str, Meta(description="Its page on this server.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The assets that were found, the best first."""

    results: Annotated[
        tuple[Found, ...], Meta(description="The assets, the best first.", extra=words(absent="nothing is called that"))
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Find assets by words of their names."""
    keeping = rooms.bookkeeping
    with keeping.graph(keeping.state(known=params.known)) as connection:
        hits = search(connection, params.q, params.limit)
    return Answer(
        results=tuple(
            Found(
                asset=hit.asset.key,
                kind=hit.asset.kind,
                title=hit.asset.title or title_of(hit.asset.key),
                product=next(iter(hit.asset.products), ""),
                href=f"/assets/{quote(hit.asset.key, safe='')}",
            )
            for hit in hits
        )
    )
