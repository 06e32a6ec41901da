"""What runs tell of themselves: metrics, which are observed, and params and tags, on which a run must decide.

A run's params never change; a tag may.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.fact import Fact
from trivium.facts.instants import now
from trivium.facts.keys import run_key
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.facts.tracking import Change, ModelMetric, RunChanged, RunLogged, RunMeasured, RunUntagged, Value
from trivium.intake.mlflow import names
from trivium.intake.mlflow.checks import (
    absent,
    check_batch,
    check_metric,
    check_param,
    check_run_id,
    check_tag,
    check_unique,
    invalid,
    required,
)
from trivium.intake.mlflow.reader import is_plain
from trivium.intake.mlflow.requests import LogBatch, LogMetric, LogModel, LogParam, Metric
from trivium.ledger.direct import fetch
from trivium.mlops.changing import Decision, fact_of
from trivium.mlops.tracking.reading import RunRow
from trivium.mlops.tracking.runs import active_run, check_active, id_of

_PARAM = text("SELECT value FROM tracking_params WHERE run = :run AND key = :key")
_TAG = text("SELECT value FROM tracking_run_tags WHERE run = :run AND key = :key")
_MODEL = text("SELECT 1 FROM tracking_logged_models WHERE model = :model")
_MODEL_FIELDS = frozenset({"artifact_path", "flavors", "utc_time_created", "run_id"})
_TOLD_FIELDS = ("run_id", "artifact_path", "utc_time_created", "model_uuid")


def measured(asked: LogMetric) -> tuple[Fact, RunMeasured]:
    """Make the fact of one metric, and give what it states, for `check_measured`."""
    run = id_of(asked)
    required(asked.key, "key")
    value, timestamp = _present(asked.value, asked.timestamp)
    check_metric(asked.key, timestamp)
    _check_plain_texts(run, asked.key, asked.model_id, asked.dataset_name, asked.dataset_digest)
    row = (asked.key, told_value(value), timestamp, asked.step)
    models = (_model_metric(asked, *row[1:3]),) if asked.model_id else ()
    change = RunMeasured(run=run, metrics=(row,), models=models)
    return fact_of(change, run_key(run), now()), change


def check_measured(change: RunMeasured, connection: Connection) -> None:
    """Refuse what a run measured that there is not or that is deleted, or of a logged model that there is not."""
    check_active(change.run, connection)
    for model in {one.model for one in change.models}:
        if not fetch(connection, _MODEL, model=model):
            title = f"The metric belongs to the logged model {model}, which there is not."
            raise refuse("bad_request", title, status=400, where="model_id", fix="Create the logged model first.")


class LogMany(Decision):
    """Logs a batch of metrics, params and tags, all or none."""

    def __init__(self, asked: LogBatch) -> None:
        super().__init__()
        required(asked.run_id, "run_id")
        check_run_id(asked.run_id)
        self._run = asked.run_id
        self._metrics = _checked(asked.metrics)
        self._params = [(one.key, check_param(*_keyed(one, "params", place))) for place, one in enumerate(asked.params)]
        self._tags = {one.key: check_tag(*_keyed(one, "tags", place)) for place, one in enumerate(asked.tags)}
        check_batch(len(asked.metrics), len(asked.params), len(asked.tags))
        check_unique(key for key, _ in self._params)

    @property
    def plain(self) -> RunMeasured | None:
        """Give the change of a batch that holds nothing but metrics: it needs no decision, only an active run."""
        return None if self._params or self._tags else self._metrics_of(self._run)

    @property
    def run(self) -> str:
        """Name the run."""
        return self._run

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a param that has another value, whole."""
        row = active_run(connection, self._run)
        new, other = {}, []
        for key, value in self._params:
            known = fetch(connection, _PARAM, run=row.number, key=key)
            if not known:
                new[key] = value
            elif known[0][0] != value:
                other.append({"key": key, "old_value": known[0][0], "new_value": value})
        if other:
            raise invalid(
                f"Changing param values is not allowed. Params were already logged='{other}' for run ID='{self._run}'.",
                where="params",
            )
        found: list[Change] = []
        if self._metrics[0]:
            check_measured(self._metrics_of(self._run), connection)
            found.append(self._metrics_of(self._run))
        found += logged(row, new, self._tags)
        return [(run_key(self._run), change) for change in found]

    def _metrics_of(self, run: str) -> RunMeasured:
        return RunMeasured(run=run, metrics=self._metrics[0], models=self._metrics[1])


class LogOne(Decision):
    """Logs one param, or sets one tag."""

    def __init__(self, asked: LogParam, *, tag: bool = False) -> None:
        super().__init__()
        self._run = id_of(asked)
        required(asked.key, "key")
        self._key, self._tag = asked.key, tag
        self._value = check_tag(asked.key, asked.value) if tag else check_param(asked.key, asked.value)

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a param that has another value; the same again changes nothing."""
        row, key, value = active_run(connection, self._run), self._key, self._value
        if self._tag:
            return [(run_key(self._run), change) for change in logged(row, {}, {key: value})]
        known = fetch(connection, _PARAM, run=row.number, key=key)
        if known and known[0][0] != value:
            raise invalid(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with"
                f" value='{known[0][0]}' for run ID='{self._run}'. Attempted logging new value '{value}'.",
                where="value",
            )
        return [] if known else [(run_key(self._run), change) for change in logged(row, {key: value}, {})]


class RemoveTag(Decision):
    """Removes a tag of a run."""

    def __init__(self, asked: LogParam) -> None:
        super().__init__()
        self._run, self._key = id_of(asked), asked.key
        required(asked.key, "key")

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a tag that the run does not have."""
        row = active_run(connection, self._run)
        if not fetch(connection, _TAG, run=row.number, key=self._key):
            raise absent(f"No tag with name: {self._key} in run with id {self._run}", where="key")
        return [(run_key(self._run), RunUntagged(run=self._run, key=self._key))]


class RecordModel(Decision):
    """Notes a model that a 2.x client logged, in the tag where those clients look for it, however long it grows."""

    def __init__(self, asked: LogModel) -> None:
        super().__init__()
        required(asked.run_id, "run_id")
        required(asked.model_json, "model_json")
        self._run = asked.run_id
        self._model = _model_of(asked.model_json)

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Put it behind those that were logged before."""
        row = active_run(connection, self._run)
        known = fetch(connection, _TAG, run=row.number, key=names.LOGGED_MODELS)
        models = (msgspec.json.decode(known[0][0]) if known else []) + [self._model]
        value = msgspec.json.encode(models).decode()
        return [(run_key(self._run), change) for change in logged(row, {}, {names.LOGGED_MODELS: value})]


def logged(row: RunRow, params: dict[str, str], tags: dict[str, str]) -> list[Change]:
    """Make the changes that params and tags are; the tag of a run's name is its name."""
    found: list[Change] = []
    name = tags.get(names.RUN_NAME)
    if name:
        found.append(RunChanged(run=row.id, name=name))
    rest = {key: value for key, value in tags.items() if key != names.RUN_NAME}
    if params or rest:
        found.append(RunLogged(run=row.id, start_ms=row.start_ms or 0, params=params, tags=rest))
    return found


def told_value(value: float) -> Value:
    """Write a value as JSON can hold it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _checked(metrics: Sequence[Metric]) -> tuple[tuple[tuple[str, Value, int, int], ...], tuple[ModelMetric, ...]]:
    """Check metrics and make rows of them, each once; what is fine at the first look is not looked at again."""
    rows, models = [], []
    for place, one in enumerate(metrics):
        value, timestamp = one.value, one.timestamp
        if value is None or timestamp is None or timestamp < 0 or not _is_fine(one.key):
            value, timestamp = _looked_at(one, place, "" if len(metrics) == 1 else f"metrics[{place}]")
        told = value if isfinite(value) else told_value(value)
        rows.append((one.key, told, timestamp, one.step))
        if one.model_id:
            _check_plain_texts(one.model_id, one.dataset_name, one.dataset_digest)
            models.append(_model_metric(one, told, timestamp))
    return tuple(dict.fromkeys(rows)), tuple(dict.fromkeys(models))


def _looked_at(one: Metric, place: int, path: str) -> tuple[float, int]:
    """Refuse a metric that is none, with its place."""
    required(one.key, f"metrics[{place}].key")
    value, timestamp = _present(one.value, one.timestamp, f"metrics[{place}].")
    check_metric(one.key, timestamp, path)
    _check_plain_texts(one.key)
    return value, timestamp


@lru_cache(maxsize=16_384)
def _is_fine(key: str) -> bool:
    """Say whether a text can be the name of a metric."""
    try:
        check_metric(key, 0)
    except ProblemError:
        return False
    return bool(key) and is_plain(key)


def _check_plain_texts(*texts: str) -> None:
    """Refuse texts that hold a known secret, or cannot be stored."""
    for text_ in texts:
        if text_ and not is_plain(text_):
            title = f"The text {shown(text_)} cannot be stored: it holds a secret, or no text."
            raise invalid(title, where="key", fix="Send another name.")


def _model_metric(asked: Metric | LogMetric, value: Value, timestamp: int) -> ModelMetric:
    return ModelMetric(
        model=asked.model_id,
        key=asked.key,
        value=value,
        timestamp_ms=timestamp,
        step=asked.step,
        dataset_name=asked.dataset_name or None,
        dataset_digest=asked.dataset_digest or None,
    )


def _present(value: float | None, timestamp: int | None, path: str = "") -> tuple[float, int]:
    required(value, f"{path}value")
    required(timestamp, f"{path}timestamp")
    assert value is not None
    assert timestamp is not None
    return value, timestamp


def _keyed(pair: Any, what: str, place: int) -> tuple[str, str, str]:
    required(pair.key, f"{what}[{place}].key")
    return pair.key, pair.value, f"{what}[{place}]"


def _model_of(text_: str) -> dict[str, Any]:
    try:
        model = msgspec.json.decode(text_)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise invalid(f"Malformed model info: {fault}", where="model_json") from fault
    missing = _MODEL_FIELDS - set(model) if isinstance(model, dict) else _MODEL_FIELDS
    if missing:
        raise invalid(f"Model json is missing mandatory fields: {sorted(missing)}", where="model_json")
    flavors = model["flavors"]
    if not isinstance(flavors, dict):
        raise invalid("The flavors of a model are no JSON object.", where="model_json")
    kept = {key: model[key] for key in _TOLD_FIELDS if key in model}
    return kept | {"flavors": {name: _without_config(one) for name, one in flavors.items()}}


def _without_config(flavor: Any) -> Any:
    return {key: value for key, value in flavor.items() if key != "config"} if isinstance(flavor, dict) else flavor
