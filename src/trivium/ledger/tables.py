"""The ledger's own tables, as they stand after the newest migration (`ledger/migrations/`)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

_COUNT = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("sequence", _COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", _COUNT, nullable=False),
    Column("happened_at", _COUNT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("source", "key", name="facts_source_key"),
    Index("facts_kind", "kind", "sequence"),
    Index("facts_subject", "subject", "sequence"),
    sqlite_strict=True,
)
"""One row per fact, never changed; `leaf` is its leaf hash in the Merkle tree.

The body comes last so that a scan of the other columns need not read it.
"""

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("home_id", Text, nullable=False),
    Column("sequence", _COUNT, nullable=False),
    Column("recorded_at", _COUNT, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    sqlite_strict=True,
)
"""One row (id 1): the newest sequence, the Merkle root over all facts and the tree's frontier, 32 bytes a peak."""

fold_cursors = Table(
    "fold_cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", _COUNT, nullable=False),
    Column("sequence", _COUNT, nullable=False),
    sqlite_strict=True,
)
"""How far each fold has come: all facts up to `sequence` are in its tables; -1: up to the head."""

answers = Table(
    "answers",
    metadata,
    Column("command", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    sqlite_strict=True,
)
"""What each request with an idempotency key was answered; `request` is the SHA-256 of its body. Never changed."""

FACT_COLUMNS: Final = tuple(column.name for column in facts.columns)
