"""What is declared, and by which declaration?"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import Known, words
from trivium.facts.statements import encode_statement
from trivium.graph.declarations import all_declared
from trivium.graph.declared import declarations
from trivium.graph.kept import kept


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    known: Known = None


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """One declaration."""

    name: Annotated[str, Meta(description="Its name.")]
    statements: Annotated[int, Meta(description="How many of its statements hold.")]
    sequence: Annotated[int, Meta(description="The last fact that changed it.")]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that holds."""

    kind: Annotated[str, Meta(description="What it states, as `asset.owned`.")]
    says: Annotated[dict[str, Any], Meta(description="Its fields.")]
    sequence: Annotated[int, Meta(description="The fact that states it.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that is declared: now, or as it was recorded up to a sequence."""

    declarations: Annotated[
        tuple[Declaration, ...],
        Meta(
            description="The declarations, by name.",
            extra=words(absent="none yet: `trivium declare FILE.toml` makes one"),
        ),
    ]
    statements: Annotated[tuple[Statement, ...], Meta(description="The statements that hold, by kind and sequence.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List all that is declared."""
    keeping = rooms.bookkeeping
    with keeping.graph(keeping.state(known=params.known)) as connection:
        names = declarations(connection)
        said = kept(connection, "statements", ("declared",), _statements)
    return Answer(
        declarations=tuple(
            Declaration(name=one.name, statements=one.statements, sequence=one.sequence) for one in names
        ),
        statements=said,
    )


def _statements(connection: Connection) -> tuple[Statement, ...]:
    found = []
    for statement, sequence in all_declared(connection):
        fields: dict[str, Any] = msgspec.json.decode(encode_statement(statement))
        found.append(Statement(kind=fields.pop("type"), says=fields, sequence=sequence))
    return tuple(sorted(found, key=lambda one: (one.kind, one.sequence)))
