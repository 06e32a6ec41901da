"""Versions of registered models: numbered, described, moved between stages, deleted, tagged."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, text

from trivium.facts.tracking import (
    Change,
    LoggedModelTagged,
    VersionChanged,
    VersionCreated,
    VersionDeleted,
    VersionTagged,
)
from trivium.intake.mlflow.checks import (
    check_model_name,
    check_name,
    check_registry_tag,
    invalid,
    required,
    stage_named,
    version_number,
)
from trivium.intake.mlflow.names import ACTIVE_STAGES, MODEL_VERSIONS
from trivium.intake.mlflow.requests import CreateVersion, ModelAsked, VersionAsked
from trivium.ledger.direct import fetch
from trivium.mlops.changing import Decision, model_key
from trivium.mlops.registry.models import given, is_prompt
from trivium.mlops.registry.origins import Origin, experiment_of, origin_of, origin_of_prompt
from trivium.mlops.registry.reading import find_model, find_version, latest_versions, whole_version
from trivium.mlops.registry.records import ModelVersion

_LAST = text("SELECT max(version) FROM registry_versions WHERE name = :name")
_IN_STAGE = text(
    "SELECT version FROM registry_versions WHERE name = :name AND current_stage = :stage AND version <> :version"
)
_TAG = text("SELECT 1 FROM registry_version_tags WHERE name = :name AND version = :version AND key = :key")
_OF_MODEL = text("SELECT value FROM tracking_logged_model_tags WHERE model = :model AND key = :key")


def download_uri(connection: Connection, asked: VersionAsked) -> str:
    """Say where the files of a version lie: the server tells it, and never looks there itself."""
    row = find_version(connection, asked.name, asked.version)
    return row.storage_location or row.source


def latest_by_stage(connection: Connection, asked: ModelAsked) -> list[ModelVersion]:
    """Tell of the latest version of each stage, or of those that are asked for."""
    required(asked.name, "name")
    name = find_model(connection, asked.name).name
    if not asked.stages:
        return latest_versions(connection, name)
    return latest_versions(connection, name, [stage_named(stage) for stage in asked.stages])


class MakeVersion(Decision):
    """Registers a version, and tells of it under the number that it got."""

    def __init__(self, asked: CreateVersion) -> None:
        super().__init__()
        required(asked.name, "name")
        required(asked.source, "source")
        self._asked = asked
        self._prompt = is_prompt({tag.key: tag.value for tag in asked.tags})
        self._version = 0

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Give it the number after all that ever were; refuses a model that there is not, and a source that is none."""
        asked = self._asked
        origin = origin_of_prompt(asked) if self._prompt else origin_of(connection, asked)
        tags = given(asked.tags)
        find_model(connection, asked.name)
        self._version = int(fetch(connection, _LAST, name=asked.name)[0][0] or 0) + 1
        created = VersionCreated(
            name=asked.name,
            version=self._version,
            source=origin.source,
            run=origin.run,
            experiment_name=experiment_of(connection, origin.run),
            run_link=asked.run_link,
            description=asked.description,
            model_id=origin.model_id or None,
            storage_location=origin.storage,
            tags=tags,
            copy_of=origin.copy_of,
            prompt=self._prompt,
        )
        return [(model_key(asked.name, self._version), created), *self._noted(connection, origin)]

    def answer(self, connection: Connection) -> None:
        """Tell of the version."""
        row = find_version(connection, self._asked.name, str(self._version))
        self.told = {"model_version": whole_version(connection, row)}

    def _noted(self, connection: Connection, origin: Origin) -> list[tuple[str, Change]]:
        """Note the version at the logged model that it is made of, as MLflow does: in a tag that lists all of them."""
        if self._prompt or not origin.model_id:
            return []
        one = {"name": self._asked.name, "version": self._version}
        known = fetch(connection, _OF_MODEL, model=origin.model_id, key=MODEL_VERSIONS)
        tags: dict[str, str | None] = {MODEL_VERSIONS: json.dumps([*_listed(known[0][0] if known else ""), one])}
        return [(model_key(origin.model_id), LoggedModelTagged(model=origin.model_id, tags=tags))]


class _OneVersion(Decision):
    """A command about one version, of which it tells afterwards."""

    def __init__(self, asked: VersionAsked) -> None:
        super().__init__()
        required(asked.name, "name")
        required(asked.version, "version")
        self._asked = asked

    def answer(self, connection: Connection) -> None:
        """Tell of the version as it stands."""
        row = find_version(connection, self._asked.name, self._asked.version)
        self.told = {"model_version": whole_version(connection, row)}


class DescribeVersion(_OneVersion):
    """Gives a version another description."""

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a version that there is not."""
        row = find_version(connection, self._asked.name, self._asked.version)
        changed = VersionChanged(name=row.name, version=row.version, description=self._asked.description or "")
        return [(model_key(row.name, row.version), changed)]


class MoveVersion(_OneVersion):
    """Moves a version to another stage; those that stand there may be archived for it."""

    def __init__(self, asked: VersionAsked) -> None:
        super().__init__(asked)
        required(asked.stage, "stage")
        self._stage = stage_named(asked.stage)
        if asked.archive_existing_versions and self._stage not in ACTIVE_STAGES:
            title = (
                "Model version transition cannot archive existing model versions because"
                f" '{asked.stage}' is not an Active stage. Valid stages are {', '.join(ACTIVE_STAGES)}."
            )
            raise invalid(title, where="archive_existing_versions")

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a version that there is not."""
        row = find_version(connection, self._asked.name, self._asked.version)
        there = {"name": row.name, "stage": self._stage, "version": row.version}
        archived = fetch(connection, _IN_STAGE, **there) if self._asked.archive_existing_versions else []
        changed = VersionChanged(
            name=row.name,
            version=row.version,
            stage=self._stage,
            archived=tuple(version for (version,) in archived),
        )
        return [(model_key(row.name, row.version), changed)]


class DeleteVersion(Decision):
    """Deletes a version; its number is given to no other while its model stands."""

    def __init__(self, asked: VersionAsked) -> None:
        super().__init__()
        required(asked.name, "name")
        required(asked.version, "version")
        version_number(asked.version)
        self._asked = asked

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a version that there is not."""
        row = find_version(connection, self._asked.name, self._asked.version)
        return [(model_key(row.name, row.version), VersionDeleted(name=row.name, version=row.version))]


class TagVersion(Decision):
    """Sets a tag of a version, or removes it."""

    def __init__(self, asked: VersionAsked, *, remove: bool = False) -> None:
        super().__init__()
        for value, path in ((asked.name, "name"), (asked.version, "version"), (asked.key, "key")):
            required(value, path)
        check_model_name(asked.name)
        version_number(asked.version)
        if remove:
            check_name(asked.key, "key")
        else:
            check_registry_tag(asked.key, asked.value)
        self._asked, self._remove = asked, remove

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a version that there is not; to remove a tag that it does not have changes nothing."""
        row, asked = find_version(connection, self._asked.name, self._asked.version), self._asked
        if self._remove and not fetch(connection, _TAG, name=row.name, version=row.version, key=asked.key):
            return []
        value = None if self._remove else asked.value
        tagged = VersionTagged(name=row.name, version=row.version, key=asked.key, value=value)
        return [(model_key(row.name, row.version), tagged)]


def _listed(value: str) -> list[object]:
    """Read a tag that lists versions; one that a client filled with something else begins anew."""
    try:
        found = json.loads(value) if value else []
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []
