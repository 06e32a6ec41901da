"""Which bills were imported?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import Known, Limit, When, words
from trivium.facts.deliveries import decode_delivery
from trivium.facts.instants import format_instant
from trivium.facts.kinds import Kind
from trivium.facts.period import month_of


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    limit: Limit = 100
    known: Known = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One import command."""

    sequence: Annotated[int, Meta(description="Its fact.")]
    recorded_at: When
    files: Annotated[tuple[str, ...], Meta(description="The names of its files.")]
    periods: Annotated[tuple[str, ...], Meta(description="The billing periods of its rows.")]
    rows: Annotated[int, Meta(description="The rows of its files.")]
    imported: Annotated[int, Meta(description="The rows that were entered.")]
    refused: Annotated[int, Meta(description="The rows that were left out.")]
    repaired: Annotated[int, Meta(description="The rows in which anything was put right.")]
    added: Annotated[bool, Meta(description="Whether its rows were added instead of replacing earlier ones.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The imports, the newest first."""

    imports: Annotated[
        tuple[Delivery, ...],
        Meta(
            description="The imports, the newest first.",
            extra=words(absent="none yet: `trivium import focus FILE` brings a bill in"),
        ),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List imports."""
    found = []
    state = rooms.bookkeeping.state(known=params.known)
    before = 0 if state.known is None else state.known + 1
    for recorded in rooms.ledger.read(before, params.limit, {Kind.CHARGES_IMPORTED}, newest_first=True):
        delivery = decode_delivery(recorded.fact.body)
        found.append(
            Delivery(
                sequence=recorded.sequence,
                recorded_at=format_instant(recorded.recorded_at),
                files=tuple(source.name for source in delivery.sources),
                periods=tuple(sorted({str(month_of(batch.period)) for batch in delivery.batches})),
                rows=sum(source.rows for source in delivery.sources),
                imported=sum(batch.rows for batch in delivery.batches),
                refused=sum(source.refused for source in delivery.sources),
                repaired=sum(source.repaired for source in delivery.sources),
                added=delivery.add,
            )
        )
    return Answer(imports=tuple(found))
