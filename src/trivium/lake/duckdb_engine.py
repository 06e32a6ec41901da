"""DuckDB as the lake's engine: in memory, in this process, locked to the lake's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from trivium.facts.problem import ProblemError, refuse

MEMORY_MB = 1024
_FULL: Final = "No space left"
_RETRY_S: Final = 60
_NO_QUESTION: Final = (
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.PermissionException,
    duckdb.InvalidInputException,
    duckdb.HTTPException,
)
"""What DuckDB says of SQL that is no question about the lake."""


class DuckDBEngine:
    """The embedded engine (design.md §6, §10): no extensions, no network, no file outside `folder`, nothing to unlock.

    `folder` holds the files; `scratch`, below it, what does not fit in memory; `memory_mb` bounds DuckDB.
    """

    name = "duckdb"

    def __init__(self, folder: Path, scratch: Path, *, memory_mb: int = MEMORY_MB, threads: int | None = None) -> None:
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "memory_limit": f"{memory_mb}MB",
                "threads": str(threads or os.cpu_count() or 1),
                "preserve_insertion_order": "false",
            },
        )
        for name, value in (("temp_directory", f"{scratch}"), ("allowed_directories", [f"{folder}{os.sep}"])):
            self._connection.execute(f"SET {name} = {_literal(value)}")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def query(self, sql: str, parameters: Sequence[Any], views: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """Give the rows as Python values."""
        with self._ready(sql, views) as cursor:
            return cursor.execute(sql, list(parameters)).fetchall()

    def query_arrow(self, sql: str, parameters: Sequence[Any], views: Mapping[str, str]) -> pa.Table:
        """Give the rows as an Arrow table."""
        with self._ready(sql, views) as cursor:
            return cursor.sql(sql, params=list(parameters)).to_arrow_table()

    def close(self) -> None:
        """Close the in-memory database."""
        self._connection.close()

    @contextmanager
    def _ready(self, sql: str, views: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor for one SELECT; the views that it names are made there, and nobody else sees them."""
        with self._connection.cursor() as cursor:
            try:
                _only_select(cursor, sql)
                for name, definition in views.items():
                    if name in sql:
                        cursor.execute(f'CREATE TEMP VIEW "{name}" AS {definition}')
                yield cursor
            except duckdb.Error as fault:
                raise _refusal(fault) from fault


def _refusal(fault: duckdb.Error) -> ProblemError:
    """Say in one sentence what DuckDB refused; no face takes SQL, so that what is left is a fault of our own."""
    said = " ".join(str(fault).split("\n\nLINE", 1)[0].split())[:300]
    if isinstance(fault, duckdb.OutOfMemoryException):
        title = f"The question takes more memory than the lake's engine may use: {said}"
        return refuse("lake_memory", title, status=503, fix="Ask for a shorter period.")
    if isinstance(fault, duckdb.IOException) and _FULL in said:
        title = "The disk is full, and the question needs some of it to be answered."
        return refuse("disk_full", title, status=503, retry_after_s=_RETRY_S)
    if isinstance(fault, duckdb.IOException):
        title = f"A file of the lake cannot be read: {said}"
        return refuse("lake_file", title, status=500, fix="Restore the home from a backup.")
    if isinstance(fault, _NO_QUESTION):
        return refuse("bad_query", f"The lake cannot answer: {said}", status=500, where="sql")
    return refuse("internal", f"The lake's engine met a fault of its own: {said}", status=500)


def _only_select(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = cursor.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise refuse("bad_query", f"The lake answers one SELECT at a time, not {kinds}.", status=500, where="sql")


def _literal(value: str | list[str]) -> str:
    """Quote a text, or a list of texts, for SQL."""
    if isinstance(value, list):
        return "[" + ", ".join(_literal(text) for text in value) + "]"
    return "'" + value.replace("'", "''") + "'"
