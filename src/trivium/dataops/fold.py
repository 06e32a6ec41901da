"""The fold that keeps what events say about the content of datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, text

from trivium.dataops.tables import metadata
from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.statements import CheckSeen, DatasetSeen, QualityMeasured, Reader, RunSeen
from trivium.graph.spelling import spell
from trivium.ledger.direct import put_many

Rows = dict[str, list[dict[str, Any]]]
"""Rows by table."""
_TERMINAL: Final = {"complete": 1, "fail": 0, "abort": 0}
_PUT: Final = {
    "checks": text(
        "INSERT INTO dataops_check_results (dataset, name, part, at, run, passed, severity, expected, actual, sequence)"
        " VALUES (:dataset, :name, :part, :at, :run, :passed, :severity, :expected, :actual, :sequence)"
        " ON CONFLICT (dataset, name, part, at, run) DO UPDATE SET passed = excluded.passed,"
        " severity = excluded.severity, expected = excluded.expected, actual = excluded.actual"
        " WHERE excluded.passed < passed OR (excluded.passed = passed AND"
        " (excluded.severity, excluded.expected, excluded.actual) < (severity, expected, actual))"
    ),
    "measures": text(
        "INSERT INTO dataops_measures (dataset, measure, at, run, value, sequence)"
        " VALUES (:dataset, :measure, :at, :run, :value, :sequence)"
        " ON CONFLICT (dataset, measure, at, run) DO UPDATE SET value = excluded.value WHERE excluded.value > value"
    ),
    "schemas": text(
        "INSERT INTO dataops_schemas (dataset, at, columns, written, sequence)"
        " VALUES (:dataset, :at, :columns, :written, :sequence) ON CONFLICT (dataset, at, columns) DO UPDATE SET"
        " written = excluded.written WHERE excluded.written > written"
    ),
    "refreshes": text(
        "INSERT INTO dataops_refreshes (dataset, run, sequence) VALUES (:dataset, :run, :sequence)"
        " ON CONFLICT (dataset, run) DO NOTHING"
    ),
    "ends": text(
        "INSERT INTO dataops_ends (run, at, success, test, sequence) VALUES (:run, :at, :success, :test, :sequence)"
        " ON CONFLICT (run) DO UPDATE SET at = CASE WHEN excluded.at > at THEN excluded.at ELSE at END,"
        " success = CASE WHEN excluded.at > at OR (excluded.at = at AND excluded.success > success)"
        " THEN excluded.success ELSE success END, test = CASE WHEN excluded.test > test THEN 1 ELSE test END"
    ),
}  # fmt: skip
"""How each kind of row unites with the one that is there: in any order and repetition the same table comes out."""
_NOT_ENDED: Final = -(2**62)


class DataopsFold:
    """Facts → check results, measures, schemas and refreshes of datasets, whatever the order of events."""

    name = "dataops"
    version = 1
    kinds = frozenset({Kind.LINEAGE_EVENT})
    inside = False

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def create(self, connection: Connection) -> None:
        """Make the tables where they are missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the tables."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Fold facts, in order of sequence, into the tables."""
        rows: Rows = {table: [] for table in _PUT}
        for recorded in facts:
            for statement in self._reader(recorded):
                take = _TAKERS.get(type(statement))
                if take is not None:
                    take(rows, statement, recorded.sequence)
        for table, listed in rows.items():
            put_many(connection, _PUT[table], listed)


def _run(rows: Rows, seen: RunSeen, sequence: int) -> None:
    success = _TERMINAL.get(seen.event)
    test = int(seen.job_type == "TEST")
    if success is not None or test:
        at = _NOT_ENDED if success is None else seen.at
        row = {"run": seen.run, "at": at, "success": success or 0, "test": test, "sequence": sequence}
        rows["ends"].append(row)
    for use in seen.writes:
        rows["refreshes"].append({"dataset": spell(use.dataset), "run": seen.run, "sequence": sequence})


def _check(rows: Rows, seen: CheckSeen, sequence: int) -> None:
    row = {name: getattr(seen, name) for name in ("at", "run", "severity", "expected", "actual")}
    named = {"dataset": spell(seen.dataset), "name": seen.check, "part": seen.column, "passed": int(seen.passed)}
    rows["checks"].append(row | named | {"sequence": sequence})


def _measure(rows: Rows, seen: QualityMeasured, sequence: int) -> None:
    shared = {"dataset": spell(seen.dataset), "at": seen.at, "run": seen.run, "sequence": sequence}
    for measure, value in seen.measures.items():
        rows["measures"].append({"measure": measure, "value": value, **shared})


def _dataset(rows: Rows, seen: DatasetSeen, sequence: int) -> None:
    if seen.columns:
        columns = _encode([(column.name, column.type) for column in seen.columns]).decode()
        named = {"dataset": spell(seen.dataset), "at": seen.at, "columns": columns}
        rows["schemas"].append(named | {"written": int(bool(seen.run)), "sequence": sequence})


_encode = msgspec.json.Encoder().encode
_TAKERS: Final[dict[type, Callable[[Rows, Any, int], None]]] = {
    RunSeen: _run,
    CheckSeen: _check,
    QualityMeasured: _measure,
    DatasetSeen: _dataset,
}
"""What gives the rows of each kind of statement; the others say nothing about content."""
