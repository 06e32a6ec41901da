"""Reads runs whole: one question for each table, however many runs are told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.tracking import Value
from trivium.ledger.direct import fetch
from trivium.mlops.tracking.records import (
    Dataset,
    DatasetInput,
    Metric,
    ModelInput,
    ModelOutput,
    Pair,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
)

RUN_COLUMNS: Final = "run, id, experiment, name, user, status, start_ms, end_ms, stage, artifact_uri"
NOT_A_NUMBER: Final = "NaN"
_OF: Final = "(SELECT value FROM json_each(:runs))"
_ROWS = text(f"SELECT {RUN_COLUMNS} FROM tracking_runs WHERE run IN {_OF}")
_METRICS = text(f"SELECT run, key, value, timestamp_ms, step, is_nan FROM tracking_latest WHERE run IN {_OF}")
_PARAMS = text(f"SELECT run, key, value FROM tracking_params WHERE run IN {_OF}")
_TAGS = text(f"SELECT run, key, value FROM tracking_run_tags WHERE run IN {_OF}")
_INPUTS = text(
    "SELECT i.run, i.tags, d.name, d.digest, d.source_type, d.source, d.schema, d.profile FROM tracking_inputs i"
    f" JOIN tracking_datasets d ON d.dataset = i.dataset WHERE i.run IN {_OF} ORDER BY i.run, i.dataset"
)
_MODELS = text(f"SELECT run, made, model, step FROM tracking_run_models WHERE run IN {_OF} ORDER BY run, place")


class RunRow(msgspec.Struct, frozen=True):
    """A run as its table has it; `number` is the key of its metrics, params and tags."""

    number: int
    id: str
    experiment: int
    name: str
    user: str
    status: str
    start_ms: int | None
    end_ms: int | None
    stage: str
    artifact_uri: str


def rows_of(connection: Connection, numbers: Sequence[int]) -> list[RunRow]:
    """Read the rows of runs by number, in the order of the numbers."""
    found = {row[0]: RunRow(*row) for row in fetch(connection, _ROWS, runs=_listed(numbers))}
    return [found[number] for number in numbers if number in found]


def whole_runs(connection: Connection, rows: Sequence[RunRow]) -> list[Run]:
    """Tell of runs, in the order of their rows."""
    runs = _listed(row.number for row in rows)
    told = data_of(connection, rows)
    datasets = _inputs(fetch(connection, _INPUTS, runs=runs))
    taken: dict[int, list[ModelInput]] = defaultdict(list)
    made: dict[int, list[ModelOutput]] = defaultdict(list)
    for run, is_made, model, step in fetch(connection, _MODELS, runs=runs):
        if is_made:
            made[run].append(ModelOutput(model, step))
        else:
            taken[run].append(ModelInput(model))
    return [
        Run(
            info_of(row),
            data,
            RunInputs(tuple(datasets[row.number]), tuple(taken[row.number])),
            RunOutputs(tuple(made[row.number])),
        )
        for row, data in zip(rows, told, strict=True)
    ]


def data_of(connection: Connection, rows: Sequence[RunRow]) -> list[RunData]:
    """Tell what runs said of themselves, metrics, params and tags, in the order of their rows."""
    runs = _listed(row.number for row in rows)
    metrics: dict[int, list[Metric]] = defaultdict(list)
    for run, key, value, timestamp, step, is_nan in fetch(connection, _METRICS, runs=runs):
        metrics[run].append(Metric(key, NOT_A_NUMBER if is_nan else value, timestamp, step))
    params, tags = (_pairs(fetch(connection, statement, runs=runs)) for statement in (_PARAMS, _TAGS))
    return [RunData(tuple(metrics[row.number]), tuple(params[row.number]), tuple(tags[row.number])) for row in rows]


def info_of(row: RunRow) -> RunInfo:
    """Tell what a run is."""
    return RunInfo(
        run_uuid=row.id,
        experiment_id=str(row.experiment),
        run_name=row.name,
        user_id=row.user,
        status=row.status,
        start_time=msgspec.UNSET if row.start_ms is None else row.start_ms,
        end_time=row.end_ms or None,
        artifact_uri=row.artifact_uri,
        lifecycle_stage=row.stage,
        run_id=row.id,
    )


def value_of(value: float, is_nan: int) -> Value:
    """Tell a metric's value; what is no number is text."""
    return NOT_A_NUMBER if is_nan else value


def _pairs(rows: Iterable[Sequence[Any]]) -> dict[int, list[Pair]]:
    found: dict[int, list[Pair]] = defaultdict(list)
    for run, key, value in rows:
        found[run].append(Pair(key, value))
    return found


def _inputs(rows: Iterable[Sequence[Any]]) -> dict[int, list[DatasetInput]]:
    found: dict[int, list[DatasetInput]] = defaultdict(list)
    for run, tags, *described in rows:
        pairs = msgspec.json.decode(tags, type=list[tuple[str, str]])
        found[run].append(DatasetInput(tuple(Pair(*pair) for pair in pairs), Dataset(*described)))
    return found


def _listed(numbers: Iterable[int]) -> str:
    """Write numbers as one parameter: a JSON array."""
    return "[" + ",".join(map(str, numbers)) + "]"
