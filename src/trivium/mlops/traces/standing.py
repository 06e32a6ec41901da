"""Which spans stand already: by trace and span id, exactly, kept in the transaction of the append."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, text

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import refuse
from trivium.facts.spans import decode_spans
from trivium.ledger.direct import put_many

metadata = MetaData()
standing = Table(
    "mlops_standing_spans",
    metadata,
    Column("trace", LargeBinary, primary_key=True),
    Column("spans", LargeBinary, nullable=False, comment="ids of 8 bytes, in the order in which they came"),
    sqlite_with_rowid=False,
)
_PUT = text(
    "INSERT INTO mlops_standing_spans (trace, spans) VALUES (:trace, :spans)"
    " ON CONFLICT (trace) DO UPDATE SET spans = excluded.spans"
)
_AT_ONCE = 500
_WIDTH = 8


class StandingFold:
    """Facts → the ids of all spans, by trace."""

    name = "standing spans"
    version = 1
    kinds = frozenset({Kind.SPANS_RECEIVED})
    inside = True

    def create(self, connection: Connection) -> None:
        """Make the table where it is missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the table."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Enter the spans of each fact; one of them that stands refuses the fact (503): another came in between."""
        for recorded in facts:
            new = {
                bytes.fromhex(one.trace): bytes.fromhex(one.spans) for one in decode_spans(recorded.fact.body).traces
            }
            known = read_blobs(connection, new)
            for trace, spans in known.items():
                if split(spans) & split(new[trace]):
                    title = f"Spans of the trace {trace.hex()} came in twice at the same time."
                    fix = "Send them again."
                    raise refuse("spans_overtaken", title, status=503, where="$", fix=fix, retry_after_s=1)
            put_many(connection, _PUT, ({"trace": trace, "spans": known.get(trace, b"") + new[trace]} for trace in new))


def standing_spans(connection: Connection, traces: Iterable[str]) -> dict[str, set[bytes]]:
    """Give the ids of the spans that stand, for those of some traces that are known."""
    found = read_blobs(connection, map(bytes.fromhex, traces))
    return {trace.hex(): split(spans) for trace, spans in found.items()}


def read_blobs(connection: Connection, traces: Iterable[bytes]) -> dict[bytes, bytes]:
    """Read the ids of the spans of each known trace, one after the other."""
    asked = list(traces)
    found: dict[bytes, bytes] = {}
    for first in range(0, len(asked), _AT_ONCE):
        part = asked[first : first + _AT_ONCE]
        query = standing.select().where(standing.c.trace.in_(part))
        found.update((bytes(trace), bytes(spans)) for trace, spans in connection.execute(query))
    return found


def split(spans: bytes) -> set[bytes]:
    """Cut joined ids."""
    assert len(spans) % _WIDTH == 0, "ids are whole"
    return {spans[at : at + _WIDTH] for at in range(0, len(spans), _WIDTH)}
