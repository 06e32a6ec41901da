"""The ledger in one SQLite file: write-ahead log, every commit synced, one writer that alone checkpoints.

Only the standard library's sqlite3 opens the file. SQLite 3.7.0 to 3.51.2 can corrupt a write-ahead log when two
connections checkpoint at once: readers are read-only and never do.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.pool import NullPool, QueuePool

from trivium.facts.fact import RecordedFact
from trivium.ledger import tables
from trivium.ledger.merkle import EMPTY_ROOT
from trivium.ledger.migrate import upgrade
from trivium.ledger.rows import fact_of
from trivium.ledger.storage import HeadRow, NewFact

CHECKPOINT_PAGES: Final = 20_000
BUSY_SECONDS: Final = 5
STATEMENT_ROWS: Final = 64
"""Rows of one statement at most; every smaller number has a statement of its own, which stays prepared."""
_READERS: Final = 8
_PRIVATE: Final = 0o600
_COLUMNS = ", ".join(tables.FACT_COLUMNS)
_WANTED = "AS wanted CROSS JOIN facts ON source = wanted.column1 AND key = wanted.column2"
"""SQLite scans the whole table for `(source, key) IN (VALUES …)`; a cross join keeps the index in use."""
_HEAD: Final = "SELECT home_id, sequence, recorded_at, root, frontier FROM head"
_PUT_HEAD: Final = "UPDATE head SET home_id = ?, sequence = ?, recorded_at = ?, root = ?, frontier = ?"
_PLACES = "(" + ", ".join("?" * len(tables.FACT_COLUMNS)) + ")"
_TROUBLE: Final = {
    sqlite3.SQLITE_FULL: "The disk is full.",
    sqlite3.SQLITE_IOERR: "The disk gives input/output errors.",
    sqlite3.SQLITE_READONLY: "The ledger's file cannot be written.",
    sqlite3.SQLITE_CANTOPEN: "The ledger's file cannot be opened.",
    sqlite3.SQLITE_BUSY: "Another program holds the ledger's file locked.",
    sqlite3.SQLITE_NOMEM: "The machine is out of memory.",
    sqlite3.SQLITE_CORRUPT: "The ledger's file is damaged.",
    sqlite3.SQLITE_NOTADB: "The ledger's file is no database.",
}


class SQLiteStorage:
    """The adapter: the port `storage.Storage` over one file."""

    name = "sqlite"

    def __init__(self, file: Path) -> None:
        self.file = file
        self._writer: Connection | None = None
        self._writers = _engine(file, "rwc", "BEGIN IMMEDIATE", _prepare_writer, poolclass=NullPool)
        self._readers = _engine(
            file,
            "ro",
            "BEGIN",
            _prepare_reader,
            poolclass=QueuePool,
            pool_size=_READERS,
            max_overflow=8 * _READERS,
            pool_timeout=30,
        )

    def migrate(self, home_id: str) -> None:
        """Upgrade with Alembic in one transaction; a new file gets its head. Only the owner may read the files."""
        _make_private(self.file)
        with self.writing() as connection:
            upgrade(connection)
            statement = text(
                "INSERT OR IGNORE INTO head (id, home_id, sequence, recorded_at, root, frontier)"
                " VALUES (1, :home_id, 0, 0, :root, :frontier)"
            )
            connection.execute(statement, {"home_id": home_id, "root": EMPTY_ROOT, "frontier": b""})

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the one write transaction on the writer's own connection."""
        if self._writer is None:
            self._writer = self._writers.connect()
        assert not self._writer.in_transaction(), "there is one write transaction at a time"
        with self._writer.begin():
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read transaction; its snapshot is taken before it is handed out."""
        with self._readers.connect() as connection, connection.begin():
            _driver(connection).execute("SELECT sequence FROM head").fetchone()
            yield connection

    def head(self, connection: Connection) -> HeadRow:
        """Read the head row."""
        row = _driver(connection).execute(_HEAD).fetchone()
        assert row is not None, "a migrated database has a head"
        return HeadRow(*row)

    def put_head(self, connection: Connection, head: HeadRow) -> None:
        """Replace the head row."""
        values = (head.home_id, head.sequence, head.recorded_at, head.root, head.frontier)
        changed = _driver(connection).execute(_PUT_HEAD, values).rowcount
        assert changed == 1, "there is one head"

    def known(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], RecordedFact]:
        """Look the pairs up in the unique index alone; only those that are there are read from the table."""
        driver, sequences = _driver(connection), []
        for start in range(0, len(keys), STATEMENT_ROWS):
            piece = keys[start : start + STATEMENT_ROWS]
            pairs = ", ".join(["(?, ?)"] * len(piece))
            parameters = [part for pair in piece for part in pair]
            sequences += driver.execute(f"SELECT sequence FROM (VALUES {pairs}) {_WANTED}", parameters).fetchall()
        found: dict[tuple[str, str], RecordedFact] = {}
        for sequence in sequences:
            recorded = fact_of(driver.execute(f"SELECT {_COLUMNS} FROM facts WHERE sequence = ?", sequence).fetchone())
            found[recorded.fact.source, recorded.fact.key] = recorded
        return found

    def insert(self, connection: Connection, new: Sequence[NewFact]) -> None:
        """Insert many rows by few statements: each statement hands the interpreter's lock over once.

        `OR FAIL` spares SQLite a journal of its own per statement; a failure rolls the group back all the same.
        """
        driver = _driver(connection)
        for start in range(0, len(new), STATEMENT_ROWS):
            piece = new[start : start + STATEMENT_ROWS]
            parameters: list[object] = []
            for one in piece:
                parameters += _row(one)
            places = ", ".join([_PLACES] * len(piece))
            written = driver.execute(f"INSERT OR FAIL INTO facts ({_COLUMNS}) VALUES {places}", parameters).rowcount
            assert written == len(piece), "every fact is a row"

    def trouble(self, error: BaseException) -> str:
        """Read SQLite's primary result code."""
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, sqlite3.Error):
            cause = getattr(cause, "orig", None) or cause.__cause__
        code = getattr(cause, "sqlite_errorcode", None)
        return _TROUBLE.get(code & 0xFF, "") if isinstance(code, int) else ""

    def recover(self) -> None:
        """Open the writer's connection anew at the next transaction."""
        if self._writer is not None:
            self._writer.invalidate()
            self._writer.close()
            self._writer = None

    def copy(self, file: Path) -> None:
        """Copy through SQLite's online backup, in one step, from a snapshot of its own; only the owner may read it."""
        _make_private(file)
        with self._readers.connect() as connection:
            target = sqlite3.connect(file)
            try:
                _driver(connection).backup(target)
            finally:
                target.close()

    def close(self) -> None:
        """Close readers, fold the write-ahead log into the file, close the writer."""
        self._readers.dispose()
        if self._writer is not None:
            self._writer.exec_driver_sql("SELECT 1")
            self._writer.close()
            self._writer = None
        self._writers.dispose()


def _make_private(file: Path) -> None:
    """Make the file, or take from others what they may do with it; SQLite gives its log the same rights.

    A file that is there is not opened: closing it would drop the locks that SQLite holds on it in this process.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE))
    for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if path.stat().st_mode & 0o077:
                path.chmod(_PRIVATE)


def _row(new: NewFact) -> tuple[object, ...]:
    recorded, fact = new.recorded, new.recorded.fact
    return (
        recorded.sequence, recorded.recorded_at, fact.happened_at, fact.kind, fact.subject, fact.actor, fact.source,
        fact.key, new.leaf, fact.body,
    )  # fmt: skip


def _engine(file: Path, mode: str, begin: str, prepare: Any, **pool: Any) -> Engine:
    """Make an engine whose connections are opened by URI; transactions are begun by our own words."""
    address = f"file:{quote(str(file.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_SECONDS,
            cached_statements=512,
        )
        prepare(connection)
        return connection

    engine = sqlalchemy.create_engine("sqlite+pysqlite://", creator=connect, **pool)
    event.listen(engine, "begin", lambda connection: _driver(connection).execute(begin))
    return engine


def _prepare_writer(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute("PRAGMA journal_size_limit = 134217728")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA temp_store = MEMORY")


def _prepare_reader(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only = 1")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA cache_size = -16384")


def _driver(connection: Connection) -> sqlite3.Connection:
    """Give the standard library's connection below: SQLAlchemy's way costs ten times more per statement."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection), "the engine's connections are the standard library's"
    return driver
