"""Which facts does the ledger hold?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import LARGEST, When, words
from trivium.facts.fact import RecordedFact
from trivium.facts.instants import format_instant
from trivium.facts.kinds import Kind
from trivium.facts.problem import refuse, shown
from trivium.graph.assets import facts_about

Count = Annotated[int, Meta(description="How many facts are listed at most.", ge=1, le=1000)]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    kind: Annotated[str, Meta(description="Only facts of this kind.")] = ""
    subject: Annotated[str, Meta(description="Only facts that name this asset, under any of its names.")] = ""
    before: Annotated[
        int, Meta(description="Only facts before this sequence; 0 begins with the newest.", ge=0, le=LARGEST)
    ] = 0
    limit: Count = 50


class FactLine(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, without its body."""

    sequence: Annotated[int, Meta(description="Its place in the ledger, counted from 1.")]
    kind: Annotated[str, Meta(description="What it states.")]
    subject: Annotated[str, Meta(description="The asset that it is about; empty where it is about none.")]
    happened_at: Annotated[str, Meta(description="When it happened, as its source claims.")]
    recorded_at: When
    source: Annotated[str, Meta(description="Where it came from.")]
    actor: Annotated[str, Meta(description="Who stated it; empty where nobody is named.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Facts, the newest first."""

    facts: Annotated[tuple[FactLine, ...], Meta(description="The facts, the newest first.")]
    older: Annotated[
        int | None,
        Meta(
            description="The sequence to ask `before` for the next page; null at the end.",
            extra=words(absent="these are the oldest"),
        ),
    ]
    head: Annotated[int, Meta(description="The sequence of the newest fact.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List facts, the newest first."""
    kinds = {_kind(params.kind)} if params.kind else None
    found = _about(rooms, params) if params.subject else rooms.ledger.read(
        params.before, params.limit, kinds, newest_first=True
    )  # fmt: skip
    older = found[-1].sequence if len(found) == params.limit and found[-1].sequence > 1 else None
    return Answer(facts=tuple(line_of(one) for one in found), older=older, head=rooms.ledger.head().sequence)


def line_of(recorded: RecordedFact) -> FactLine:
    """Give a fact without its body."""
    fact = recorded.fact
    return FactLine(
        sequence=recorded.sequence,
        kind=str(fact.kind),
        subject=fact.subject,
        happened_at=format_instant(fact.happened_at),
        recorded_at=format_instant(recorded.recorded_at),
        source=fact.source,
        actor=fact.actor,
    )


def _about(rooms: Rooms, params: Params) -> list[RecordedFact]:
    """Find the facts that name an asset, by the graph's mentions and by their subject, part by part downwards."""
    rooms.ledger.catch_up(["graph"])
    found: list[RecordedFact] = []
    before = params.before
    while len(found) < params.limit:
        with rooms.ledger.reading() as connection:
            named = facts_about(connection, params.subject, params.limit, before)
        own = rooms.ledger.read(before, params.limit, None, params.subject, newest_first=True)
        part = sorted({*named, *(one.sequence for one in own)}, reverse=True)[: params.limit]
        if not part:
            break
        found += [
            recorded for recorded in rooms.ledger.facts(part) if not params.kind or recorded.fact.kind == params.kind
        ]
        before = part[-1]
    return found[: params.limit]


def _kind(text: str) -> Kind:
    if text not in set(Kind):
        raise refuse("bad_kind", f"{shown(text)} is no kind of fact.", where="kind", fix=f"Use {', '.join(Kind)}.")
    return Kind(text)
