"""Logged models: begun by a run, finalized, tagged, deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.keys import AssetKey
from trivium.facts.problem import refuse
from trivium.facts.tracking import ACTIVE, DELETED, Change, LoggedModelChanged, LoggedModelCreated, LoggedModelTagged
from trivium.intake.mlflow import names
from trivium.intake.mlflow.checks import absent, bad_value, invalid, required
from trivium.intake.mlflow.requests import CreateLoggedModel
from trivium.intake.mlflow.requests import Pair as Given
from trivium.ledger.direct import fetch
from trivium.mlops.changing import Decision
from trivium.mlops.tracking.experiments import find_experiment
from trivium.mlops.tracking.naming import name_of
from trivium.mlops.tracking.records import LoggedModel, LoggedModelData, LoggedModelInfo, Metric, Pair

_COLUMNS: Final = (
    "model, experiment, name, artifact_location, created_ms, updated_ms, status, stage, model_type, source_run"
)
_OF: Final = "(SELECT value FROM json_each(:models))"
_ROWS = text(f"SELECT {_COLUMNS} FROM tracking_logged_models WHERE model IN {_OF}")
_PARAMS = text(f"SELECT model, key, value FROM tracking_logged_model_params WHERE model IN {_OF} ORDER BY model, key")
_TAGS = text(f"SELECT model, key, value FROM tracking_logged_model_tags WHERE model IN {_OF} ORDER BY model, key")
_METRICS = text(
    "SELECT model, name, value, timestamp_ms, step, dataset_name, dataset_digest, run FROM"
    f" tracking_logged_model_metrics WHERE model IN {_OF} ORDER BY model, name, timestamp_ms, step, run"
)


class LoggedModelRow(msgspec.Struct, frozen=True):
    """A logged model as its table has it."""

    model: str
    experiment: int
    name: str
    artifact_location: str
    created_ms: int
    updated_ms: int
    status: int
    stage: str
    model_type: str | None
    source_run: str | None


def find_logged_model(connection: Connection, model: str, *, deleted: bool = True) -> LoggedModelRow:
    """Find a logged model by its id; refuses one that there is not, and a deleted one unless `deleted`."""
    rows = fetch(connection, _ROWS, models=_listed([model]))
    row = LoggedModelRow(*rows[0]) if rows else None
    if row is None or (row.stage == DELETED and not deleted):
        raise absent(f"Logged model with ID '{model}' not found.", where="model_id")
    return row


def logged_models(connection: Connection, models: Sequence[str]) -> list[LoggedModel]:
    """Tell of logged models by id, in their order."""
    asked = _listed(models)
    rows = {row[0]: LoggedModelRow(*row) for row in fetch(connection, _ROWS, models=asked)}
    params, tags = (_pairs(fetch(connection, statement, models=asked)) for statement in (_PARAMS, _TAGS))
    metrics: dict[str, list[Metric]] = defaultdict(list)
    for model, key, value, timestamp, step, dataset, digest, run in fetch(connection, _METRICS, models=asked):
        metrics[model].append(Metric(key, value, timestamp, step, dataset, digest, model, run))
    return [
        LoggedModel(
            info_of(rows[model], tuple(tags[model])), LoggedModelData(tuple(params[model]), tuple(metrics[model]))
        )
        for model in models
        if model in rows
    ]


def info_of(row: LoggedModelRow, tags: tuple[Pair, ...]) -> LoggedModelInfo:
    """Tell what a logged model is."""
    return LoggedModelInfo(
        model_id=row.model,
        experiment_id=str(row.experiment),
        name=row.name,
        creation_timestamp_ms=row.created_ms,
        last_updated_timestamp_ms=row.updated_ms,
        artifact_uri=row.artifact_location,
        status=names.LOGGED_MODEL_STATUSES[row.status],
        model_type=row.model_type or None,
        source_run_id=row.source_run or None,
        tags=tags,
    )


class _OneModel(Decision):
    """A command about one logged model, of which it tells afterwards."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self._model = model

    def answer(self, connection: Connection) -> None:
        """Tell of the model as it stands."""
        self.told = {"model": logged_models(connection, [self._model])[0]}


class MakeLoggedModel(_OneModel):
    """Begins a logged model."""

    def __init__(self, asked: CreateLoggedModel) -> None:
        super().__init__(f"m-{uuid4().hex}")
        required(asked.experiment_id, "experiment_id")
        if "/" in asked.name or ":" in asked.name or any(one in asked.name for one in (".", "%", '"', "'")):
            raise invalid(
                f"Invalid model name ({asked.name}) provided. Model name must be a non-empty string and cannot contain"
                " the following characters: ('/', ':', '.', '%', '\"', \"'\")",
                where="name",
            )
        self._asked = asked

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse an experiment that there is not, or that is deleted."""
        experiment, asked = find_experiment(connection, self._asked.experiment_id), self._asked
        experiment.check_active()
        created = LoggedModelCreated(
            model=self._model,
            experiment=experiment.number,
            name=asked.name or name_of(self._model),
            artifact_location=f"{experiment.artifact_location.rstrip('/')}/models/{self._model}/artifacts",
            model_type=asked.model_type,
            source_run=asked.source_run_id,
            params=_given(asked.params),
            tags=_given(asked.tags),
        )
        return [(_key(self._model), created)]


class ChangeLoggedModel(_OneModel):
    """Finalizes a logged model, deletes it, or gives it params."""

    def __init__(
        self, model: str, *, status: str | int | None = None, stage: str | None = None, params: Sequence[Given] = ()
    ) -> None:
        super().__init__(model)
        self._change = LoggedModelChanged(
            model=model, status=None if status is None else _status(status), stage=stage, params=_given(params)
        )
        assert stage in {None, ACTIVE, DELETED}

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a logged model that there is not, and a param that it has."""
        find_logged_model(connection, self._model)
        known = {key for _, key, _ in fetch(connection, _PARAMS, models=_listed([self._model]))}
        if twice := known.intersection(self._change.params):
            title = f"The logged model {self._model} has the param {min(twice)!r}, and a param never changes."
            raise refuse("bad_request", title, status=400, where="params", fix="Log a param once.")
        return [(_key(self._model), self._change)]


class TagLoggedModel(Decision):
    """Sets tags of a logged model, or removes one."""

    def __init__(self, model: str, tags: Sequence[Given] = (), *, remove: str | None = None) -> None:
        super().__init__()
        if remove == "":
            title = f"The address ends before it names a tag of the logged model {model}."
            raise refuse("endpoint_not_found", title, status=404, where="address", fix="Name the tag.")
        self._model, self._remove = model, remove or ""
        self._tags: dict[str, str | None] = {remove: None} if remove else dict(_given(tags))

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a logged model that there is not, and to remove a tag that it does not have."""
        find_logged_model(connection, self._model)
        known = {key for _, key, _ in fetch(connection, _TAGS, models=_listed([self._model]))}
        if self._remove and self._remove not in known:
            title = f"No tag with key {self._remove!r} found for model with ID {self._model!r}."
            raise absent(title, where="tag_key")
        return [(_key(self._model), LoggedModelTagged(model=self._model, tags=self._tags))] if self._tags else []


def _status(status: str | int) -> int:
    for number, name in names.LOGGED_MODEL_STATUSES.items():
        if status in {number, name}:
            return number
    raise bad_value("status", status, f"It is one of {', '.join(names.LOGGED_MODEL_STATUSES.values())}.")


def _given(pairs: Iterable[Given]) -> dict[str, str]:
    return {pair.key: pair.value for pair in pairs}


def _key(model: str) -> str:
    return str(AssetKey("model", model))


def _pairs(rows: Iterable[Sequence[Any]]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = defaultdict(list)
    for model, key, value in rows:
        found[model].append(Pair(key, value))
    return found


def _listed(models: Sequence[str]) -> str:
    return msgspec.json.encode(models).decode()
