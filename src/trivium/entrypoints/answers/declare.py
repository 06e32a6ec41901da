"""What would a declaration change, and what did it change?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.fact import Receipt
from trivium.facts.statements import Declared, encode_statement
from trivium.graph.declared import Declare
from trivium.intake.declaration.reader import Change, Declaration, plan_of, read_declaration
from trivium.ledger.answers import Once


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be asked."""

    toml: Annotated[str, Meta(description="The declaration, TOML.")]
    name: Annotated[str, Meta(description="Its name, unless the text begins with one: the file's stem.")] = ""
    file: Annotated[str, Meta(description="The file's name, for messages.", max_length=255)] = "declaration"
    dry_run: Annotated[bool, Meta(description="Only show the difference.")] = False
    plan: Annotated[
        str, Meta(description="Apply only this plan, as a dry run gave it; refused when the state has changed since.")
    ] = ""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that is added, changed or withdrawn."""

    action: Annotated[str, Meta(description="`add`, `change` or `withdraw`.")]
    identity: Annotated[str, Meta(description="What the statement is about: its kind and the fields that identify it.")]
    before: Annotated[dict[str, Any] | None, Meta(description="The statement as it holds; null when it is added.")]
    after: Annotated[dict[str, Any] | None, Meta(description="The statement as wanted; null when it is withdrawn.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The difference between what holds and what the declaration wants, and whether it was applied."""

    name: Annotated[str, Meta(description="The declaration's name: what it stated before and now does not, ends.")]
    statements: Annotated[int, Meta(description="How many statements the declaration makes.")]
    changes: Annotated[tuple[Difference, ...], Meta(description="What is added, changed and withdrawn.")]
    applied: Annotated[bool, Meta(description="Whether the changes hold now.")]
    sequences: Annotated[tuple[int, ...], Meta(description="The facts that were written.")]
    plan: Annotated[str, Meta(description="Names these changes: sent back as `plan`, nothing else is applied.")]


def ask(rooms: Rooms, params: Params, request: Once | None = None) -> Answer:
    """Show the difference, and apply it unless it is a dry run; a `request` with a key is carried out once."""
    declaration = read(params)
    command = Declare(declaration.name, declaration.statements, plan=params.plan)
    if params.dry_run:
        with rooms.ledger.reading() as connection:
            command.decide(connection)
        return _answer(declaration, command.changes, (), applied=False)

    def answer(receipts: Sequence[Receipt]) -> Answer:
        return _answer(declaration, command.changes, [receipt.sequence for receipt in receipts], applied=True)

    if request is None:
        return answer(rooms.ledger.execute(command))
    return answer(rooms.ledger.execute_once(command, request, lambda receipts: msgspec.json.encode(answer(receipts))))


def read(params: Params) -> Declaration:
    """Read the declaration, or refuse it with file and line."""
    return read_declaration(params.toml.encode("utf-8", "surrogatepass"), params.name or "declaration", params.file)


def _answer(declaration: Declaration, changes: Sequence[Change], sequences: Sequence[int], *, applied: bool) -> Answer:
    return Answer(
        name=declaration.name,
        statements=len(declaration.statements),
        changes=tuple(
            Difference(
                action=str(change.action),
                identity=change.identity,
                before=_plain(change.before),
                after=_plain(change.after),
            )
            for change in changes
        ),
        applied=applied,
        sequences=tuple(sequences),
        plan=plan_of(declaration.name, changes),
    )


def _plain(statement: Declared | None) -> dict[str, Any] | None:
    if statement is None:
        return None
    found: dict[str, Any] = msgspec.json.decode(encode_statement(statement))
    return found
