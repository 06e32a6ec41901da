"""How many facts of each kind each source has sent, and when last: a projection that the ledger itself keeps."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, text

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.ledger.direct import put_many

_COUNT = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

tallies = Table(
    "tallies",
    metadata,
    Column("source", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("facts", _COUNT, nullable=False),
    Column("last_sequence", _COUNT, nullable=False),
    Column("last_recorded_at", _COUNT, nullable=False),
    sqlite_strict=True,
)

_ADD = text(
    "INSERT INTO tallies (source, kind, facts, last_sequence, last_recorded_at)"
    " VALUES (:source, :kind, :facts, :sequence, :recorded_at)"
    " ON CONFLICT (source, kind) DO UPDATE SET facts = tallies.facts + excluded.facts,"
    " last_sequence = excluded.last_sequence, last_recorded_at = excluded.last_recorded_at"
)


class Tallies:
    """The fold of the table `tallies`."""

    name: str = "tallies"
    version: int = 1
    kinds: frozenset[Kind] = frozenset(Kind)
    inside: bool = True

    def create(self, connection: Connection) -> None:
        """Make the table where it is missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the table."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Count facts by source and kind."""
        counted: dict[tuple[str, str], tuple[int, RecordedFact]] = {}
        for recorded in facts:
            pair = (recorded.fact.source, str(recorded.fact.kind))
            counted[pair] = (counted.get(pair, (0, recorded))[0] + 1, recorded)
        rows = [
            {"source": source, "kind": kind, "facts": count, "sequence": last.sequence, "recorded_at": last.recorded_at}
            for (source, kind), (count, last) in counted.items()
        ]
        put_many(connection, _ADD, rows)
