"""What people declare, as it stands now in the graph's own table: one statement for each identity, the latest one."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Connection, text

from trivium.facts.statements import Declared, decode_statement

Said = TypeVar("Said")
_LATEST = text("SELECT identity, statement, sequence FROM graph_declared WHERE statement IS NOT NULL ORDER BY sequence")


def all_declared(connection: Connection) -> list[tuple[Declared, int]]:
    """List what is declared and not withdrawn, each with the sequence of its fact, in order of sequence.

    Where several sources declare the same, the latest counts; when that is withdrawn, the one before counts again.
    """
    latest = {identity: (statement, sequence) for identity, statement, sequence in connection.execute(_LATEST)}
    found = [(decode_statement(statement.encode()), sequence) for statement, sequence in latest.values()]
    return sorted(found, key=lambda pair: pair[1])


def declared_now(connection: Connection, said: type[Said]) -> list[tuple[Said, int]]:
    """List what is declared of one type of statement, in order of sequence."""
    return [(statement, sequence) for statement, sequence in all_declared(connection) if isinstance(statement, said)]
