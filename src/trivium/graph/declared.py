"""What each declaration states, readable in the transaction that states it, and the command that declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, text

from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.instants import Instant, now
from trivium.facts.kinds import DECLARED, Kind
from trivium.facts.period import parse_period
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.facts.statements import (
    Declared,
    Predicted,
    Rule,
    VersionRegistered,
    VersionUsed,
    Withdrawn,
    decode_statement,
    encode_statement,
    identity_of,
)
from trivium.graph.words import RESOURCE, keys_in
from trivium.intake.declaration.names import SOURCE
from trivium.intake.declaration.reader import Change, difference, plan_of

metadata = MetaData()
table = Table(
    "declared_statements",
    metadata,
    Column("declaration", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("statement", Text, comment="JSON; none once withdrawn"),
    Column("sequence", BigInteger, nullable=False, comment="the last fact about it"),
    sqlite_with_rowid=False,
)
_PUT = text(
    "INSERT INTO declared_statements (declaration, identity, statement, sequence)"
    " VALUES (:declaration, :identity, :statement, :sequence) ON CONFLICT (declaration, identity) DO UPDATE SET"
    " statement = excluded.statement, sequence = excluded.sequence"
)
_STATED = text(
    "SELECT identity, statement, sequence FROM declared_statements WHERE declaration = :name ORDER BY sequence"
)
_ALL = text(
    "SELECT declaration, count(statement), max(sequence) FROM declared_statements"
    " GROUP BY declaration ORDER BY declaration"
)


class DeclaredFold:
    """Declared facts → what each declaration states, folded inside the append so that the next command sees it."""

    name = "declared"
    version = 1
    kinds = DECLARED
    inside = True

    def create(self, connection: Connection) -> None:
        """Make the table where it is missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the table."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Enter the statements of declarations; those of other sources (a model registry) are theirs to change."""
        rows = [_row(recorded) for recorded in facts if recorded.fact.source.startswith(SOURCE)]
        if rows:
            connection.execute(_PUT, rows)


class DeclarationSummary(msgspec.Struct, frozen=True):
    """A declaration: its name, how many statements of it hold, and the last fact that changed it."""

    name: str
    statements: int
    sequence: int


class Declare:
    """States exactly `statements` under a declaration's name: what it said before and now does not is withdrawn.

    What stands as it is makes no fact, so that declaring a file again appends nothing. With a `plan` (`plan_of`) it
    changes exactly what that says, or refuses (409 `plan_overtaken`). `changes` is what it decided last.
    """

    def __init__(
        self, name: str, statements: Iterable[Declared], actor: str = "", at: Instant | None = None, plan: str = ""
    ) -> None:
        self.changes: Sequence[Change] = ()
        self._name = name
        self._plan = plan
        self._statements = tuple(statements)
        self._actor = actor
        self._at = now() if at is None else at

    def decide(self, connection: Connection) -> Sequence[Fact]:
        """Give one fact for each change."""
        last = {identity: sequence for identity, _, sequence in connection.execute(_STATED, {"name": self._name})}
        self.changes = difference(declared_in(connection, self._name), self._statements)
        if self._plan and self._plan != plan_of(self._name, self.changes):
            raise _overtaken(self._name, self._plan)
        return [self._fact(change, last.get(change.identity, 0)) for change in self.changes]

    def _fact(self, change: Change, last: int) -> Fact:
        """Write a change as a fact; its key names what it replaces, so that the same change can come again later."""
        statement = change.after or _withdrawal(change)
        body = encode_statement(statement)
        return Fact(
            kind=Kind(str(statement.__struct_config__.tag)),
            subject=_subject(change.after or change.before),
            happened_at=_happened_at(statement) or self._at,
            source=SOURCE + self._name,
            key=sha256(b"%d\n%b\n%b" % (last, change.identity.encode(), body)).hexdigest(),
            body=body,
            actor=self._actor,
        )


def declared_in(connection: Connection, name: str) -> list[Declared]:
    """List what a declaration states, in the order in which it was stated."""
    found = connection.execute(_STATED, {"name": name})
    return [decode_statement(statement.encode()) for _, statement, _ in found if statement is not None]


def declarations(connection: Connection) -> list[DeclarationSummary]:
    """List all declarations by name, also those that state nothing any more."""
    return [DeclarationSummary(*row) for row in connection.execute(_ALL)]


def _row(recorded: RecordedFact) -> dict[str, str | int | None]:
    statement = decode_statement(recorded.fact.body)
    return {
        "declaration": recorded.fact.source.removeprefix(SOURCE),
        "identity": identity_of(statement),
        "statement": None if isinstance(statement, Withdrawn) else recorded.fact.body.decode(),
        "sequence": recorded.sequence,
    }


def _overtaken(name: str, plan: str) -> ProblemError:
    title = f"The plan {shown(plan)} is no longer what declaring {shown(name)} would change."
    fix = "Look at the difference again, and apply that."
    return refuse("plan_overtaken", title, status=409, where="plan", fix=fix)


def _withdrawal(change: Change) -> Withdrawn:
    assert change.before is not None
    return Withdrawn(str(change.before.__struct_config__.tag), change.identity)


def _subject(statement: Declared | None) -> str:
    """Name the asset that a statement is about; a rule is about what it charges, the account `shared` is no asset."""
    assert statement is not None
    keys = list(keys_in(statement))
    if keys or not isinstance(statement, Rule):
        return keys[0]
    resource = statement.match.get("ResourceId", "")
    return RESOURCE + resource if resource else ""


def _happened_at(statement: Declared) -> Instant:
    """Give the instant that a statement claims, 0 when it claims none."""
    if isinstance(statement, VersionRegistered):
        return statement.at
    if isinstance(statement, VersionUsed):
        return statement.since
    return parse_period(statement.month).start if isinstance(statement, Predicted) else 0
