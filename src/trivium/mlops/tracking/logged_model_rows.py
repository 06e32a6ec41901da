"""How changes of logged models are entered into their tables."""

from __future__ import annotations

from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.tracking import ACTIVE, LoggedModelChanged, LoggedModelCreated, LoggedModelTagged
from trivium.ledger.direct import put_many
from trivium.mlops.changing import milliseconds

_PUT = text(
    "INSERT INTO tracking_logged_models (model, experiment, name, artifact_location, created_ms, updated_ms, status,"
    " stage, model_type, source_run) VALUES (:model, :experiment, :name, :artifact_location, :at, :at, 1, :stage,"
    " :model_type, :source_run)"
)
_SET_STATUS = text("UPDATE tracking_logged_models SET status = :status, updated_ms = :at WHERE model = :model")
_SET_STAGE = text("UPDATE tracking_logged_models SET stage = :stage, updated_ms = :at WHERE model = :model")
_PUT_PARAM = text(
    "INSERT INTO tracking_logged_model_params (model, key, value) VALUES (:model, :key, :value)"
    " ON CONFLICT (model, key) DO NOTHING"
)
_PUT_TAG = text(
    "INSERT INTO tracking_logged_model_tags (model, key, value) VALUES (:model, :key, :value)"
    " ON CONFLICT (model, key) DO UPDATE SET value = excluded.value"
)
_DROP_TAG = text("DELETE FROM tracking_logged_model_tags WHERE model = :model AND key = :key")


def created(connection: Connection, change: LoggedModelCreated, recorded: RecordedFact) -> None:
    """Enter a logged model, pending."""
    row = {
        "model": change.model, "experiment": change.experiment, "name": change.name, "stage": ACTIVE,
        "artifact_location": change.artifact_location, "at": milliseconds(recorded.fact.happened_at),
        "model_type": change.model_type, "source_run": change.source_run,
    }  # fmt: skip
    put_many(connection, _PUT, [row])
    put_many(connection, _PUT_PARAM, _pairs(change.model, change.params))
    put_many(connection, _PUT_TAG, _pairs(change.model, change.tags))


def changed(connection: Connection, change: LoggedModelChanged, recorded: RecordedFact) -> None:
    """Enter a logged model's status, stage or params."""
    row = {"model": change.model, "at": milliseconds(recorded.fact.happened_at)}
    if change.status is not None:
        put_many(connection, _SET_STATUS, [row | {"status": change.status}])
    if change.stage is not None:
        put_many(connection, _SET_STAGE, [row | {"stage": change.stage}])
    put_many(connection, _PUT_PARAM, _pairs(change.model, change.params))


def tagged(connection: Connection, change: LoggedModelTagged, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter and drop a logged model's tags."""
    kept = {key: value for key, value in change.tags.items() if value is not None}
    put_many(connection, _PUT_TAG, _pairs(change.model, kept))
    put_many(connection, _DROP_TAG, _pairs(change.model, {key: "" for key in change.tags if key not in kept}))


def _pairs(model: str, pairs: dict[str, str]) -> list[dict[str, str]]:
    return [{"model": model, "key": key, "value": value} for key, value in pairs.items()]
