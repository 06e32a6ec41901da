"""The tables of endpoints' traffic; endpoints and versions stand under the keys that deliveries name."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

metadata = MetaData()

traffic = Table(
    "endpoints_traffic",
    metadata,
    Column("endpoint", Text, primary_key=True),
    Column("version", Text, primary_key=True, comment="empty where nobody said which answered"),
    Column("day", BigInteger, primary_key=True, autoincrement=False, comment="first instant of the UTC day"),
    Column("logged", Integer, primary_key=True, autoincrement=False, comment="1 where predictions were received"),
    Column("requests", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False, comment="part of the requests"),
    sqlite_with_rowid=False,
)

latencies = Table(
    "endpoints_latencies",
    metadata,
    Column("endpoint", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("logged", Integer, primary_key=True, autoincrement=False),
    Column("bucket", Integer, primary_key=True, autoincrement=False, comment="of facts.traffic.bucket_of"),
    Column("requests", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
