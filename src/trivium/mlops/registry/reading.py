"""Reads registered models and versions whole: one question for each table, however many are told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.bounds import INT64
from trivium.intake.mlflow.checks import absent, check_model_name, version_number
from trivium.intake.mlflow.names import DELETED_STAGE, STAGES
from trivium.ledger.direct import fetch
from trivium.mlops.registry.records import Alias, ModelVersion, RegisteredModel
from trivium.mlops.tracking.records import Pair

Numbered = tuple[str, int]
"""A version: the name of its model, and its number."""
_OF: Final = "(SELECT value FROM json_each(:names))"
_MODELS = text(f"SELECT name, description, created_ms, updated_ms FROM registry_models WHERE name IN {_OF}")
_MODEL_TAGS = text(f"SELECT name, key, value FROM registry_model_tags WHERE name IN {_OF} ORDER BY name, key")
_ALIASES = text(f"SELECT name, alias, version FROM registry_aliases WHERE name IN {_OF} ORDER BY name, alias")
_LATEST = text(
    f"SELECT name, current_stage, max(version) FROM registry_versions WHERE name IN {_OF}"
    f" AND current_stage <> '{DELETED_STAGE}' GROUP BY name, current_stage ORDER BY name, min(version)"
)
_ASKED: Final = "json_each(:asked) asked JOIN {0} v ON v.name = asked.value ->> 0 AND v.version = asked.value ->> 1"
_VERSIONS = text(
    "SELECT v.name, v.version, v.created_ms, v.updated_ms, v.current_stage, v.description, v.source, v.run_id,"
    " v.status, v.run_link, v.storage_location, v.model_id"
    f" FROM {_ASKED.format('registry_versions')} ORDER BY asked.key"
)
_VERSION_TAGS = text(
    f"SELECT v.name, v.version, v.key, v.value FROM {_ASKED.format('registry_version_tags')} ORDER BY asked.key, v.key"
)


class ModelRow(msgspec.Struct, frozen=True):
    """A registered model as its table has it."""

    name: str
    description: str
    created_ms: int
    updated_ms: int


class VersionRow(msgspec.Struct, frozen=True):
    """A version as its table has it."""

    name: str
    version: int
    created_ms: int
    updated_ms: int
    stage: str
    description: str
    source: str
    run: str
    status: str
    run_link: str
    storage_location: str | None
    model_id: str | None


def find_model(connection: Connection, name: str) -> ModelRow:
    """Find a registered model by its name; refuses what is no name, and what there is not."""
    check_model_name(name)
    rows = fetch(connection, _MODELS, names=_written([name]))
    if not rows:
        raise absent(f"Registered Model with name={name} not found", where="name")
    return ModelRow(*rows[0])


def find_version(connection: Connection, name: str, version: str) -> VersionRow:
    """Find a version that is not deleted; refuses what is no name or number, and what there is not."""
    check_model_name(name)
    number = version_number(version)
    rows = fetch(connection, _VERSIONS, asked=_written([(name, number)])) if number in INT64 else []
    row = VersionRow(*rows[0]) if rows else None
    if row is None or row.stage == DELETED_STAGE:
        raise absent(f"Model Version (name={name}, version={version}) not found", where="version")
    return row


def aliases_of(connection: Connection, name: str) -> dict[str, int]:
    """Give the aliases of a model, in alphabetical order, each with the number of its version."""
    return {alias: version for _, alias, version in fetch(connection, _ALIASES, names=_written([name]))}


def whole_models(connection: Connection, names: Sequence[str], *, by_stage: bool = False) -> list[RegisteredModel]:
    """Tell of registered models by name, in the order of the names.

    The latest versions stand in the order in which their stages were first reached, or `by_stage`, as MLflow's own
    server tells them in a search.
    """
    asked = _written(names)
    rows = {row[0]: ModelRow(*row) for row in fetch(connection, _MODELS, names=asked)}
    tags = _pairs((row[0], *row[1:]) for row in fetch(connection, _MODEL_TAGS, names=asked))
    aliases: dict[str, list[Alias]] = defaultdict(list)
    for name, alias, version in fetch(connection, _ALIASES, names=asked):
        aliases[name].append(Alias(alias, str(version)))
    latest: dict[str, list[ModelVersion]] = defaultdict(list)
    numbered = [(name, version) for name, _, version in fetch(connection, _LATEST, names=asked)]
    told_of = whole_versions(connection, numbered)
    for one in sorted(told_of, key=lambda one: one.current_stage) if by_stage else told_of:
        latest[one.name].append(one)
    return [
        RegisteredModel(
            name=name,
            creation_timestamp=rows[name].created_ms,
            last_updated_timestamp=rows[name].updated_ms,
            description=rows[name].description,
            latest_versions=tuple(latest[name]),
            tags=tuple(tags[name]),
            aliases=tuple(aliases[name]),
        )
        for name in names
        if name in rows
    ]


def whole_versions(connection: Connection, asked: Sequence[Numbered]) -> list[ModelVersion]:
    """Tell of versions in the order in which they are asked for, without aliases, as MLflow lists them."""
    written = _written(asked)
    tags = _pairs(((name, version), key, value) for name, version, key, value in _fetched_tags(connection, written))
    rows = [VersionRow(*row) for row in fetch(connection, _VERSIONS, asked=written)]
    return [told(row, tags[row.name, row.version]) for row in rows]


def whole_version(connection: Connection, row: VersionRow) -> ModelVersion:
    """Tell of one version, with its aliases."""
    return with_aliases(connection, row.name, whole_versions(connection, [(row.name, row.version)]))[0]


def latest_versions(connection: Connection, name: str, stages: Sequence[str] = STAGES) -> list[ModelVersion]:
    """Tell of the latest version of each stage of a model, with its aliases."""
    numbered = [
        (name, version) for _, stage, version in fetch(connection, _LATEST, names=_written([name])) if stage in stages
    ]
    return with_aliases(connection, name, whole_versions(connection, numbered))


def with_aliases(connection: Connection, name: str, versions: Sequence[ModelVersion]) -> list[ModelVersion]:
    """Add the aliases to versions of one model."""
    known = aliases_of(connection, name)
    return [
        msgspec.structs.replace(
            one, aliases=tuple(alias for alias, number in known.items() if str(number) == one.version)
        )
        for one in versions
    ]


def told(row: VersionRow, tags: Sequence[Pair]) -> ModelVersion:
    """Tell what a version is."""
    return ModelVersion(
        name=row.name,
        version=str(row.version),
        creation_timestamp=row.created_ms,
        last_updated_timestamp=row.updated_ms,
        current_stage=row.stage,
        description=row.description,
        source=row.source,
        run_id=row.run,
        status=row.status,
        tags=tuple(tags),
        run_link=row.run_link,
    )


def _fetched_tags(connection: Connection, written: str) -> list[Any]:
    return fetch(connection, _VERSION_TAGS, asked=written)


def _pairs(rows: Iterable[tuple[Any, str, str]]) -> dict[Any, list[Pair]]:
    found: dict[Any, list[Pair]] = defaultdict(list)
    for one, key, value in rows:
        found[one].append(Pair(key, value))
    return found


def _written(asked: Sequence[object]) -> str:
    """Write what is asked for as one parameter: a JSON array."""
    return msgspec.json.encode(asked).decode()
