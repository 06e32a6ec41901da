"""Is everything that Trivium needs in order?"""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.remedies import completed
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.instants import SECOND
from trivium.facts.problem import ProblemError
from trivium.mlops.artifacts.reading import standing_blobs

_FREE_MB: Final = 500
_STRICT_SQLITE: Final = (3, 37, 0)
"""The first version with strict tables."""
_LATE_S: Final = 60
_LISTED: Final = 10


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    hashes: Annotated[
        bool, Meta(description="Also read all files of the lake and all artifacts, and compare SHA-256; takes a while.")
    ] = False


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: Annotated[str, Meta(description="What was looked at.")]
    ok: Annotated[bool, Meta(description="Whether it is in order.")]
    found: Annotated[str, Meta(description="What was found.")]
    fix: Annotated[str, Meta(description="What to do; empty when it is in order.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Python, disk, home, ledger, projections, lake and artifacts; exit code 1 when something needs a person."""

    ok: Annotated[bool, Meta(description="Whether everything is in order.")]
    checks: Annotated[tuple[Check, ...], Meta(description="What was looked at.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Look at everything once."""
    lake = _tried("lake", lambda: _lake(rooms, hashes=params.hashes))
    artifacts = _tried("artifacts", lambda: _artifacts(rooms, hashes=params.hashes))
    checks = (*_machine(rooms), *_home(rooms), lake, artifacts)
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


def _lake(rooms: Rooms, *, hashes: bool) -> Check:
    """Look at every file that the ledger names, then ask a question of them."""
    faults = rooms.lake.faults(hashes=hashes)
    if faults:
        return _damaged("lake", faults)
    rows = rooms.lake.query("SELECT count(*) FROM charges")[0][0]
    return _check("lake", True, f"{rows:,} charges", "")


def _artifacts(rooms: Rooms, *, hashes: bool) -> Check:
    """Look at the blob of every artifact that stands."""
    with rooms.ledger.reading() as connection:
        blobs = standing_blobs(connection)
    faults = rooms.blobs.faults(blobs, hashes=hashes)
    return _damaged("artifacts", faults) if faults else _check("artifacts", True, f"{len(blobs):,} blobs", "")


def _damaged(name: str, faults: list[str]) -> Check:
    more = f", and {len(faults) - _LISTED} more" if len(faults) > _LISTED else ""
    return _check(name, False, ", ".join(faults[:_LISTED]) + more, "Restore a backup.")


def _tried(name: str, look: Callable[[], Check]) -> Check:
    """Look; what is refused is a finding too."""
    try:
        return look()
    except ProblemError as fault:
        problem = completed(fault.problem)
        return _check(name, False, problem.title, problem.fix)


def _check(name: str, ok: bool, found: str, fix: str) -> Check:
    return Check(name=name, ok=ok, found=found, fix="" if ok else fix)
