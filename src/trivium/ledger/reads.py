"""Reading the book: facts by sequence, kind and subject, in pages."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select

from trivium.facts.fact import RecordedFact
from trivium.facts.instants import Instant
from trivium.facts.kinds import Kind
from trivium.ledger.rows import facts_of
from trivium.ledger.tables import facts
from trivium.ledger.tallies import tallies

BATCH_BYTES: Final = 32 * 1024 * 1024
_AT_ONCE: Final = 500


class SourceHeard(msgspec.Struct, frozen=True):
    """How many facts a source has sent, and when the last one was recorded."""

    source: str
    facts: int
    recorded_at: Instant


def read_page(
    connection: Connection,
    after: int,
    limit: int,
    kinds: Collection[Kind] | None,
    subject: str | None,
    *,
    newest_first: bool,
) -> list[RecordedFact]:
    """Read at most `limit` facts beyond the sequence `after`: above it, or below it when the newest come first.

    With `newest_first`, `after=0` starts at the newest fact.
    """
    statement = select(facts).limit(limit)
    if newest_first:
        statement = statement.order_by(facts.c.sequence.desc())
        statement = statement.where(facts.c.sequence < after) if after else statement
    else:
        statement = statement.order_by(facts.c.sequence).where(facts.c.sequence > after)
    if subject is not None:
        statement = statement.where(facts.c.subject == subject)
    if kinds is None:
        return facts_of(connection.execute(statement))
    pages = [facts_of(connection.execute(statement.where(facts.c.kind == str(kind)))) for kind in sorted(kinds)]
    merged = heapq.merge(*pages, key=lambda one: one.sequence, reverse=newest_first)
    return [one for one, _ in zip(merged, range(limit), strict=False)]


def read_these(connection: Connection, sequences: Sequence[int]) -> dict[int, RecordedFact]:
    """Read the facts of some sequences, by sequence."""
    found: dict[int, RecordedFact] = {}
    for start in range(0, len(sequences), _AT_ONCE):
        part = sequences[start : start + _AT_ONCE]
        for one in facts_of(connection.execute(select(facts).where(facts.c.sequence.in_(part)))):
            found[one.sequence] = one
    return found


def read_batch(
    connection: Connection, kinds: Iterable[str], after: int, to: int, limit: int
) -> tuple[list[RecordedFact], int]:
    """Read the next facts of these kinds with `after` < sequence ≤ `to`, in order, and say how far that reaches.

    At most `limit` facts and about 32 MB of bodies, but at least one fact. Each kind is read through its index, so
    rare kinds cost nothing in a long ledger.
    """
    wanted = sorted(kinds)
    reach = _reach(connection, wanted, after, to, limit)
    pages: list[list[RecordedFact]] = []
    for kind in wanted:
        statement = select(facts).where(facts.c.kind == kind, facts.c.sequence > after, facts.c.sequence <= reach)
        pages.append(facts_of(connection.execute(statement.order_by(facts.c.sequence))))
    assert len(pages) == len(wanted), "each kind is read once"
    return list(heapq.merge(*pages, key=lambda one: one.sequence)), reach


def _reach(connection: Connection, kinds: Sequence[str], after: int, to: int, limit: int) -> int:
    """Find the sequence up to which a batch goes."""
    marks: list[Iterable[tuple[int, int]]] = []
    for kind in kinds:
        statement = select(facts.c.sequence, func.length(facts.c.body))
        statement = statement.where(facts.c.kind == kind, facts.c.sequence > after, facts.c.sequence <= to)
        rows = connection.execute(statement.order_by(facts.c.sequence).limit(limit + 1))
        marks.append([(sequence, size) for sequence, size in rows])
    count = total = 0
    reach = after
    for sequence, size in heapq.merge(*marks):
        count, total = count + 1, total + size
        if count > 1 and (count > limit or total > BATCH_BYTES):
            return reach
        reach = sequence
    return to


def counts_by_kind(connection: Connection) -> dict[str, int]:
    """Count facts by kind."""
    statement = select(tallies.c.kind, func.sum(tallies.c.facts)).group_by(tallies.c.kind).order_by(tallies.c.kind)
    return {kind: int(count) for kind, count in connection.execute(statement)}


def sources_heard(connection: Connection) -> list[SourceHeard]:
    """List every source with its count and the instant of its last fact, by name."""
    statement = select(tallies.c.source, func.sum(tallies.c.facts), func.max(tallies.c.last_recorded_at))
    statement = statement.group_by(tallies.c.source).order_by(tallies.c.source)
    return [SourceHeard(source, int(count), last) for source, count, last in connection.execute(statement)]


def oldest_beyond(connection: Connection, kinds: Iterable[str], after: int) -> Instant | None:
    """Give the recording time of the first fact of these kinds above the sequence `after`."""
    firsts = []
    for kind in kinds:
        statement = select(facts.c.sequence, facts.c.recorded_at)
        statement = statement.where(facts.c.kind == kind, facts.c.sequence > after)
        row = connection.execute(statement.order_by(facts.c.sequence).limit(1)).first()
        if row is not None:
            firsts.append((row.sequence, row.recorded_at))
    return min(firsts)[1] if firsts else None


def newest_by_kind(connection: Connection) -> dict[str, int]:
    """Give the newest sequence of each kind that has facts."""
    newest = {}
    for kind in Kind:
        sequence = connection.execute(select(func.max(facts.c.sequence)).where(facts.c.kind == str(kind))).scalar()
        if sequence is not None:
            newest[str(kind)] = int(sequence)
    return newest
