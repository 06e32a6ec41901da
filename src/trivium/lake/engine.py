"""The port of a query engine over the lake's files: SQL in DuckDB's dialect in, rows or an Arrow table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """Answers read-only SQL over Parquet files below one folder, and reaches nothing else.

    `views` names the relations that the SQL may use, each with the SELECT that defines it. One statement a call;
    anything but a SELECT is refused with ProblemError. Safe to call from several threads.
    """

    name: str

    def query(self, sql: str, parameters: Sequence[Any], views: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """Give the rows as Python values: Decimal for DECIMAL, naive UTC datetime for TIMESTAMP."""
        ...

    def query_arrow(self, sql: str, parameters: Sequence[Any], views: Mapping[str, str]) -> pa.Table:
        """Give the rows as an Arrow table."""
        ...

    def close(self) -> None:
        """Let go of memory and files."""
        ...
