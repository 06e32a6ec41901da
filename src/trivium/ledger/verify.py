"""Whether a home's facts are the ones that were recorded: the offline verifier.

It uses the standard library only and shares no code with the rest of Trivium, so that one mistake cannot both write
and approve. The bytes that are hashed are described in docs/reference/ledger-format.md; the tree is RFC 6962's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

PROBLEMS_MAX = 100
"""How many problems are listed; the count of the rest is the last sentence."""

_FACTS = (
    "SELECT sequence, recorded_at, happened_at, kind, subject, actor, source, key, leaf, body FROM facts"
    " ORDER BY sequence"
)
_TYPES = (int, int, int, str, str, str, str, str, bytes, bytes)
_ALWAYS = (
    "That a fact was never handed to the ledger.",
    "What stands outside the facts: projections (`trivium ledger rebuild` compares them), files of the lake, blobs.",
)
_WITHOUT = (
    "That facts were cut off at the end, together with the head.",
    "That the whole history was replaced by another one that is consistent in itself, or by an older copy.",
)


@dataclass(frozen=True)
class Verification:
    """The answer: `ok` when no problem was found; `not_excluded` says what this check cannot exclude.

    `sequence` is the number of facts read, `root` the Merkle root over them, in hexadecimal.
    """

    ok: bool
    home_id: str
    sequence: int
    root: str
    recorded_at: int
    problems: tuple[str, ...]
    not_excluded: tuple[str, ...]


class Tree:
    """The roots of complete subtrees, largest first, as (leaves, hash)."""

    def __init__(self) -> None:
        self.subtrees: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        count, value = 1, leaf
        while self.subtrees and self.subtrees[-1][0] == count:
            left = self.subtrees.pop()[1]
            count, value = 2 * count, sha256(b"\x01" + left + value).digest()
        self.subtrees.append((count, value))

    def root(self) -> bytes:
        """Join the subtrees from the right."""
        if not self.subtrees:
            return sha256(b"").digest()
        value = self.subtrees[-1][1]
        for _, left in reversed(self.subtrees[:-1]):
            value = sha256(b"\x01" + left + value).digest()
        return value


def verify(home: Path, checkpoint: Path | None = None) -> Verification:
    """Read every fact of a home and hash it again; with a checkpoint file also find truncation and replaced history.

    Never writes a fact, needs no server, and keeps none from starting: if one starts to write meanwhile, everything is
    read once more beside it. The home may be a copy, with its write-ahead log or without, and may be read-only. Raises
    FileNotFoundError when there is no ledger, ValueError when the checkpoint cannot be read.
    """
    claimed = _read_checkpoint(checkpoint) if checkpoint else None
    while True:
        before, held = _state(home), _is_held(home)
        check = _Check(claimed)
        with reading(home, keep=False) as connection:
            try:
                check.head(connection)
                check.facts(connection)
                check.file(connection)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the second: SQLite quotes damaged text
                check.note(f"The file cannot be read beyond fact {check.count}: {error}.")
        if held or _state(home) == before:
            return check.verification()


def leaf_of(row: tuple[Any, ...]) -> bytes:
    """Hash the leaf of a fact's row: sequence, recorded_at, happened_at, the five texts, …, body."""
    sequence, recorded_at, happened_at, *texts, _, body = row
    encoded = [text.encode() for text in texts]
    content = b"trivium fact v1\x00" + b"".join(number.to_bytes(8, "big") for number in (sequence,))
    content += b"".join(number.to_bytes(8, "big", signed=True) for number in (recorded_at, happened_at))
    content += b"".join(len(text).to_bytes(4, "big") + text for text in encoded)
    content += len(body).to_bytes(8, "big") + sha256(body).digest()
    return sha256(b"\x00" + content).digest()


class _Check:
    """One pass over a ledger: what was found so far."""

    def __init__(self, checkpoint: dict[str, Any] | None) -> None:
        self.count = 0
        self._checkpoint = checkpoint
        self._tree = Tree()
        self._then: bytes | None = self._tree.root() if checkpoint and checkpoint["sequence"] == 0 else None
        self._problems: list[str] = []
        self._more = 0
        self._head: tuple[Any, ...] = ("", 0, 0, b"", b"")

    def note(self, problem: str) -> None:
        """Add a problem to the answer."""
        if len(self._problems) < PROBLEMS_MAX:
            self._problems.append(problem)
        else:
            self._more += 1

    def head(self, connection: sqlite3.Connection) -> None:
        """Read the head: one row, with the right types."""
        rows = connection.execute("SELECT home_id, sequence, recorded_at, root, frontier FROM head").fetchall()
        if len(rows) != 1 or [type(value) for value in rows[0]] != [str, int, int, bytes, bytes]:
            self.note(f"The head is not one well-formed row ({len(rows)} rows).")
        else:
            self._head = rows[0]

    def facts(self, connection: sqlite3.Connection) -> None:
        """Hash every fact, in order, and compare the end with the head."""
        expected, recorded_at = 1, 0
        for row in connection.execute(_FACTS):
            sequence = row[0]
            if sequence != expected:
                self.note(f"Facts {expected} to {sequence - 1} are missing.")
            if tuple(type(value) for value in row) != _TYPES or sequence < 1:
                self.note(f"Fact {sequence} has a value of the wrong type.")
            else:
                self._add(row)
                if row[1] < recorded_at:
                    self.note(f"Fact {sequence} is recorded earlier than the fact before it.")
                recorded_at = row[1]
            self.count, expected = sequence, sequence + 1
        self._compare_head(recorded_at)

    def _add(self, row: tuple[Any, ...]) -> None:
        try:
            leaf = leaf_of(row)
        except (UnicodeEncodeError, OverflowError):
            leaf = b""
        if leaf != row[8]:
            self.note(f"Fact {row[0]} is not what was recorded: its content does not give its leaf hash.")
        self._tree.add(leaf)
        if self._checkpoint and row[0] == self._checkpoint["sequence"]:
            self._then = self._tree.root()

    def _compare_head(self, recorded_at: int) -> None:
        _, sequence, head_recorded_at, root, frontier = self._head
        if self.count != sequence:
            self.note(f"The head says that there are {sequence} facts; the last one is {self.count}.")
        if self._tree.root() != root:
            self.note(f"The facts up to {self.count} do not give the head's Merkle root: some fact is not as recorded.")
        elif b"".join(value for _, value in self._tree.subtrees) != frontier:
            self.note("The head's frontier does not belong to its Merkle root.")
        if recorded_at != head_recorded_at:
            self.note("The head's recording time is not that of the last fact.")

    def file(self, connection: sqlite3.Connection) -> None:
        """Let SQLite check that its indexes agree with the tables: an index can hide a fact from questions."""
        for (line,) in connection.execute(f"PRAGMA integrity_check({PROBLEMS_MAX})"):
            if line != "ok":
                self.note(f"The database file is damaged: {line}.")

    def verification(self) -> Verification:
        """Compare with the checkpoint and give the answer."""
        if self._checkpoint:
            self._compare_checkpoint(self._checkpoint)
        if self._more:
            self._problems.append(f"{self._more} more problems are not listed.")
        not_excluded: tuple[str, ...] = _ALWAYS
        if self._checkpoint is None:
            not_excluded = _WITHOUT + _ALWAYS
        elif self.count > self._checkpoint["sequence"]:
            later = f"That facts after {self._checkpoint['sequence']}, which the checkpoint does not cover,"
            not_excluded = (f"{later} were cut off at the end or replaced.", *_ALWAYS)
        return Verification(
            ok=not self._problems,
            home_id=str(self._head[0]),
            sequence=self.count,
            root=self._tree.root().hex(),
            recorded_at=self._head[2],
            problems=tuple(self._problems),
            not_excluded=not_excluded,
        )

    def _compare_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        sequence = checkpoint["sequence"]
        if checkpoint["home_id"] != self._head[0]:
            self.note(f"The checkpoint is of home {checkpoint['home_id']}, this is home {self._head[0]}.")
        if self.count < sequence:
            self.note(f"Facts {self.count + 1} to {sequence} are cut off: the checkpoint has {sequence} facts.")
        elif self._then is None or self._then.hex() != checkpoint["root"]:
            self.note(f"The history up to fact {sequence} is not the one that the checkpoint was made of.")


@contextlib.contextmanager
def reading(home: Path, *, keep: bool = True) -> Iterator[sqlite3.Connection]:
    """Open a home's ledger so that nothing of it can change, in one consistent snapshot.

    While a server holds the home its snapshot is read beside it. Otherwise, with `keep`, the home is kept from being
    opened meanwhile; without, the caller sees to it that nobody wrote. Where there is a write-ahead log, a copy in a
    temporary folder is read.
    """
    file = home / "ledger.db"
    if not file.is_file():
        raise FileNotFoundError(f"There is no ledger.db in {home}.")
    with contextlib.ExitStack() as stack:
        if _held(home, stack) if keep else _is_held(home):
            yield _snapshot(stack, file, "mode=ro")
        elif not _has_log(file):
            yield _snapshot(stack, file, "mode=ro&immutable=1")
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            for name in ("ledger.db", "ledger.db-wal"):
                shutil.copyfile(home / name, folder / name)
            yield _snapshot(stack, folder / "ledger.db", "mode=rw")


def _held(home: Path, stack: contextlib.ExitStack) -> bool:
    """Say whether a process holds the home; if none does, keep it so until the stack is left."""
    try:
        lock = stack.enter_context((home / "ledger.lock").open("rb"))
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _is_held(home: Path) -> bool:
    """Say whether a process holds the home now."""
    with contextlib.ExitStack() as stack:
        return _held(home, stack)


def _state(home: Path) -> list[tuple[int, int, int] | None]:
    """Tell whether anybody wrote: the identity, size and time of the ledger's file and of its log."""
    found: list[tuple[int, int, int] | None] = []
    for name in ("ledger.db", "ledger.db-wal"):
        try:
            stat = (home / name).stat()
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return found


def _has_log(file: Path) -> bool:
    log = file.with_name("ledger.db-wal")
    return log.exists() and log.stat().st_size > 0


def _snapshot(stack: contextlib.ExitStack, file: Path, options: str) -> sqlite3.Connection:
    address = f"file:{quote(str(file.absolute()))}?{options}"
    connection = stack.enter_context(contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)))
    connection.text_factory = _text
    connection.execute("PRAGMA query_only = 1")
    connection.execute("BEGIN")
    return connection


def _text(value: bytes) -> str | bytes:
    """Read text; bytes that are no UTF-8 stay bytes, which is then the wrong type."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _read_checkpoint(file: Path) -> dict[str, Any]:
    """Read a checkpoint file: home_id, sequence, root."""
    try:
        found = json.loads(file.read_text())
    except ValueError:
        found = None
    types = {"home_id": str, "sequence": int, "root": str}
    if not isinstance(found, dict) or any(type(found.get(name)) is not kind for name, kind in types.items()):
        raise ValueError(f"{file} is no checkpoint: it needs home_id, sequence and root.")
    return found
