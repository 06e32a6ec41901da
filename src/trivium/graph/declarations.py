"""What people declare, as it stands now in the graph's own table: one statement for each identity, the latest one."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.instants import Instant
from trivium.facts.statements import Declared, VersionRegistered, decode_statement
from trivium.graph.kept import kept

Said = TypeVar("Said")
_LATEST = text(
    "SELECT identity, statement, recorded_at, sequence FROM graph_declared"
    " WHERE statement IS NOT NULL ORDER BY sequence"
)


def all_declared(connection: Connection) -> list[tuple[Declared, int]]:
    """List what is declared and not withdrawn, each with the sequence of its fact, in order of sequence.

    Where several sources declare the same, the latest counts; when that is withdrawn, the one before counts again.
    A version without a claimed time is registered when its fact was recorded. The list is shared: do not change it.
    """
    return kept(connection, "declared", ("declared",), _read)


def _read(connection: Connection) -> list[tuple[Declared, int]]:
    latest = {row.identity: row for row in connection.execute(_LATEST)}
    rows = sorted(latest.values(), key=lambda row: row.sequence)
    return [(_dated(decode_statement(row.statement.encode()), row.recorded_at), row.sequence) for row in rows]


def claimed_versions(connection: Connection) -> set[str]:
    """Give the versions, by key as declared, whose time of registration somebody claimed."""
    said = (decode_statement(row.statement.encode()) for row in connection.execute(_LATEST))
    return {one.version for one in said if isinstance(one, VersionRegistered) and one.at}


def declared_now(connection: Connection, said: type[Said]) -> list[tuple[Said, int]]:
    """List what is declared of one type of statement, in order of sequence."""
    return [(statement, sequence) for statement, sequence in all_declared(connection) if isinstance(statement, said)]


def _dated(statement: Declared, recorded_at: Instant) -> Declared:
    if isinstance(statement, VersionRegistered) and not statement.at:
        return msgspec.structs.replace(statement, at=recorded_at)
    return statement
