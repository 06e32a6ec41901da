"""Is this dataset healthy: its checks, its freshness, its volume and its schema, at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, text

from trivium.dataops.usual import Usual, usual
from trivium.facts.instants import LAST, Instant
from trivium.graph.identity import canonical_key, names_of

_NAMES: BindParameter[list[str]] = bindparam("names", expanding=True)
_CHECKS = text(
    "SELECT name, part, at, run, passed, severity, expected, actual FROM dataops_check_results"
    " WHERE dataset IN :names AND at <= :as_of ORDER BY name, part, at, passed DESC, run"
).bindparams(_NAMES)
_WRITES = text(
    "SELECT DISTINCT e.at FROM dataops_refreshes r JOIN dataops_ends e ON e.run = r.run"
    " WHERE r.dataset IN :names AND e.success = 1 AND e.test = 0 AND e.at <= :as_of ORDER BY e.at DESC LIMIT :limit"
).bindparams(_NAMES)
_MEASURES = text(
    "SELECT measure, at, value FROM dataops_measures WHERE dataset IN :names AND measure IN ('rows', 'bytes')"
    " AND at <= :as_of ORDER BY measure, at, run"
).bindparams(_NAMES)
_TOLD = (
    " FROM dataops_schemas WHERE dataset IN :names AND at <= :as_of AND (written = 1 OR NOT EXISTS"
    " (SELECT 1 FROM dataops_schemas WHERE dataset IN :names AND at <= :as_of AND written = 1))"
)
_SCHEMAS = text(f"SELECT at, columns{_TOLD} ORDER BY at, columns").bindparams(_NAMES)
_SCHEMA = text(f"SELECT columns{_TOLD} ORDER BY at DESC, columns DESC LIMIT 1").bindparams(_NAMES)
_RECENT: Final = 100
_PATIENCE: Final = 2.0
_decode = msgspec.json.Decoder(list[tuple[str, str]]).decode


class Check(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A check as it stands: its latest result, since when it fails without a break, and when it last passed."""

    check: str
    column: str = ""
    passed: bool
    at: Instant
    run: str = ""
    severity: str = ""
    expected: str = ""
    actual: str = ""
    failing_since: Instant | None = None
    last_passed: Instant | None = None


class Freshness(msgspec.Struct, frozen=True, omit_defaults=True):
    """When the dataset was last written with success; times between writes are in microseconds.

    `late` once the wait is over twice the usual interval (or over its usual range); None while it is unknown.
    """

    last_write: Instant | None = None
    waiting: int | None = None
    usual_interval: int | None = None
    late: bool | None = None


class Volume(msgspec.Struct, frozen=True, omit_defaults=True):
    """The latest rows or bytes, and what was usual before; `unusual` is None while too little is known."""

    measure: str
    value: float
    at: Instant
    usual: Usual | None = None
    unusual: bool | None = None


class SchemaChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Columns that came, went, or changed their type (`NAME OLD → NEW`) at one instant."""

    at: Instant
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()


class QualityCard(msgspec.Struct, frozen=True, kw_only=True):
    """How a dataset is at one instant.

    `state` is `failing` when a check fails that is no mere warning, `warning` when a check warns or freshness, volume
    or schema is out of the usual, `passing` when checks pass, and `unknown` when nothing checks it.
    """

    dataset: str
    as_of: Instant
    state: Literal["failing", "warning", "passing", "unknown"]
    passed: int
    failed: int
    checks: tuple[Check, ...]
    failing_since: Instant | None
    last_passed: Instant | None
    freshness: Freshness
    volumes: tuple[Volume, ...]
    schema: tuple[tuple[str, str], ...]
    schema_changes: tuple[SchemaChange, ...]


def quality(connection: Connection, dataset: str, as_of: Instant = LAST) -> QualityCard:
    """Say how a dataset is, by what happened up to an instant; any of its names will do.

    The latest result of each check counts; of two at one instant the failed one.
    """
    key, names = canonical_key(connection, dataset), names_of(connection, dataset)
    asked = {"names": names, "as_of": as_of}
    checks = checks_of(connection.execute(_CHECKS, asked).all())
    failed = [check for check in checks if not check.passed]
    freshness = freshness_of(list(connection.execute(_WRITES, asked | {"limit": _RECENT}).scalars()), as_of)
    volumes = volumes_of(connection.execute(_MEASURES, asked).all())
    schema, changes = _schema(connection.execute(_SCHEMAS, asked).all())
    return QualityCard(
        dataset=key,
        as_of=as_of,
        state=state_of(checks, freshness, volumes),
        passed=len(checks) - len(failed),
        failed=len(failed),
        checks=tuple(checks),
        failing_since=min((one.failing_since for one in failed if one.failing_since is not None), default=None),
        last_passed=_all_passed(checks),
        freshness=freshness,
        volumes=tuple(volumes),
        schema=schema,
        schema_changes=tuple(changes),
    )


def last_good(connection: Connection, dataset: str, as_of: Instant = LAST) -> Instant | None:
    """Give the instant since when a dataset may be bad: its last passing check; None when it never passed one.

    While checks fail it is the earliest last pass among the failing ones; a failing check that never passed makes it
    unknown. When nothing fails it is the latest pass.
    """
    return quality(connection, dataset, as_of).last_passed


def columns_of(connection: Connection, dataset: str, as_of: Instant = LAST) -> tuple[tuple[str, str], ...]:
    """List the columns of a dataset with their types, as they were at an instant."""
    asked = {"names": names_of(connection, dataset), "as_of": as_of}
    newest = connection.execute(_SCHEMA, asked).scalar()
    return () if newest is None else tuple(dict(_decode(newest)).items())


def last_write(connection: Connection, dataset: str, as_of: Instant = LAST) -> Instant | None:
    """Give the end of the last successful run that wrote a dataset; tests write nothing."""
    asked = {"names": names_of(connection, dataset), "as_of": as_of, "limit": 1}
    return connection.execute(_WRITES, asked).scalar()


def checks_of(rows: Sequence[Any]) -> list[Check]:
    """Reduce the results of each check, in order of time, to how it stands."""
    standing: dict[tuple[str, str], Check] = {}
    for name, part, at, run, passed, severity, expected, actual in rows:
        before = standing.get((name, part))
        since = at if before is None or before.passed else before.failing_since
        standing[name, part] = Check(
            check=name,
            column=part,
            passed=bool(passed),
            at=at,
            run=run,
            severity=severity,
            expected=expected,
            actual=actual,
            failing_since=None if passed else since,
            last_passed=at if passed else before.last_passed if before else None,
        )
    return list(standing.values())


def _all_passed(checks: list[Check]) -> Instant | None:
    failing = [check.last_passed for check in checks if not check.passed]
    if failing:
        return None if None in failing else min(at for at in failing if at is not None)
    return max((check.at for check in checks), default=None)


def freshness_of(writes: list[Instant], as_of: Instant) -> Freshness:
    """Compare the wait since the last write with the intervals between the last hundred, the newest first."""
    return freshness_from(writes[0] if writes else None, usual_interval(writes), as_of)


def usual_interval(writes: list[Instant]) -> Usual | None:
    """Tell what is usual between writes, the newest first; None while too few are known."""
    return usual([float(later - earlier) for later, earlier in pairwise(writes)])


def freshness_from(last: Instant | None, interval: Usual | None, as_of: Instant) -> Freshness:
    """Compare the wait since the last write with what is usual."""
    if last is None:
        return Freshness()
    waiting = as_of - last if as_of != LAST else None
    if interval is None:
        return Freshness(last, waiting)
    late = None if waiting is None else waiting > max(_PATIENCE * interval.middle, interval.high)
    return Freshness(last, waiting, int(interval.middle), late)


def volumes_of(rows: Sequence[Any]) -> list[Volume]:
    """Compare the latest value of each measure, of rows (measure, instant, value) in order, with those before it."""
    series: dict[str, list[tuple[Instant, float]]] = {}
    for measure, at, value in rows:
        series.setdefault(measure, []).append((at, float(value)))
    found = []
    for measure, values in series.items():
        at, value = values[-1]
        range_ = usual([earlier for _, earlier in values[:-1][-_RECENT:]])
        found.append(Volume(measure, value, at, range_, None if range_ is None else not range_.holds(value)))
    return found


def _schema(rows: Sequence[Any]) -> tuple[tuple[tuple[str, str], ...], list[SchemaChange]]:
    """Find the latest schema and how it came about, oldest change first; what writers say counts before readers."""
    changes: list[SchemaChange] = []
    known: dict[str, str] | None = None
    for at, written in rows:
        columns = dict(_decode(written))
        if known is not None and columns != known:
            changes += _change(known, columns, at)
        known = columns
    return tuple((known or {}).items()), changes


def _change(before: dict[str, str], after: dict[str, str], at: Instant) -> list[SchemaChange]:
    """Compare two schemas; a type that one of them leaves out is no change."""
    retyped = [
        f"{name} {before[name]} → {after[name]}"
        for name in after
        if before.get(name) and after[name] and before[name] != after[name]
    ]
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    if not (retyped or added or removed):
        return []
    return [SchemaChange(at, tuple(added), tuple(removed), tuple(retyped))]


def state_of(
    checks: Sequence[Check], freshness: Freshness, volumes: Sequence[Volume]
) -> Literal["failing", "warning", "passing", "unknown"]:
    """Sum a dataset's quality up in one word, as `QualityCard` explains them."""
    failed = [check for check in checks if not check.passed]
    if any(check.severity.lower() != "warn" for check in failed):
        return "failing"
    if failed or freshness.late or any(volume.unusual for volume in volumes):
        return "warning"
    return "passing" if checks else "unknown"
