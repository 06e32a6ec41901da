"""The tables of what clients tell of traces: MLflow's trace infos, their tags, metadata and assessments."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

metadata = MetaData()

infos = Table(
    "told_traces",
    metadata,
    Column("trace", Text, primary_key=True, comment="MLflow's id, tr- and 32 hexadecimal digits, or as it was told"),
    Column("experiment", Integer, nullable=False),
    Column("request_ms", BigInteger, nullable=False),
    Column("duration_ms", BigInteger),
    Column("state", Text, nullable=False),
    Column("client_request_id", Text),
    Column("told", Integer, nullable=False, comment="1 once a client told of it; 0 while only its spans are known"),
    Column("sequence", BigInteger, nullable=False, comment="of the fact that told of it last"),
    Index("told_traces_order", "experiment", "request_ms", "trace"),
    sqlite_with_rowid=False,
)

tags = Table(
    "told_trace_tags",
    metadata,
    Column("trace", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

told_metadata = Table(
    "told_trace_metadata",
    metadata,
    Column("trace", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

runs = Table(
    "told_trace_runs",
    metadata,
    Column("run", Text, primary_key=True),
    Column("trace", Text, primary_key=True),
    sqlite_with_rowid=False,
)
"""Runs that traces were linked to after they were told."""

assessments = Table(
    "told_assessments",
    metadata,
    Column("trace", Text, primary_key=True),
    Column("assessment", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("valid", Integer, nullable=False),
    sqlite_with_rowid=False,
)
