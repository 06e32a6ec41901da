"""What the ledger needs of a database: the port that each engine fills in (`sqlite.py`; others can follow).

One suite, `tests/conformance/test_storage.py`, holds for every engine. The ledger's writer thread is the only caller
of the writing half; readers may call from any thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from trivium.facts.fact import RecordedFact


class HeadRow(msgspec.Struct, frozen=True):
    """The head as it is stored. `frontier` holds the tree's peaks, 32 bytes each (`merkle.Frontier`)."""

    home_id: str
    sequence: int
    recorded_at: int
    root: bytes
    frontier: bytes


class NewFact(msgspec.Struct, frozen=True):
    """A fact that is about to be inserted, with its leaf hash."""

    recorded: RecordedFact
    leaf: bytes


class Storage(Protocol):
    """A database that holds facts durably: what a commit has returned for survives a power cut."""

    name: str

    def migrate(self, home_id: str) -> None:
        """Bring the tables to the newest form; a new database gets a head with this home id.

        Refuses, with ProblemError, a database that a newer version has made.
        """
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """Open the one write transaction; it commits, synced, at the end, or rolls back on an exception."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a consistent snapshot that cannot write."""
        ...

    def head(self, connection: Connection) -> HeadRow:
        """Read the head; inside `writing` it stays as read until the commit."""
        ...

    def put_head(self, connection: Connection, head: HeadRow) -> None:
        """Replace the head."""
        ...

    def known(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], RecordedFact]:
        """Find the facts that have one of these (source, key) pairs."""
        ...

    def insert(self, connection: Connection, new: Sequence[NewFact]) -> None:
        """Insert facts whose sequences and (source, key) pairs are new."""
        ...

    def trouble(self, error: BaseException) -> str:
        """Say in a sentence why the storage cannot write now, if that is what the error means; else nothing."""
        ...

    def recover(self) -> None:
        """Make the writing half usable again after trouble."""
        ...

    def copy(self, file: Path) -> None:
        """Write a consistent copy of the whole database into a new file, while others read and write."""
        ...

    def close(self) -> None:
        """Release everything; the writer's own connection last, so that it leaves the files tidy."""
        ...
