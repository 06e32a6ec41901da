"""What sends lineage: the producers that events name, how many each has sent, and when last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, select, text

from trivium.facts.fact import RecordedFact
from trivium.facts.instants import Instant
from trivium.facts.kinds import Kind

metadata = MetaData()
producers = Table(
    "graph_producers",
    metadata,
    Column("producer", Text, primary_key=True, comment="OpenLineage: the URI of the code that made the event"),
    Column("facts", BigInteger, nullable=False),
    Column("last_recorded_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_ADD = text(
    "INSERT INTO graph_producers (producer, facts, last_recorded_at) VALUES (:producer, :facts, :recorded_at)"
    " ON CONFLICT (producer) DO UPDATE SET facts = graph_producers.facts + excluded.facts, last_recorded_at ="
    " max(graph_producers.last_recorded_at, excluded.last_recorded_at)"
)
_LONGEST = 512


Producer = Callable[[RecordedFact], str]
"""Who made a lineage event, as its reader says; empty where it names nobody. Bootstrap hands it in."""


class ProducerHeard(msgspec.Struct, frozen=True):
    """How many events a producer has sent, and when the last one was recorded."""

    producer: str
    facts: int
    recorded_at: Instant


class ProducersFold:
    """Lineage events → who made them."""

    name = "producers"
    version = 1
    kinds = frozenset({Kind.LINEAGE_EVENT})
    inside = False

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def create(self, connection: Connection) -> None:
        """Make the table where it is missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the table."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Count events by their producer; an event that names none counts for none."""
        counted: dict[str, tuple[int, Instant]] = {}
        for recorded in facts:
            producer = self._producer(recorded)[:_LONGEST]
            count, last = counted.get(producer, (0, recorded.recorded_at))
            counted[producer] = (count + 1, max(last, recorded.recorded_at))
        rows = [
            {"producer": producer, "facts": count, "recorded_at": last}
            for producer, (count, last) in counted.items()
            if producer
        ]
        if rows:
            connection.execute(_ADD, rows)


def producers_heard(connection: Connection) -> list[ProducerHeard]:
    """List the producers, by name."""
    query = select(producers.c.producer, producers.c.facts, producers.c.last_recorded_at)
    return [ProducerHeard(*row) for row in connection.execute(query.order_by(producers.c.producer))]
