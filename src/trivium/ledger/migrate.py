"""Bringing a database to the newest form of the ledger's tables, with Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from trivium.facts.problem import refuse, shown
from trivium.ledger.tables import facts, metadata

NEWEST: Final = "0002"
"""The newest revision; when the database has it, Alembic is not even imported (it takes half a second)."""


def upgrade(connection: Connection) -> None:
    """Run the missing revisions inside the caller's transaction; refuses a database from a newer version.

    A new database gets its tables as they are now, which are those that all revisions together make.
    """
    present = _revision(connection)
    if present == NEWEST:
        return
    if not present and not inspect(connection).has_table(facts.name):
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:newest)"), {"newest": NEWEST})
        return
    _run_revisions(connection, present)


def _run_revisions(connection: Connection, present: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present and present not in known:
        raise refuse(
            "home_too_new",
            f"The home was made by a newer version of Trivium: its tables are at revision {shown(present)},"
            f" this version knows {NEWEST}.",
            status=409,
            where="ledger.db",
            fix="Use that version of Trivium, or restore a backup that this version made.",
        )
    command.upgrade(config, NEWEST)


def _revision(connection: Connection) -> str:
    """Read the revision at which the database stands; empty when it has no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
