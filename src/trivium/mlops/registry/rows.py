"""How changes of registered models and versions are entered into their tables."""

from __future__ import annotations

from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.tracking import (
    ModelAliased,
    ModelChanged,
    ModelCreated,
    ModelDeleted,
    ModelTagged,
    VersionChanged,
    VersionCreated,
    VersionDeleted,
    VersionTagged,
)
from trivium.ledger.direct import put_many
from trivium.mlops.changing import milliseconds

_TABLES = ("registry_versions", "registry_version_tags", "registry_aliases", "registry_model_tags", "registry_models")
_PUT_MODEL = text(
    "INSERT INTO registry_models (name, description, created_ms, updated_ms) VALUES (:name, :description, :at, :at)"
)
_DESCRIBE_MODEL = text("UPDATE registry_models SET description = :description WHERE name = :name")
_TOUCH_MODEL = text("UPDATE registry_models SET updated_ms = :at WHERE name = :name")
_RENAME = [text(f"UPDATE {table} SET name = :new_name WHERE name = :name") for table in _TABLES]
_TOUCH_VERSIONS = text("UPDATE registry_versions SET updated_ms = :at WHERE name = :name")
_DROP_MODEL = [text(f"DELETE FROM {table} WHERE name = :name") for table in _TABLES]
_PUT_MODEL_TAG = text(
    "INSERT INTO registry_model_tags (name, key, value) VALUES (:name, :key, :value)"
    " ON CONFLICT (name, key) DO UPDATE SET value = excluded.value"
)
_DROP_MODEL_TAG = text("DELETE FROM registry_model_tags WHERE name = :name AND key = :key")
_PUT_ALIAS = text(
    "INSERT INTO registry_aliases (name, alias, version) VALUES (:name, :alias, :version)"
    " ON CONFLICT (name, alias) DO UPDATE SET version = excluded.version"
)
_DROP_ALIAS = text("DELETE FROM registry_aliases WHERE name = :name AND alias = :alias")
_PUT_VERSION = text(
    "INSERT INTO registry_versions (name, version, created_ms, updated_ms, description, user, current_stage, source,"
    " storage_location, run_id, run_link, status, status_message, model_id, sequence) VALUES (:name, :version, :at,"
    " :at, :description, NULL, 'None', :source, :storage_location, :run, :run_link, 'READY', NULL, :model_id,"
    " :sequence)"
)
_DESCRIBE_VERSION = text(
    "UPDATE registry_versions SET description = :description WHERE name = :name AND version = :version"
)
_STAGE_VERSION = text("UPDATE registry_versions SET current_stage = :stage WHERE name = :name AND version = :version")
_TOUCH_VERSION = text("UPDATE registry_versions SET updated_ms = :at WHERE name = :name AND version = :version")
_DELETE_VERSION = text(
    "UPDATE registry_versions SET current_stage = 'Deleted_Internal', updated_ms = :at, description = '', user = NULL,"
    " source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK',"
    " status_message = NULL"
    " WHERE name = :name AND version = :version"
)
_DROP_ALIASES = text("DELETE FROM registry_aliases WHERE name = :name AND version = :version")
_PUT_VERSION_TAG = text(
    "INSERT INTO registry_version_tags (name, version, key, value) VALUES (:name, :version, :key, :value)"
    " ON CONFLICT (name, version, key) DO UPDATE SET value = excluded.value"
)
_DROP_VERSION_TAG = text("DELETE FROM registry_version_tags WHERE name = :name AND version = :version AND key = :key")


def model_created(connection: Connection, change: ModelCreated, recorded: RecordedFact) -> None:
    """Enter a registered model."""
    row = {"name": change.name, "description": change.description, "at": milliseconds(recorded.fact.happened_at)}
    put_many(connection, _PUT_MODEL, [row])
    tags = ({"name": change.name, "key": key, "value": value} for key, value in change.tags.items())
    put_many(connection, _PUT_MODEL_TAG, tags)


def model_changed(connection: Connection, change: ModelChanged, recorded: RecordedFact) -> None:
    """Enter a registered model's other name or description; versions, tags and aliases go with it."""
    row = {"name": change.name, "at": milliseconds(recorded.fact.happened_at)}
    if change.description is not None:
        put_many(connection, _DESCRIBE_MODEL, [row | {"description": change.description}])
    if change.new_name is not None:
        for statement in _RENAME:
            put_many(connection, statement, [row | {"new_name": change.new_name}])
        row["name"] = change.new_name
        put_many(connection, _TOUCH_VERSIONS, [row])
    put_many(connection, _TOUCH_MODEL, [row])


def model_deleted(connection: Connection, change: ModelDeleted, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Drop a registered model and all that is its own."""
    for statement in _DROP_MODEL:
        put_many(connection, statement, [{"name": change.name}])


def model_tagged(connection: Connection, change: ModelTagged, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter a registered model's tag, or drop it."""
    statement = _DROP_MODEL_TAG if change.value is None else _PUT_MODEL_TAG
    put_many(connection, statement, [{"name": change.name, "key": change.key, "value": change.value}])


def model_aliased(connection: Connection, change: ModelAliased, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter an alias, or drop it."""
    statement = _DROP_ALIAS if change.version is None else _PUT_ALIAS
    put_many(connection, statement, [{"name": change.name, "alias": change.alias, "version": change.version}])


def version_created(connection: Connection, change: VersionCreated, recorded: RecordedFact) -> None:
    """Enter a version; its model changed with it."""
    row = {
        "name": change.name, "version": change.version, "at": milliseconds(recorded.fact.happened_at),
        "description": change.description, "source": change.source, "storage_location": change.storage_location,
        "run": change.run, "run_link": change.run_link, "model_id": change.model_id, "sequence": recorded.sequence,
    }  # fmt: skip
    put_many(connection, _PUT_VERSION, [row])
    put_many(connection, _TOUCH_MODEL, [row])
    tags = ({"name": change.name, "version": change.version, "key": k, "value": v} for k, v in change.tags.items())
    put_many(connection, _PUT_VERSION_TAG, tags)


def version_changed(connection: Connection, change: VersionChanged, recorded: RecordedFact) -> None:
    """Enter a version's description or stage; the versions that left the stage for it are archived."""
    row = {"name": change.name, "version": change.version, "at": milliseconds(recorded.fact.happened_at)}
    if change.description is not None:
        put_many(connection, _DESCRIBE_VERSION, [row | {"description": change.description}])
    if change.stage is not None:
        archived = [row | {"version": version, "stage": "Archived"} for version in change.archived]
        put_many(connection, _STAGE_VERSION, [*archived, row | {"stage": change.stage}])
        put_many(connection, _TOUCH_VERSION, archived)
        put_many(connection, _TOUCH_MODEL, [row])
    put_many(connection, _TOUCH_VERSION, [row])


def version_deleted(connection: Connection, change: VersionDeleted, recorded: RecordedFact) -> None:
    """Redact a version and drop its aliases, as MLflow does; its tags and its number stay while its model stands."""
    row = {"name": change.name, "version": change.version, "at": milliseconds(recorded.fact.happened_at)}
    put_many(connection, _DELETE_VERSION, [row])
    put_many(connection, _TOUCH_MODEL, [row])
    put_many(connection, _DROP_ALIASES, [row])


def version_tagged(connection: Connection, change: VersionTagged, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Enter a version's tag, or drop it."""
    statement = _DROP_VERSION_TAG if change.value is None else _PUT_VERSION_TAG
    row = {"name": change.name, "version": change.version, "key": change.key, "value": change.value}
    put_many(connection, statement, [row])
