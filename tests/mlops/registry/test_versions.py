"""Versions of registered models: their numbers, what they are made of, their stages, and what stays when they go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mlops.tracked import experiment, opened, run, told
from trivium.facts.problem import ProblemError
from trivium.facts.tracking import DELETED, VersionChanged, VersionCreated
from trivium.intake.mlflow import requests as ask
from trivium.ledger.book import Ledger
from trivium.mlops.registry.models import DeleteModel, MakeModel, RenameModel, SetAlias
from trivium.mlops.registry.reading import find_version, whole_version
from trivium.mlops.registry.records import ModelVersion
from trivium.mlops.registry.versions import (
    DeleteVersion,
    DescribeVersion,
    MakeVersion,
    MoveVersion,
    TagVersion,
    download_uri,
    latest_by_stage,
)
from trivium.mlops.tracking.logged_models import ChangeLoggedModel, MakeLoggedModel, logged_models

PROMPT = ask.Pair("mlflow.prompt.is_prompt", "true")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path) as found:
        for name in ("m", "n"):
            found.execute(MakeModel(ask.CreateModel(name=name)))
        yield found


def version(ledger: Ledger, source: str = "s3://bucket/model", name: str = "m", **asked: Any) -> ModelVersion:
    made = told(ledger, MakeVersion(ask.CreateVersion(name=name, source=source, **asked)))
    return made["model_version"]  # type: ignore[no-any-return]


def created(ledger: Ledger, source: str, **asked: Any) -> VersionCreated:
    """Give the fact that a registration is, without stating it."""
    with ledger.reading() as connection:
        (_, change), *_ = MakeVersion(ask.CreateVersion(name="m", source=source, **asked)).changes(connection)
    assert isinstance(change, VersionCreated)
    return change


def refused(ledger: Ledger, source: str, **asked: Any) -> str:
    before = ledger.head().sequence
    with pytest.raises(ProblemError) as caught:
        version(ledger, source, **asked)
    assert ledger.head().sequence == before
    assert caught.value.problem.status in {400, 404}
    return caught.value.problem.code


def logged_model(ledger: Ledger, **asked: Any) -> str:
    return str(told(ledger, MakeLoggedModel(ask.CreateLoggedModel(experiment_id="0", **asked)))["model"].info.model_id)


def found(ledger: Ledger, number: int, name: str = "m") -> ModelVersion:
    with ledger.reading() as connection:
        return whole_version(connection, find_version(connection, name, str(number)))


def test_a_version_is_told_with_what_nobody_said_empty(ledger: Ledger) -> None:
    made = version(ledger, run_id="r1", tags=[ask.Pair("a", "b")])
    assert (made.version, made.current_stage, made.status) == ("1", "None", "READY")
    assert (made.description, made.run_link, made.run_id) == ("", "", "r1")
    assert [(tag.key, tag.value) for tag in made.tags] == [("a", "b")]


def test_numbers_are_never_given_twice_while_the_model_stands(ledger: Ledger) -> None:
    assert [version(ledger).version for _ in range(2)] == ["1", "2"]
    ledger.execute(DeleteVersion(ask.VersionAsked(name="m", version="2")))
    assert version(ledger).version == "3"
    ledger.execute(DeleteModel(ask.ModelAsked(name="m")))
    ledger.execute(MakeModel(ask.CreateModel(name="m")))
    assert version(ledger).version == "1"


def test_a_version_of_a_logged_model_takes_its_run_and_its_place(ledger: Ledger) -> None:
    run_id = run(ledger, experiment(ledger, "trials"))
    model = logged_model(ledger, name="lm", source_run_id=run_id)
    change = created(ledger, f"models:/{model}", model_id=model)
    assert (change.run, change.experiment_name, change.model_id) == (run_id, "trials", model)
    assert change.storage_location == f"mlflow-artifacts:/0/models/{model}/artifacts"
    version(ledger, f"models:/{model}", model_id=model)
    version(ledger, f"models:/{model}", model_id=model)
    with ledger.reading() as connection:
        tags = {tag.key: tag.value for tag in logged_models(connection, [model])[0].info.tags}
    assert json.loads(tags["mlflow.modelVersions"]) == [{"name": "m", "version": 1}, {"name": "m", "version": 2}]


def test_a_run_of_experiment_0_is_no_trial(ledger: Ledger) -> None:
    run_id = run(ledger)
    assert created(ledger, f"runs:/{run_id}/model", run_id=run_id).experiment_name == ""


def test_a_copy_lies_where_its_original_lies_and_says_whose_copy_it_is(ledger: Ledger) -> None:
    run_id = run(ledger)
    model = logged_model(ledger, name="lm", source_run_id=run_id)
    version(ledger, f"models:/{model}", name="n", model_id=model)
    ledger.execute(SetAlias(ask.ModelAsked(name="n", alias="best", version="1")))
    ledger.execute(MoveVersion(ask.VersionAsked(name="n", version="1", stage="Production")))
    for source in ("models:/n/1", "models:/n@best", "models:/n/production", "models:/n/latest"):
        change = created(ledger, source)
        assert (change.copy_of, change.source, change.run) == ("model:n/1", "models:/n/1", run_id)
        assert change.storage_location == f"mlflow-artifacts:/0/models/{model}/artifacts"
    version(ledger, "models:/n/1", run_id=run_id)
    with ledger.reading() as connection:
        asked = ask.VersionAsked(name="m", version="1")
        assert download_uri(connection, asked) == f"mlflow-artifacts:/0/models/{model}/artifacts"


def test_a_copy_of_another_run_or_of_nothing_is_refused(ledger: Ledger) -> None:
    version(ledger, name="n", run_id="r1")
    assert refused(ledger, "models:/n/1", run_id="r2") == "invalid_parameter_value"
    assert refused(ledger, "models:/n/1", model_id="m-1") == "invalid_parameter_value"
    assert refused(ledger, "models:/n/2") == "resource_does_not_exist"
    assert refused(ledger, "models:/nobody/1") == "resource_does_not_exist"
    assert refused(ledger, "models:/n/Staging") == "resource_does_not_exist"
    assert refused(ledger, "models:/n@nobody") == "invalid_parameter_value"


def test_what_lies_outside_of_the_named_run_is_refused(ledger: Ledger) -> None:
    one, other = run(ledger), run(ledger)
    inside = f"mlflow-artifacts:/0/{one}/artifacts/model"
    assert version(ledger, inside, run_id=one).version == "1"
    for source in (f"runs:/{one}/model", inside, f"mlflow-artifacts:/0/{one}/artifacts/../../{other}/artifacts"):
        assert refused(ledger, source, run_id=other) == "invalid_parameter_value"
        assert refused(ledger, source) == "invalid_parameter_value"


def test_what_lies_outside_of_the_named_logged_model_is_refused(ledger: Ledger) -> None:
    one, other = logged_model(ledger, name="lm"), logged_model(ledger, name="lm")
    assert version(ledger, f"mlflow-artifacts:/0/models/{one}/artifacts", model_id=one).version == "1"
    assert refused(ledger, f"models:/{one}", model_id=other) == "invalid_parameter_value"
    assert refused(ledger, f"models:/{one}") == "invalid_parameter_value"
    assert refused(ledger, f"mlflow-artifacts:/0/models/{one}/artifacts", model_id=other) == "invalid_parameter_value"
    ledger.execute(ChangeLoggedModel(one, stage=DELETED))
    assert refused(ledger, f"models:/{one}", model_id=one) == "resource_does_not_exist"


def test_a_prompt_is_a_version_that_lies_nowhere(ledger: Ledger) -> None:
    assert created(ledger, "dummy-source", tags=[PROMPT]).prompt
    assert not created(ledger, "s3://bucket/model").prompt
    assert refused(ledger, "s3://bucket/model", tags=[PROMPT]) == "invalid_parameter_value"
    assert refused(ledger, "dummy-source") == "invalid_parameter_value"


def test_a_stage_may_be_cleared_for_a_version(ledger: Ledger) -> None:
    for _ in range(3):
        version(ledger)
    for number in ("1", "2"):
        ledger.execute(MoveVersion(ask.VersionAsked(name="m", version=number, stage="production")))
    asked = ask.VersionAsked(name="m", version="3", stage="Production", archive_existing_versions=True)
    with ledger.reading() as connection:
        assert MoveVersion(asked).changes(connection) == [
            ("model:m/3", VersionChanged(name="m", version=3, stage="Production", archived=(1, 2)))
        ]
    assert told(ledger, MoveVersion(asked))["model_version"].current_stage == "Production"
    assert [found(ledger, number).current_stage for number in (1, 2)] == ["Archived", "Archived"]
    with ledger.reading() as connection:
        latest = latest_by_stage(connection, ask.ModelAsked(name="m"))
        archived = latest_by_stage(connection, ask.ModelAsked(name="m", stages=["archived"]))
    assert [(one.current_stage, one.version) for one in latest] == [("Archived", "2"), ("Production", "3")]
    assert [one.version for one in archived] == ["2"]


def test_a_stage_that_is_none_or_cannot_be_cleared_is_refused(ledger: Ledger) -> None:
    version(ledger)
    for stage, archive in (("Nowhere", False), ("Archived", True), ("None", True)):
        asked = ask.VersionAsked(name="m", version="1", stage=stage, archive_existing_versions=archive)
        with pytest.raises(ProblemError) as caught:
            MoveVersion(asked)
        assert (caught.value.problem.code, caught.value.problem.status) == ("invalid_parameter_value", 400)


def test_a_deleted_version_is_seen_no_more(ledger: Ledger) -> None:
    version(ledger)
    ledger.execute(DeleteVersion(ask.VersionAsked(name="m", version="1")))
    for command in (DescribeVersion, DeleteVersion, MoveVersion, TagVersion):
        with pytest.raises(ProblemError) as caught:
            ledger.execute(command(ask.VersionAsked(name="m", version="1", stage="Staging", key="k")))
        assert caught.value.problem.code == "resource_does_not_exist"


@pytest.mark.parametrize("number", ["99", "0", "-1", str(10**30)])
def test_a_number_that_no_version_has_is_refused(ledger: Ledger, number: str) -> None:
    with ledger.reading() as connection, pytest.raises(ProblemError) as caught:
        find_version(connection, "m", number)
    assert caught.value.problem.code == "resource_does_not_exist"


def test_descriptions_and_tags_come_and_go(ledger: Ledger) -> None:
    version(ledger, description="first")
    told(ledger, DescribeVersion(ask.VersionAsked(name="m", version="1", description="other")))
    ledger.execute(TagVersion(ask.VersionAsked(name="m", version="1", key="k", value="v")))
    assert (found(ledger, 1).description, len(found(ledger, 1).tags)) == ("other", 1)
    ledger.execute(TagVersion(ask.VersionAsked(name="m", version="1", key="k"), remove=True))
    before = ledger.head().sequence
    ledger.execute(TagVersion(ask.VersionAsked(name="m", version="1", key="k"), remove=True))
    assert (found(ledger, 1).tags, ledger.head().sequence) == ((), before)


def test_the_registry_comes_again_from_the_facts_alone(ledger: Ledger) -> None:
    for _ in range(3):
        version(ledger, tags=[ask.Pair("a", "b")])
    version(ledger, "models:/m/1", name="n")
    ledger.execute(SetAlias(ask.ModelAsked(name="m", alias="best", version="2")))
    ledger.execute(MoveVersion(ask.VersionAsked(name="m", version="2", stage="Staging")))
    ledger.execute(DeleteVersion(ask.VersionAsked(name="m", version="1")))
    ledger.execute(RenameModel(ask.ModelAsked(name="m", new_name="o")))
    before = [found(ledger, number, "o") for number in (2, 3)]
    assert all(one.equal for one in ledger.rebuild())
    assert [found(ledger, number, "o") for number in (2, 3)] == before
