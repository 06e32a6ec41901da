"""The fold that makes the graph out of everything that carries cost."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import DECLARED, TRACED, Kind
from trivium.facts.statements import Reader
from trivium.graph.batch import Batch
from trivium.graph.store import store
from trivium.graph.tables import metadata


class GraphFold:
    """Facts → the tables of the graph. `reader` says what a fact means, whatever its kind.

    Observations may come in any order, more than once and in batches of any size: apart from numbers of names and
    sequences the tables are the same. Declared statements count in the order of their sequence.
    """

    name = "graph"
    version = 5
    kinds = DECLARED | TRACED | {Kind.LINEAGE_EVENT, Kind.SPANS_RECEIVED, Kind.PREDICTIONS_RECEIVED}
    inside = False

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def create(self, connection: Connection) -> None:
        """Make the tables where they are missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the tables."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Fold facts, in order of sequence, into the tables."""
        batch = Batch()
        for recorded in facts:
            batch.begin(recorded)
            for statement in self._reader(recorded):
                batch.take(statement)
        if facts:
            store(connection, batch, facts[-1].sequence)
