"""Registered models: what is kept of them, what is refused, and what their names and aliases lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mlops.tracked import opened, told
from trivium.facts.problem import ProblemError
from trivium.facts.tracking import ModelChanged
from trivium.intake.mlflow import requests as ask
from trivium.ledger.book import Ledger
from trivium.mlops.changing import Decision
from trivium.mlops.registry.models import (
    DeleteModel,
    DescribeModel,
    MakeModel,
    RemoveAlias,
    RenameModel,
    SetAlias,
    TagModel,
    version_by_alias,
)
from trivium.mlops.registry.reading import find_model, whole_models
from trivium.mlops.registry.records import RegisteredModel
from trivium.mlops.registry.versions import DeleteVersion, MakeVersion


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path) as found:
        made(found, "m")
        yield found


def made(ledger: Ledger, name: str, **tags: str) -> RegisteredModel:
    asked = ask.CreateModel(name=name, tags=[ask.Pair(*pair) for pair in tags.items()], description="told")
    return told(ledger, MakeModel(asked))["registered_model"]


def version(ledger: Ledger, name: str = "m") -> Any:
    return told(ledger, MakeVersion(ask.CreateVersion(name=name, source="s3://bucket/model")))["model_version"]


def model(ledger: Ledger, name: str = "m") -> RegisteredModel:
    with ledger.reading() as connection:
        return whole_models(connection, [find_model(connection, name).name])[0]


def refused(ledger: Ledger, command: type[Decision], **asked: str) -> tuple[str, int]:
    kind = ask.CreateModel if command is MakeModel else ask.ModelAsked
    with pytest.raises(ProblemError) as caught:
        ledger.execute(command(kind(**asked)))  # type: ignore[call-arg]
    return caught.value.problem.code, caught.value.problem.status


def test_a_model_is_told_as_it_was_made(ledger: Ledger) -> None:
    one = made(ledger, "n", a="b")
    assert (one.name, one.description, [(tag.key, tag.value) for tag in one.tags]) == ("n", "told", [("a", "b")])
    assert one.creation_timestamp == one.last_updated_timestamp > 0
    assert one == model(ledger, "n")


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", "..", ".", "../x", "n" * 1001])
def test_what_is_no_name_is_refused(ledger: Ledger, name: str) -> None:
    assert refused(ledger, MakeModel, name=name) == ("invalid_parameter_value", 400)
    assert refused(ledger, RenameModel, name="m", new_name=name) == ("invalid_parameter_value", 400)


def test_a_name_stands_once(ledger: Ledger) -> None:
    made(ledger, "n")
    assert refused(ledger, MakeModel, name="m") == ("resource_already_exists", 400)
    assert refused(ledger, RenameModel, name="m", new_name="n") == ("resource_already_exists", 400)


@pytest.mark.parametrize("command", [DescribeModel, RenameModel, DeleteModel, TagModel, RemoveAlias])
def test_a_model_that_there_is_not_is_refused(ledger: Ledger, command: type[Decision]) -> None:
    assert refused(ledger, command, name="n", new_name="o", key="k", alias="a") == ("resource_does_not_exist", 404)


def test_a_model_and_a_prompt_never_share_a_name(ledger: Ledger) -> None:
    with pytest.raises(ProblemError, match="a registered model has that name"):
        made(ledger, "m", **{"mlflow.prompt.is_prompt": "true"})


def test_a_renamed_model_takes_all_that_is_its_own_along(ledger: Ledger) -> None:
    version(ledger)
    version(ledger)
    ledger.execute(SetAlias(ask.ModelAsked(name="m", alias="champion", version="1")))
    ledger.execute(TagModel(ask.ModelAsked(name="m", key="k", value="v")))
    ledger.execute(DeleteVersion(ask.VersionAsked(name="m", version="2")))
    command = RenameModel(ask.ModelAsked(name="m", new_name="n"))
    with ledger.reading() as connection:
        assert command.changes(connection) == [("model:m", ModelChanged(name="m", new_name="n", versions=(1, 2)))]
    renamed = told(ledger, command)["registered_model"]
    assert renamed == model(ledger, "n")
    assert [(one.name, one.version) for one in renamed.latest_versions] == [("n", "1")]
    assert [(one.alias, one.version) for one in renamed.aliases] == [("champion", "1")]
    assert refused(ledger, DescribeModel, name="m") == ("resource_does_not_exist", 404)
    assert version(ledger, "n").version == "3"


def test_a_deleted_model_leaves_nothing_and_begins_anew(ledger: Ledger) -> None:
    version(ledger)
    ledger.execute(TagModel(ask.ModelAsked(name="m", key="k", value="v")))
    ledger.execute(DeleteModel(ask.ModelAsked(name="m")))
    assert refused(ledger, DeleteModel, name="m") == ("resource_does_not_exist", 404)
    made(ledger, "m")
    assert (model(ledger).tags, model(ledger).latest_versions) == ((), ())
    assert version(ledger).version == "1"


def test_tags_come_and_go(ledger: Ledger) -> None:
    ledger.execute(TagModel(ask.ModelAsked(name="m", key="k", value="v")))
    ledger.execute(TagModel(ask.ModelAsked(name="m", key="k", value="w")))
    assert [(tag.key, tag.value) for tag in model(ledger).tags] == [("k", "w")]
    before = ledger.head().sequence
    ledger.execute(TagModel(ask.ModelAsked(name="m", key="nothing"), remove=True))
    assert ledger.head().sequence == before, "to remove what is not there is no fact"
    ledger.execute(TagModel(ask.ModelAsked(name="m", key="k"), remove=True))
    assert model(ledger).tags == ()


def test_an_alias_names_one_version_until_it_names_another(ledger: Ledger) -> None:
    version(ledger)
    version(ledger)
    for number in ("1", "2"):
        ledger.execute(SetAlias(ask.ModelAsked(name="m", alias="champion", version=number)))
        with ledger.reading() as connection:
            assert version_by_alias(connection, "m", "champion").version == int(number)
            assert version_by_alias(connection, "m", "latest").version == 2
    ledger.execute(RemoveAlias(ask.ModelAsked(name="m", alias="champion")))
    assert model(ledger).aliases == ()
    with ledger.reading() as connection, pytest.raises(ProblemError, match="alias champion not found"):
        version_by_alias(connection, "m", "champion")


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V22", "a b", "a/b", "a" * 256, ""])
def test_what_is_no_alias_is_refused(ledger: Ledger, alias: str) -> None:
    version(ledger)
    assert refused(ledger, SetAlias, name="m", alias=alias, version="1") == ("invalid_parameter_value", 400)


def test_an_alias_of_a_deleted_version_is_gone(ledger: Ledger) -> None:
    version(ledger)
    ledger.execute(SetAlias(ask.ModelAsked(name="m", alias="champion", version="1")))
    ledger.execute(DeleteVersion(ask.VersionAsked(name="m", version="1")))
    assert model(ledger).aliases == ()
    assert refused(ledger, SetAlias, name="m", alias="champion", version="1") == ("resource_does_not_exist", 404)
