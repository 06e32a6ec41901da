"""The lake: columnar tables of bulk rows, read as of any sequence of the ledger."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping

from trivium.facts.problem import ProblemError
from trivium.lake.engine import Engine
from trivium.lake.manifest import Manifest, all_files, known_paths, paths_of, state
from trivium.lake.relations import relations, staged
from trivium.lake.staging import Stage, sweep

if TYPE_CHECKING:
    import pyarrow as pa

Reading = Callable[[], AbstractContextManager[Connection]]
"""Opens a read connection to the ledger's database; handed in by bootstrap."""


class Lake:
    """Immutable Parquet files below `folder`, and the manifest that says which of them hold.

    `reading` gives a connection to the database in which `manifest` keeps its tables. `importing` is held by whoever
    brings a bill: numbers of batches and resources are given one delivery at a time. `receiving` is held by whoever
    brings predictions or labels: what of them stands already is asked one delivery at a time.
    """

    def __init__(self, folder: Path, reading: Reading, engine: Engine | None = None) -> None:
        self.folder = folder.resolve()
        self.manifest = Manifest()
        self.importing = threading.Lock()
        self.receiving = threading.Lock()
        self._reading = reading
        for part in ("staging", "scratch"):
            (self.folder / part).mkdir(parents=True, mode=0o700, exist_ok=True)
        self._engine = engine
        self._opening = threading.Lock()

    def sweep(self) -> list[str]:
        """Remove what an interrupted import left; call it once at start, when the manifest's tables stand."""
        with self._reading() as connection:
            known = known_paths(connection)
        return sweep(self.folder, known)

    def withdraw(self, stage: Stage) -> list[str]:
        """Remove what a refused delivery staged and published; gives the paths removed from the lake itself."""
        with self._reading() as connection:
            known = known_paths(connection)
        return stage.withdraw(known)

    def give_up(self, stage: Stage, fault: BaseException) -> None:
        """Remove what a delivery staged, and what it published if the ledger refused it with `fault`.

        Where no refusal came, or the ledger is closed, nobody can say here whether the delivery stands: the place
        stays, and the next start looks.
        """
        if not stage.published:
            stage.withdraw(set())
        elif isinstance(fault, ProblemError) and fault.problem.code != "closed":
            self.withdraw(stage)

    def stage(self) -> Stage:
        """Open a place for one delivery's files."""
        return Stage(self.folder)

    def faults(self, *, hashes: bool = False) -> list[str]:
        """Say which files of the manifest are missing, of another size or, with `hashes`, of another content."""
        with self._reading() as connection:
            files = all_files(connection)
        found = (_fault(self.folder / file["path"], file, hashes=hashes) for file in files)
        return [fault for fault in found if fault]

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a read connection to the manifest."""
        return self._reading()

    def resource_files(self, connection: Connection) -> list[Path]:
        """List the files of the resource dictionary."""
        return [self.folder / path for path in paths_of(connection, "resources")]

    def relations(self, as_of: int | None = None) -> dict[str, str]:
        """Define, as SQL, what a question may use: `charges`, `charges_history`, `batches`, `resources`, and ROWS."""
        with self._reading() as connection:
            return relations(self.folder, state(connection, as_of), state(connection, as_of, history=True))

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT (DuckDB's dialect, `?` for parameters) as of a sequence; DECIMALs come as Decimal."""
        return self._opened().query(sql, parameters, self.relations(as_of))

    def query_arrow(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> pa.Table:
        """Answer one SELECT as an Arrow table."""
        return self._opened().query_arrow(sql, parameters, self.relations(as_of))

    def query_staged(self, sql: str, paths: Sequence[Path]) -> pa.Table:
        """Answer one SELECT, in which `given` are staged files beside what stands; each row has its file's `part`."""
        assert all(path.is_relative_to(self.folder / "staging") for path in paths), "only what is staged"
        return self._opened().query_arrow(sql, (), {**self.relations(), "given": staged(paths)})

    def close(self) -> None:
        """Close the engine."""
        if self._engine is not None:
            self._engine.close()

    def _opened(self) -> Engine:
        """Give the engine, opened at the first question: DuckDB takes a tenth of a second to load, and memory."""
        with self._opening:
            if self._engine is None:
                from trivium.lake.duckdb_engine import DuckDBEngine

                self._engine = DuckDBEngine(self.folder, self.folder / "scratch")
            return self._engine


def _fault(path: Path, file: RowMapping, *, hashes: bool) -> str:
    """Say what is wrong with a file; nothing when it is as it was published."""
    try:
        size = path.stat().st_size
        if size != file["bytes"]:
            return f"{file['path']} has {size} bytes instead of {file['bytes']}"
        if hashes:
            with path.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != file["sha256"]:
                    return f"{file['path']} was changed: its SHA-256 is another"
    except OSError as fault:
        return f"{file['path']} cannot be read: {fault.strerror}"
    return ""
