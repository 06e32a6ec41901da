"""What rooms above hand to the ledger: folds (facts become projections) and commands (read, decide, state)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.kinds import Kind

Connection = Any
"""An SQLAlchemy Connection inside the ledger's transaction; this floor does not import SQLAlchemy."""


class Fold(Protocol):
    """Turns facts into a projection: tables that can be dropped and made again from the facts, byte for byte.

    `kinds` are the kinds it wants. `inside` says that it is folded in the transaction of the append, for state that
    must be read back at once; other folds pull batches by a cursor. A change of `version` makes the ledger rebuild it.
    """

    name: str
    version: int
    kinds: frozenset[Kind]
    inside: bool

    def create(self, connection: Connection) -> None:
        """Make the fold's tables where they are missing."""
        ...

    def drop(self, connection: Connection) -> None:
        """Remove the fold's tables."""
        ...

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Fold facts, in order of sequence, into the tables. Must give the same tables however facts are batched."""
        ...


class Command(Protocol):
    """Reads state, decides, and gives the facts to append; runs in the writer and writes nothing itself."""

    def decide(self, connection: Connection) -> Sequence[Fact]:
        """Give the facts to append, or raise ProblemError: then only this command is refused. May run again."""
        ...


class Answering(Command, Protocol):
    """A command that reads, in the same transaction, what its facts have made."""

    def answer(self, connection: Connection) -> None:
        """Keep what the caller is told. May run again, and must not touch anything but the command."""
        ...
