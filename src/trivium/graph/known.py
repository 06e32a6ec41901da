"""The graph as it was known at an earlier sequence: the same fold over fewer facts, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from trivium.facts.fact import RecordedFact
from trivium.facts.statements import Reader
from trivium.graph.fold import GraphFold

_AT_ONCE: Final = 5_000


def as_known(facts: Iterable[RecordedFact], reader: Reader) -> Connection:
    """Fold facts, in order of sequence, into a graph in memory, and give its connection; closing it frees it.

    Give the facts up to and including the sequence that is asked for; kinds that the graph does not fold are skipped.
    """
    connection = create_engine("sqlite://", poolclass=StaticPool).connect()
    fold = GraphFold(reader)
    fold.create(connection)
    wanted = (fact for fact in facts if fact.fact.kind in fold.kinds)
    while batch := list(islice(wanted, _AT_ONCE)):
        fold.apply(connection, batch)
    return connection
