"""How many facts of each kind each source has sent, and when last: a projection that the ledger itself keeps."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, bindparam, select, update

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind

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

_INSERT = tallies.insert()
_UPDATE = (
    update(tallies)
    .where(tallies.c.source == bindparam("of_source"), tallies.c.kind == bindparam("of_kind"))
    .values(
        facts=tallies.c.facts + bindparam("more"),
        last_sequence=bindparam("sequence"),
        last_recorded_at=bindparam("recorded_at"),
    )
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
        for (source, kind), (count, last) in counted.items():
            _add(connection, source, kind, count, last)


def _add(connection: Connection, source: str, kind: str, count: int, last: RecordedFact) -> None:
    """Add to a pair's row, or make it."""
    values = {"of_source": source, "of_kind": kind, "more": count}
    changed = connection.execute(_UPDATE, values | {"sequence": last.sequence, "recorded_at": last.recorded_at})
    if changed.rowcount == 0:
        row = {"source": source, "kind": kind, "facts": count}
        connection.execute(_INSERT, row | {"last_sequence": last.sequence, "last_recorded_at": last.recorded_at})


def last_sequences(connection: Connection) -> dict[str, int]:
    """Give the newest sequence of each kind."""
    newest: dict[str, int] = {}
    for kind, sequence in connection.execute(select(tallies.c.kind, tallies.c.last_sequence)):
        newest[kind] = max(newest.get(kind, 0), sequence)
    return newest
