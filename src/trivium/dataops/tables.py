"""The tables of dataops; datasets stand under the one spelling of their key."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

metadata = MetaData()

check_results = Table(
    "dataops_check_results",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="the check"),
    Column("part", Text, primary_key=True, comment="the column that it looks at, or nothing"),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("run", Text, primary_key=True),
    Column("passed", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("actual", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

measures = Table(
    "dataops_measures",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("measure", Text, primary_key=True, comment="rows, bytes, COLUMN.nulls, …"),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("run", Text, primary_key=True),
    Column("value", Text, nullable=False, comment="a number as text"),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

schemas = Table(
    "dataops_schemas",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("columns", Text, primary_key=True, comment="JSON: [[name, type], …]"),
    Column("written", Integer, nullable=False, comment="1 when the run that wrote it says so"),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

refreshes = Table(
    "dataops_refreshes",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

ends = Table(
    "dataops_ends",
    metadata,
    Column("run", Text, primary_key=True),
    Column("at", BigInteger, nullable=False, comment="latest terminal event"),
    Column("success", Integer, nullable=False),
    Column("test", Integer, nullable=False, comment="1 when an event says that the run is a test"),
    Column("sequence", BigInteger, nullable=False),
    Index("dataops_ends_at", "at"),
    sqlite_with_rowid=False,
)
