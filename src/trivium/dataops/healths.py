"""How are all datasets at one instant, in a few queries, as a list shows them; of one of them `quality` says more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, text

from trivium.dataops.quality import (
    Check,
    Freshness,
    Volume,
    checks_of,
    freshness_from,
    state_of,
    usual_interval,
    volumes_of,
)
from trivium.dataops.usual import Usual
from trivium.facts.instants import LAST, Instant
from trivium.graph.identity import canonical_names, merges_of
from trivium.graph.spelling import spell

_CHECKS = text(
    "SELECT dataset, name, part, at, run, passed, severity, expected, actual FROM (SELECT *, row_number() OVER"
    " (PARTITION BY dataset, name, part ORDER BY at DESC, passed, run DESC) AS place FROM dataops_check_results"
    " WHERE at <= :as_of) AS ranked WHERE place = 1"
)
_WRITES = text(
    "SELECT dataset, at FROM (SELECT dataset, at, row_number() OVER (PARTITION BY dataset ORDER BY at DESC) AS place"
    " FROM (SELECT DISTINCT r.dataset, e.at FROM dataops_refreshes r JOIN dataops_ends e ON e.run = r.run"
    " WHERE e.success = 1 AND e.test = 0 AND e.at <= :as_of) AS written) AS ranked WHERE place <= :recent"
)
_MEASURES = text(
    "SELECT dataset, measure, at, value FROM (SELECT *, row_number() OVER (PARTITION BY dataset, measure"
    " ORDER BY at DESC, run DESC) AS place FROM dataops_measures WHERE measure IN ('rows', 'bytes') AND at <= :as_of)"
    " AS ranked WHERE place <= :recent ORDER BY measure, at, run"
)
RECENT: Final = 101
"""How many writes and measures of a dataset are looked at: what is usual is told by a hundred before the latest."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as a list shows it. `state` is as in `QualityCard`; `failing` are its failing checks in words.

    `unusual` says in words what warns though no check does: it is late, or holds more or less than it used to. `rows`
    is the newest count, `series` those before it too, oldest first.
    """

    dataset: str
    state: Literal["failing", "warning", "passing", "unknown"]
    passed: int
    failed: int
    failing: tuple[str, ...]
    unusual: tuple[str, ...] = ()
    freshness: Freshness
    rows: int | None = None
    series: tuple[float, ...] = ()

    @property
    def total(self) -> int:
        """Count its checks."""
        return self.passed + self.failed


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset's health is made from, whenever it is asked for: `newest` is the latest instant in it."""

    dataset: str
    checks: tuple[Check, ...]
    last_write: Instant | None
    interval: Usual | None
    volumes: tuple[Volume, ...]
    rows: int | None
    series: tuple[float, ...]
    newest: Instant = 0

    def at(self, as_of: Instant) -> Health:
        """Give the health at an instant."""
        failing = tuple(in_words(check) for check in self.checks if not check.passed)
        freshness = freshness_from(self.last_write, self.interval, as_of)
        return Health(
            dataset=self.dataset,
            state=state_of(self.checks, freshness, self.volumes),
            passed=len(self.checks) - len(failing),
            failed=len(failing),
            failing=failing,
            unusual=(
                *(("later than usual",) if freshness.late else ()),
                *(f"unusual {volume.measure}" for volume in self.volumes if volume.unusual),
            ),
            freshness=freshness,
            rows=self.rows,
            series=self.series,
        )


def healths(connection: Connection, as_of: Instant = LAST) -> dict[str, Health]:
    """Give every dataset that was checked, measured or written up to an instant, by the name it goes by."""
    asked = {"as_of": as_of, "recent": RECENT}
    canonical = canonical_names(merges_of(connection, runs=False))
    checks = _by_dataset(canonical, connection.execute(_CHECKS, {"as_of": as_of}))
    writes = _by_dataset(canonical, connection.execute(_WRITES, asked))
    measures = _by_dataset(canonical, connection.execute(_MEASURES, asked))
    return {
        key: standing_of(key, checks.get(key, []), writes.get(key, []), measures.get(key, [])).at(as_of)
        for key in sorted({*checks, *writes, *measures})
    }


def in_words(check: Check) -> str:
    """Say which check it is: its name, and the column that it looks at."""
    return f"{check.check} of {check.column}" if check.column else check.check


def _by_dataset(canonical: dict[str, str], rows: Iterable[Sequence[Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Sort rows by their dataset's name, which is their first column."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for key, *row in rows:
        found[canonical.get(key) or canonical.get(spell(key)) or key].append(tuple(row))
    return found


def standing_of(key: str, checks: list[Any], writes: list[Any], measures: list[Any]) -> Standing:
    """Say what rows of a dataset's checks, writes and measures amount to."""
    standing = checks_of(sorted(checks, key=lambda row: (row[0], row[1], row[2], not row[4], row[3])))
    written = sorted({row[0] for row in writes}, reverse=True)[: RECENT - 1]
    counts = sorted((at, float(value)) for measure, at, value in measures if measure == "rows")
    return Standing(
        dataset=key,
        checks=tuple(standing),
        last_write=written[0] if written else None,
        interval=usual_interval(written),
        volumes=tuple(volumes_of(sorted(measures, key=lambda row: row[:2]))),
        rows=int(counts[-1][1]) if counts else None,
        series=tuple(value for _, value in counts[-12:]),
    )
