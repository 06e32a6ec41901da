"""Is everything that Trivium needs in order?"""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.instants import SECOND

_FREE_MB: Final = 500
_STRICT_SQLITE: Final = (3, 37, 0)
"""The first version with strict tables."""
_LATE_S: Final = 60


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: Annotated[str, Meta(description="What was looked at.")]
    ok: Annotated[bool, Meta(description="Whether it is in order.")]
    found: Annotated[str, Meta(description="What was found.")]
    fix: Annotated[str, Meta(description="What to do; empty when it is in order.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that was looked at."""

    ok: Annotated[bool, Meta(description="Whether everything is in order.")]
    checks: Annotated[tuple[Check, ...], Meta(description="What was looked at.")]


def ask(rooms: Rooms, params: Params) -> Answer:  # noqa: ARG001 - all questions are asked alike
    """Look at everything once."""
    checks = (*_machine(rooms), *_home(rooms))
    return Answer(ok=all(check.ok for check in checks), checks=checks)


def _machine(rooms: Rooms) -> Iterator[Check]:
    version = platform.python_version()
    yield _check("Python", sys.version_info >= (3, 11), version, "Use Python 3.11 or newer.")
    yield _check("SQLite", sqlite3.sqlite_version_info >= _STRICT_SQLITE, sqlite3.sqlite_version, "Use a newer Python.")
    free_mb = shutil.disk_usage(rooms.home).free >> 20
    fix = f"Keep at least {_FREE_MB} MB free; a full disk makes the ledger read-only."
    yield _check("free disk", free_mb >= _FREE_MB, f"{free_mb:,} MB", fix)


def _home(rooms: Rooms) -> Iterator[Check]:
    mode = stat.S_IMODE(rooms.home.stat().st_mode)
    mine = rooms.home.stat().st_uid == os.getuid()
    yield _check("home", mine and not mode & 0o077, f"{rooms.home}, mode {mode:o}", f"chmod 700 {rooms.home}")
    health = rooms.ledger.health()
    yield _check(
        "ledger", health.state != "read_only", health.read_only or f"{health.sequence} facts", "Free the disk."
    )
    stuck = ", ".join(f"{one.fold}: {one.sentence}" for one in health.degraded)
    yield _check("projections", not health.degraded, stuck or "all follow", "Run `trivium ledger rebuild`.")
    late_s = health.oldest_unprocessed_age_us / SECOND
    yield _check("oldest unprocessed", late_s < _LATE_S, f"{late_s:.1f} s", "See the server's log.")
    with rooms.lake.reading() as connection:
        missing = [path.name for path in rooms.lake.resource_files(connection) if not path.exists()]
    rows = 0 if missing else rooms.lake.query("SELECT count(*) FROM charges")[0][0]
    yield _check("lake", not missing, f"{rows:,} charges" if not missing else ", ".join(missing), "Restore a backup.")


def _check(name: str, ok: bool, found: str, fix: str) -> Check:
    return Check(name=name, ok=ok, found=found, fix="" if ok else fix)
