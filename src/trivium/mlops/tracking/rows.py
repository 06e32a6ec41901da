"""How changes of experiments and runs are entered into their tables, in the order in which they were decided."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.tracking import (
    ACTIVE,
    DELETED,
    ExperimentChanged,
    ExperimentCreated,
    ExperimentTagged,
    Input,
    RunChanged,
    RunCreated,
    RunLogged,
    RunMade,
    RunUntagged,
    RunUsed,
)
from trivium.intake.mlflow.names import DATA_CONTEXT, RUN_NAME
from trivium.ledger.direct import fetch, put_many
from trivium.mlops.changing import milliseconds

_PUT_EXPERIMENT = text(
    "INSERT INTO tracking_experiments (experiment, name, artifact_location, stage, created_ms, updated_ms)"
    " VALUES (:experiment, :name, :artifact_location, :stage, :at, :at)"
)
_RENAME = text("UPDATE tracking_experiments SET name = :name, updated_ms = :at WHERE experiment = :experiment")
_STAGE = text("UPDATE tracking_experiments SET stage = :stage, updated_ms = :at WHERE experiment = :experiment")
_STAGE_RUNS = text("UPDATE tracking_runs SET stage = :stage, deleted_ms = :deleted WHERE experiment = :experiment")
_PUT_EXPERIMENT_TAG = text(
    "INSERT INTO tracking_experiment_tags (experiment, key, value) VALUES (:experiment, :key, :value)"
    " ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value"
)
_DROP_EXPERIMENT_TAG = text("DELETE FROM tracking_experiment_tags WHERE experiment = :experiment AND key = :key")
_PUT_RUN = text(
    "INSERT INTO tracking_runs (run, id, experiment, name, user, status, start_ms, end_ms, stage, deleted_ms,"
    " artifact_uri, sequence) SELECT coalesce(max(run), 0) + 1, :id, :experiment, :name, :user, 'RUNNING', :start,"
    " NULL, :stage, NULL, :artifact_uri, :sequence FROM tracking_runs"
)
_RUN = text("SELECT run, experiment FROM tracking_runs WHERE id = :run")
_SET_STATUS = text("UPDATE tracking_runs SET status = :status WHERE run = :run")
_SET_END = text("UPDATE tracking_runs SET end_ms = :end WHERE run = :run")
_SET_NAME = text("UPDATE tracking_runs SET name = :name WHERE run = :run")
_SET_STAGE = text("UPDATE tracking_runs SET stage = :stage, deleted_ms = :deleted WHERE run = :run")
_PUT_TAG = text(
    "INSERT INTO tracking_run_tags (run, key, value) VALUES (:run, :key, :value)"
    " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value"
)
_DROP_TAG = text("DELETE FROM tracking_run_tags WHERE run = :run AND key = :key")
_PUT_PARAM = text(
    "INSERT INTO tracking_params (run, key, value) VALUES (:run, :key, :value) ON CONFLICT (run, key) DO NOTHING"
)
_DATASET = text(
    "SELECT dataset FROM tracking_datasets WHERE experiment = :experiment AND name = :name AND digest = :digest"
)
_PUT_DATASET = text(
    "INSERT INTO tracking_datasets (dataset, experiment, name, digest, source_type, source, schema, profile)"
    " SELECT coalesce(max(dataset), 0) + 1, :experiment, :name, :digest, :source_type, :source, :schema, :profile"
    " FROM tracking_datasets"
)
_PUT_INPUT = text(
    "INSERT INTO tracking_inputs (run, dataset, tags, context) VALUES (:run, :dataset, :tags, :context)"
    " ON CONFLICT (run, dataset) DO NOTHING"
)
_PUT_MODEL = text(
    "INSERT INTO tracking_run_models (run, place, made, model, step) SELECT :run,"
    " coalesce(max(place), 0) + 1, :made, :model, :step FROM tracking_run_models WHERE run = :run"
)


def experiment_created(connection: Connection, change: ExperimentCreated, recorded: RecordedFact) -> None:
    """Enter an experiment."""
    at = milliseconds(recorded.fact.happened_at)
    row = {"experiment": change.experiment, "name": change.name, "artifact_location": change.artifact_location}
    put_many(connection, _PUT_EXPERIMENT, [row | {"stage": ACTIVE, "at": at}])
    tags = [{"experiment": change.experiment, "key": key, "value": value} for key, value in change.tags.items()]
    put_many(connection, _PUT_EXPERIMENT_TAG, tags)


def experiment_changed(connection: Connection, change: ExperimentChanged, recorded: RecordedFact) -> None:
    """Enter an experiment's other name or stage; its runs are deleted and restored with it."""
    at = milliseconds(recorded.fact.happened_at)
    if change.name is not None:
        put_many(connection, _RENAME, [{"experiment": change.experiment, "name": change.name, "at": at}])
    if change.stage is not None:
        deleted = at if change.stage == DELETED else None
        row = {"experiment": change.experiment, "stage": change.stage, "at": at, "deleted": deleted}
        put_many(connection, _STAGE, [row])
        put_many(connection, _STAGE_RUNS, [row])


def experiment_tagged(connection: Connection, change: ExperimentTagged, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter an experiment's tag, or drop it."""
    statement = _DROP_EXPERIMENT_TAG if change.value is None else _PUT_EXPERIMENT_TAG
    put_many(connection, statement, [{"experiment": change.experiment, "key": change.key, "value": change.value}])


def run_created(connection: Connection, change: RunCreated, recorded: RecordedFact) -> None:
    """Enter a run under the next number."""
    row = {
        "id": change.run, "experiment": change.experiment, "name": change.name, "user": change.user,
        "start": change.start_ms, "stage": ACTIVE, "artifact_uri": change.artifact_uri, "sequence": recorded.sequence,
    }  # fmt: skip
    put_many(connection, _PUT_RUN, [row])
    _put_tags(connection, _run(connection, change.run)[0], change.tags)


def run_changed(connection: Connection, change: RunChanged, recorded: RecordedFact) -> None:
    """Enter what a run became."""
    number, _ = _run(connection, change.run)
    if change.status is not None:
        put_many(connection, _SET_STATUS, [{"run": number, "status": change.status}])
    if change.end_ms is not None:
        put_many(connection, _SET_END, [{"run": number, "end": change.end_ms}])
    if change.name is not None:
        put_many(connection, _SET_NAME, [{"run": number, "name": change.name}])
        _put_tags(connection, number, {RUN_NAME: change.name})
    if change.stage is not None:
        deleted = milliseconds(recorded.fact.happened_at) if change.stage == DELETED else None
        put_many(connection, _SET_STAGE, [{"run": number, "stage": change.stage, "deleted": deleted}])


def run_logged(connection: Connection, change: RunLogged, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter params and tags."""
    number, _ = _run(connection, change.run)
    put_many(connection, _PUT_PARAM, ({"run": number, "key": k, "value": v} for k, v in change.params.items()))
    _put_tags(connection, number, change.tags)


def run_untagged(connection: Connection, change: RunUntagged, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Drop a tag."""
    put_many(connection, _DROP_TAG, [{"run": _run(connection, change.run)[0], "key": change.key}])


def run_used(connection: Connection, change: RunUsed, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter what a run read; a dataset of a name and digest is one in its experiment."""
    number, experiment = _run(connection, change.run)
    for one in change.datasets:
        tags = msgspec.json.encode(one.tags).decode()
        context = dict(one.tags).get(DATA_CONTEXT)
        row = {"run": number, "dataset": _dataset(connection, experiment, one), "tags": tags, "context": context}
        put_many(connection, _PUT_INPUT, [row])
    _put_models(connection, number, 0, [(model, 0) for model in change.models])


def run_made(connection: Connection, change: RunMade, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter what a run made."""
    _put_models(connection, _run(connection, change.run)[0], 1, change.models)


def _run(connection: Connection, run: str) -> tuple[int, int]:
    """Give a run's number and its experiment's."""
    number, experiment = fetch(connection, _RUN, run=run)[0]
    return number, experiment


def _put_tags(connection: Connection, number: int, tags: dict[str, str]) -> None:
    put_many(connection, _PUT_TAG, ({"run": number, "key": key, "value": value} for key, value in tags.items()))


def _dataset(connection: Connection, experiment: int, one: Input) -> int:
    """Give the number of a dataset, entered when it is new."""
    row = msgspec.structs.asdict(one) | {"experiment": experiment}
    known = fetch(connection, _DATASET, experiment=experiment, name=one.name, digest=one.digest)
    if not known:
        put_many(connection, _PUT_DATASET, [row])
        known = fetch(connection, _DATASET, experiment=experiment, name=one.name, digest=one.digest)
    return int(known[0][0])


def _put_models(
    connection: Connection, number: int, made: int, models: list[tuple[str, int]] | tuple[tuple[str, int], ...]
) -> None:
    for model, step in models:
        put_many(connection, _PUT_MODEL, [{"run": number, "made": made, "model": model, "step": step}])
