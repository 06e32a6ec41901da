"""The facts, the head and the cursors of folds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNT = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "facts",
        sa.Column("sequence", _COUNT, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", _COUNT, nullable=False),
        sa.Column("happened_at", _COUNT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("source", "key", name="facts_source_key"),
        sqlite_strict=True,
    )
    op.create_index("facts_kind", "facts", ["kind", "sequence"])
    op.create_index("facts_subject", "facts", ["subject", "sequence"])
    op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("home_id", sa.Text, nullable=False),
        sa.Column("sequence", _COUNT, nullable=False),
        sa.Column("recorded_at", _COUNT, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "fold_cursors",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", _COUNT, nullable=False),
        sa.Column("sequence", _COUNT, nullable=False),
        sqlite_strict=True,
    )
