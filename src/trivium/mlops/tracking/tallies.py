"""How many runs do experiments have, how did they end, and when did the last one start?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.ledger.direct import fetch

_TALLIES = text(
    "SELECT experiment, status, count(*), max(start_ms) FROM tracking_runs WHERE stage = 'active'"
    " AND experiment IN (SELECT value FROM json_each(:experiments)) GROUP BY experiment, status"
)
_FAILED: Final = frozenset({"FAILED", "KILLED"})
_GOING: Final = frozenset({"RUNNING", "SCHEDULED"})


class Tally(msgspec.Struct, frozen=True):
    """The active runs of an experiment, counted; `last_ms` is when the last of them started, None without one."""

    runs: int = 0
    failed: int = 0
    running: int = 0
    last_ms: int | None = None


def tallies(connection: Connection, experiments: Sequence[int]) -> dict[int, Tally]:
    """Count the active runs of experiments, by the experiment's number."""
    found = {number: Tally() for number in experiments}
    listed = "[" + ",".join(map(str, experiments)) + "]"
    for number, status, count, last in fetch(connection, _TALLIES, experiments=listed):
        before = found[number]
        known = [one for one in (before.last_ms, last) if one is not None]
        found[number] = Tally(
            runs=before.runs + count,
            failed=before.failed + (count if status in _FAILED else 0),
            running=before.running + (count if status in _GOING else 0),
            last_ms=max(known, default=None),
        )
    return found
