"""When runs ran and how they ended, straight from the tables, for who asks about a few of them and needs no flows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, text

from trivium.facts.instants import Instant
from trivium.graph.identity import canonical_key, names_now, names_of, run_names

_ROWS = (
    "SELECT n.key, j.key, r.job_at, r.start_at, r.end_at, r.success FROM graph_runs r"
    " JOIN graph_names n ON n.id = r.run LEFT JOIN graph_names j ON j.id = r.job"
)
_JOBS = "r.job IN (SELECT id FROM graph_names WHERE key IN :keys)"
_OF_JOB = text(f"{_ROWS} WHERE {_JOBS}").bindparams(bindparam("keys", expanding=True))
_LATEST = text(
    f"{_ROWS} WHERE r.run IN (SELECT run FROM (SELECT r.run, row_number() OVER (PARTITION BY r.job"
    f" ORDER BY r.start_at DESC, r.run) AS place FROM graph_runs r WHERE r.start_at IS NOT NULL AND {_JOBS}) AS ranked"
    " WHERE place = 1)"
).bindparams(bindparam("keys", expanding=True))
_NAMED = text(f"{_ROWS} WHERE n.key IN :keys").bindparams(bindparam("keys", expanding=True))
_AT_ONCE = 1_000


class Ran(msgspec.Struct, frozen=True):
    """One run under the name it goes by; `job` is empty where none is known.

    `start` is None while only its children tell of it, `end` while it is open; `success` counts only with an end.
    """

    run: str
    job: str
    start: Instant | None
    end: Instant | None
    success: bool


def run_now(connection: Connection, run: str) -> Ran | None:
    """Give a run, however its key is spelled and whichever of its names it is; None when nothing tells of it."""
    names = names_of(connection, run)
    found = _united(connection, connection.execute(_NAMED, {"keys": names}).all())
    return next(iter(found), None)


def runs_of(connection: Connection, job: str) -> list[Ran]:
    """List the runs of a job, the newest first, those last of which only children tell."""
    found = _united(connection, connection.execute(_OF_JOB, {"keys": names_of(connection, job)}).all())
    mine = canonical_key(connection, job)
    return sorted((one for one in found if one.job == mine), key=_newest)


def latest_runs(connection: Connection, jobs: Collection[str]) -> dict[str, Ran]:
    """Give the newest run of each of these jobs that ever ran, by the job's name."""
    names = sorted({name for job in jobs for name in names_of(connection, job)})
    rows = [row for part in _parts(names) for row in connection.execute(_LATEST, {"keys": part})]
    found: dict[str, Ran] = {}
    for one in sorted(_united(connection, rows), key=_newest):
        found.setdefault(one.job, one)
    return found


def _newest(one: Ran) -> tuple[bool, Instant, str]:
    return one.start is None, -(one.start or 0), one.run


def _united(connection: Connection, rows: Sequence[Any]) -> list[Ran]:
    """Unite the reports of merged runs: earliest start, latest end, the job that was named first."""
    names, jobs = run_names(connection, [row[0] for row in rows]), names_now(connection)
    rest = sorted(set(names) - {row[0] for row in rows})
    more = [row for part in _parts(rest) for row in connection.execute(_NAMED, {"keys": part})]
    reports: dict[str, list[Any]] = defaultdict(list)
    for row in (*rows, *more):
        reports[names.get(row[0], row[0])].append(row)
    return [_one(run, told, jobs) for run, told in reports.items()]


def _one(run: str, told: Iterable[Any], jobs: dict[str, str]) -> Ran:
    found = list(told)
    named = min(((row[2], row[1]) for row in found if row[1] is not None), default=(0, ""))[1]
    end, success = max(((row[4], row[5]) for row in found if row[4] is not None), default=(None, 0))
    start = min((row[3] for row in found if row[3] is not None), default=None)
    return Ran(run, jobs.get(named, named), start, end, bool(success))


def _parts(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
