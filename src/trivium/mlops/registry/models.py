"""Registered models: made, described, renamed with their versions, deleted, tagged; aliases of versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from trivium.facts.tracking import Change, ModelAliased, ModelChanged, ModelCreated, ModelDeleted, ModelTagged
from trivium.intake.mlflow.checks import (
    absent,
    check_alias,
    check_model_name,
    check_name,
    check_registry_tag,
    exists,
    invalid,
    required,
    version_number,
)
from trivium.intake.mlflow.names import IS_PROMPT
from trivium.intake.mlflow.requests import CreateModel, ModelAsked, Pair
from trivium.ledger.direct import fetch
from trivium.mlops.changing import Decision, model_key
from trivium.mlops.registry.reading import (
    VersionRow,
    aliases_of,
    find_model,
    find_version,
    latest_versions,
    whole_models,
)

LATEST: Final = "latest"
"""The alias that nobody sets: the greatest version of all."""
_STANDS = text("SELECT 1 FROM registry_models WHERE name = :name")
_TAG = text("SELECT value FROM registry_model_tags WHERE name = :name AND key = :key")
_NUMBERS = text("SELECT version FROM registry_versions WHERE name = :name ORDER BY version")


def is_prompt(tags: dict[str, str]) -> bool:
    """Say whether tags are those of a prompt, which MLflow keeps among the registered models."""
    return tags.get(IS_PROMPT, "").lower() == "true"


def of_prompt(connection: Connection, name: str) -> bool:
    """Say whether a registered model is a prompt."""
    found = fetch(connection, _TAG, name=name, key=IS_PROMPT)
    return bool(found) and is_prompt({IS_PROMPT: found[0][0]})


def given(tags: Sequence[Pair]) -> dict[str, str]:
    """Check the tags of a model or version; of two with one key the later one counts."""
    for tag in tags:
        check_registry_tag(tag.key, tag.value)
    return {tag.key: tag.value for tag in tags}


def version_by_alias(connection: Connection, name: str, alias: str) -> VersionRow:
    """Find the version that an alias names; `latest` is the greatest."""
    required(name, "name")
    check_model_name(name)
    check_alias(alias, reserved=False)
    if alias.lower() == LATEST:
        find_model(connection, name)
        return latest_version(connection, name)
    find_model(connection, name)
    known = aliases_of(connection, name)
    if alias not in known:
        raise invalid(f"Registered model alias {alias} not found.", where="alias")
    return find_version(connection, name, str(known[alias]))


class _OneModel(Decision):
    """A command about one registered model, of which it tells afterwards."""

    def __init__(self, name: str) -> None:
        super().__init__()
        required(name, "name")
        self._name = self._then = name

    def answer(self, connection: Connection) -> None:
        """Tell of the model as it stands, under the name that it then has."""
        self.told = {"registered_model": whole_models(connection, [self._then])[0]}


class MakeModel(_OneModel):
    """Begins a registered model."""

    def __init__(self, asked: CreateModel) -> None:
        super().__init__(asked.name)
        check_model_name(asked.name)
        self._created = ModelCreated(name=asked.name, description=asked.description, tags=given(asked.tags))

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a name that stands; a model and a prompt never share one."""
        if fetch(connection, _STANDS, name=self._name):
            kinds = [_kind(prompt) for prompt in (of_prompt(connection, self._name), is_prompt(self._created.tags))]
            title = f"{kinds[1]} (name={self._name}) already exists."
            if kinds[0] != kinds[1]:
                title = f"A {kinds[1].lower()} cannot be named {self._name!r}: a {kinds[0].lower()} has that name."
            raise exists(title, where="name")
        return [(model_key(self._name), self._created)]


class DescribeModel(_OneModel):
    """Gives a registered model another description."""

    def __init__(self, asked: ModelAsked) -> None:
        super().__init__(asked.name)
        self._changed = ModelChanged(name=asked.name, description=asked.description or "")

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a model that there is not."""
        find_model(connection, self._name)
        return [(model_key(self._name), self._changed)]


class RenameModel(_OneModel):
    """Gives a registered model another name; its versions go with it."""

    def __init__(self, asked: ModelAsked) -> None:
        super().__init__(asked.name)
        required(asked.new_name, "new_name")
        check_model_name(asked.new_name, "new_name")
        self._then = asked.new_name

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a name that another model has."""
        find_model(connection, self._name)
        if self._then != self._name and fetch(connection, _STANDS, name=self._then):
            raise exists(f"Registered Model (name={self._then}) already exists.", where="new_name")
        versions = tuple(number for (number,) in fetch(connection, _NUMBERS, name=self._name))
        return [(model_key(self._name), ModelChanged(name=self._name, new_name=self._then, versions=versions))]


class DeleteModel(Decision):
    """Deletes a registered model, with its versions."""

    def __init__(self, asked: ModelAsked) -> None:
        super().__init__()
        required(asked.name, "name")
        self._name = asked.name

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a model that there is not."""
        find_model(connection, self._name)
        return [(model_key(self._name), ModelDeleted(name=self._name))]


class TagModel(Decision):
    """Sets a tag of a registered model, or removes it."""

    def __init__(self, asked: ModelAsked, *, remove: bool = False) -> None:
        super().__init__()
        required(asked.name, "name")
        required(asked.key, "key")
        check_model_name(asked.name)
        if remove:
            check_name(asked.key, "key")
        else:
            check_registry_tag(asked.key, asked.value)
        self._tagged = ModelTagged(name=asked.name, key=asked.key, value=None if remove else asked.value)

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a model that there is not; to remove a tag that it does not have changes nothing."""
        find_model(connection, self._tagged.name)
        known = fetch(connection, _TAG, name=self._tagged.name, key=self._tagged.key)
        if self._tagged.value is None and not known:
            return []
        return [(model_key(self._tagged.name), self._tagged)]


class SetAlias(Decision):
    """Gives a version of a model an alias, which it takes from the version that had it."""

    def __init__(self, asked: ModelAsked) -> None:
        super().__init__()
        for value, path in ((asked.name, "name"), (asked.alias, "alias"), (asked.version, "version")):
            required(value, path)
        check_model_name(asked.name)
        check_alias(asked.alias)
        version_number(asked.version)
        self._asked = asked

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a version that there is not."""
        row = find_version(connection, self._asked.name, self._asked.version)
        return [(model_key(row.name), ModelAliased(name=row.name, alias=self._asked.alias, version=row.version))]


class RemoveAlias(Decision):
    """Removes an alias of a model."""

    def __init__(self, asked: ModelAsked) -> None:
        super().__init__()
        required(asked.name, "name")
        required(asked.alias, "alias")
        check_model_name(asked.name)
        check_alias(asked.alias, reserved=False)
        self._asked = asked

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a model that there is not; to remove an alias that it does not have changes nothing."""
        find_model(connection, self._asked.name)
        if self._asked.alias not in aliases_of(connection, self._asked.name):
            return []
        return [(model_key(self._asked.name), ModelAliased(name=self._asked.name, alias=self._asked.alias))]


def latest_version(connection: Connection, name: str, stages: Sequence[str] | None = None) -> VersionRow:
    """Find the greatest version of a model, among those of some stages; refuses where there is none."""
    found = latest_versions(connection, name, stages) if stages else latest_versions(connection, name)
    if not found:
        stage = f" in stage {', '.join(stages)}" if stages else ""
        raise absent(f"Latest version not found for model {name}{stage}.", where="name")
    return find_version(connection, name, max((one.version for one in found), key=int))


def _kind(prompt: bool) -> str:
    return "Prompt" if prompt else "Registered Model"
