"""The health of all datasets at the present, kept up with what comes in: only what new facts tell of is read again.

What a dataset's health is made from is read without an end in time and kept; the instant that is asked for decides
how long it has waited. A dataset that tells of a later instant than that is read again for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, text

from trivium.dataops.healths import RECENT, Health, Standing, standing_of
from trivium.facts.instants import LAST, Instant
from trivium.facts.statements import CheckSeen, QualityMeasured, RunSeen, Statement
from trivium.graph.identity import names_now, names_of
from trivium.graph.spelling import spell

Reading = Callable[[], AbstractContextManager[Connection]]
Between = Callable[[int, int], Sequence[Statement] | None]
"""Says what the facts above one sequence and up to another mean; None where they are too many to look at."""
_DATASETS: Final = text(
    "SELECT dataset FROM dataops_check_results UNION SELECT dataset FROM dataops_refreshes"
    " UNION SELECT dataset FROM dataops_measures WHERE measure IN ('rows', 'bytes')"
)
_CHECKS: Final = text(
    "SELECT name, part, at, run, passed, severity, expected, actual FROM (SELECT *, row_number() OVER"
    " (PARTITION BY name, part ORDER BY at DESC, passed, run DESC) AS place FROM dataops_check_results"
    " WHERE dataset = :dataset AND at <= :as_of) AS ranked WHERE place = 1"
)
_WRITES: Final = text(
    "SELECT DISTINCT e.at FROM dataops_refreshes r JOIN dataops_ends e ON e.run = r.run WHERE r.dataset = :dataset"
    " AND e.success = 1 AND e.test = 0 AND e.at <= :as_of ORDER BY e.at DESC LIMIT :recent"
)
_MEASURES: Final = text(
    "SELECT measure, at, value FROM dataops_measures WHERE dataset = :dataset AND measure = :measure AND at <= :as_of"
    " ORDER BY at DESC, run DESC LIMIT :recent"
)
_WRITTEN_BY: Final = text(
    "SELECT d.key FROM graph_names n JOIN graph_uses u ON u.run = n.id AND u.written = 1"
    " JOIN graph_names d ON d.id = u.dataset WHERE n.key IN :runs"
).bindparams(bindparam("runs", expanding=True))


class Watch:
    """Keeps what the healths are made from; `between` says what new facts mean, so that only that is read again."""

    def __init__(self, reading: Reading, between: Between) -> None:
        self._reading, self._between = reading, between
        self._lock = threading.Lock()
        self._head = -1
        self._as_of: Instant | None = None
        self._names: object = None
        self._standing: dict[str, Standing] = {}
        self._healths: dict[str, Health] = {}

    def at(self, head: int, as_of: Instant) -> dict[str, Health]:
        """Give every dataset's health at an instant, by all facts up to the sequence `head`, sorted by key."""
        with self._lock, self._reading() as connection:
            changed = self._bring_up(connection, head)
            if as_of != self._as_of:
                changed, self._as_of, self._healths = set(self._standing), as_of, {}
            for key in changed:
                found = self._standing.get(key)
                if found is not None and found.newest > as_of:
                    found = _read(connection, key, as_of)
                if found is None:
                    self._healths.pop(key, None)
                else:
                    self._healths[key] = found.at(as_of)
            return {key: self._healths[key] for key in sorted(self._healths)}

    def _bring_up(self, connection: Connection, head: int) -> set[str]:
        """Read again what facts up to the head tell of; give the datasets that this was."""
        if head == self._head and self._names == names_now(connection):
            return set()
        names = names_now(connection)
        said = self._between(self._head, head) if 0 <= self._head <= head and names == self._names else None
        self._names = names
        if said is None:
            self._standing.clear()
            keys = {names.get(key) or names.get(spell(key)) or key for key in connection.execute(_DATASETS).scalars()}
        else:
            told = _told_of(connection, said)
            keys = {names.get(key) or names.get(spell(key)) or spell(key) for key in told}
        for key in keys:
            found = _read(connection, key, LAST)
            if found is not None:
                self._standing[key] = found
        self._head = max(head, self._head)
        if said is None:
            self._healths = {}
        return keys


def _told_of(connection: Connection, said: Iterable[Statement]) -> set[str]:
    """List the datasets that statements change the health of; of runs those that they wrote, told now or before."""
    found, runs = set[str](), set[str]()
    for one in said:
        if isinstance(one, CheckSeen | QualityMeasured):
            found.add(one.dataset)
        elif isinstance(one, RunSeen):
            found.update(use.dataset for use in one.writes)
            runs.add(one.run)
    ordered = sorted(runs)
    for start in range(0, len(ordered), 500):
        found.update(connection.execute(_WRITTEN_BY, {"runs": ordered[start : start + 500]}).scalars())
    return found


def _read(connection: Connection, key: str, as_of: Instant) -> Standing | None:
    """Read what a dataset's health is made from, under all its names; None where nothing tells of it."""
    checks: list[tuple[Any, ...]] = []
    writes: list[tuple[Any, ...]] = []
    measures: list[tuple[Any, ...]] = []
    for name in names_of(connection, key):
        asked = {"dataset": name, "as_of": as_of, "recent": RECENT}
        checks += map(tuple, connection.execute(_CHECKS, asked))
        writes += map(tuple, connection.execute(_WRITES, asked))
        for measure in ("bytes", "rows"):
            measures += reversed(list(map(tuple, connection.execute(_MEASURES, asked | {"measure": measure}))))
    if not (checks or writes or measures):
        return None
    found = standing_of(key, checks, writes, measures)
    latest = [row[2] for row in checks] + [row[0] for row in writes] + [row[1] for row in measures]
    return msgspec.structs.replace(found, newest=max(latest))
