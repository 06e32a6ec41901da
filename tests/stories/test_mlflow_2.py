"""What a team does with the MLflow 2 client, unmodified, against a real server: log, search, artifacts, models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.talking import Client
from tests.stories import mlflow_story as story
from tests.stories.served import Served


@pytest.fixture(scope="module")
def client(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client("mlflow2", server.address, tmp_path_factory.mktemp("mlflow2")) as opened:
        opened.run(story.IMPORTS)
        yield opened


def test_artifacts_go_in_and_come_out(client: Client, tmp_path: Path) -> None:
    story.artifacts(client, tmp_path)


def test_artifacts_are_removed(client: Client) -> None:
    story.removal(client)


def test_what_there_is_not_is_said_at_once(client: Client) -> None:
    story.absence(client)


def test_runs_are_found_as_a_table(client: Client) -> None:
    story.search(client)


def test_a_model_is_logged_loaded_and_registered(client: Client) -> None:
    """A 2.x client logs a model below its run, and names it `runs:/…`."""
    told = client.run(story.LOG_MODEL.format(named='artifact_path="model"'))
    assert told["uri"].startswith("runs:/")
    assert told["same"] == [True, True]
    assert {"MLmodel", "model.pkl"} <= set(told["files"])
    story.registered(client, told["uri"])


def test_scikit_learn_logs_by_itself(client: Client) -> None:
    story.autologged(client.run(story.AUTOLOG))
