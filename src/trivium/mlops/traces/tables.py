"""The tables of traces: one row for each trace, what it used of models, and what endpoints used of models by time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

metadata = MetaData()


def _tokens() -> list[Column[int]]:
    """Make the columns that counts of requests and tokens stand in."""
    names = ("requests", "errors", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    return [Column(name, BigInteger, nullable=False) for name in names]


def _price() -> list[Column[Any]]:
    """Make the columns that decide a price."""
    return [
        *(Column(name, Text, primary_key=True) for name in ("provider", "model", "tier")),
        *(Column(name, BigInteger, primary_key=True, autoincrement=False) for name in ("band", "since")),
    ]


traces = Table(
    "mlops_traces",
    metadata,
    Column("trace", Text, primary_key=True, comment="32 hexadecimal digits"),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("lead_rank", Integer, nullable=False, comment="0 when the leading span is the root"),
    Column("lead_start", BigInteger, nullable=False),
    Column("lead_span", Text, nullable=False),
    Column("name", Text, nullable=False, comment="of the leading span, as all that follow to `failed`"),
    Column("endpoint", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("spans", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False, comment="spans whose status is an error"),
    Column("experiment", Text, nullable=False, comment="MLflow's experiment id"),
    Column("sequence", BigInteger, nullable=False, comment="of the first fact about it"),
    Index("mlops_traces_start", "start_at", "trace"),
    Index("mlops_traces_endpoint", "endpoint", "start_at"),
    Index("mlops_traces_experiment", "experiment", "start_at"),
    sqlite_with_rowid=False,
)

trace_usage = Table(
    "mlops_trace_usage",
    metadata,
    Column("trace", Text, primary_key=True),
    *_price(),
    *_tokens(),
    sqlite_with_rowid=False,
)

usage = Table(
    "mlops_usage",
    metadata,
    Column("endpoint", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    *_price(),
    *_tokens(),
    Index("mlops_usage_since", "since"),
    sqlite_with_rowid=False,
)
