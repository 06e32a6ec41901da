"""What a team does with the MLflow 3 client, unmodified, against a real server: log, search, artifacts, models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.talking import Client, ClientError
from tests.stories import mlflow_story as story
from tests.stories.served import Served


@pytest.fixture(scope="module")
def client(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client("mlflow3", server.address, tmp_path_factory.mktemp("mlflow3")) as opened:
        opened.run(story.IMPORTS)
        yield opened


def test_artifacts_go_in_and_come_out(client: Client, tmp_path: Path) -> None:
    story.artifacts(client, tmp_path)


def test_artifacts_are_removed(client: Client) -> None:
    story.removal(client)


def test_what_there_is_not_is_said_at_once(client: Client) -> None:
    story.absence(client)


def test_a_large_artifact_is_streamed(client: Client, tmp_path: Path) -> None:
    story.large(client, tmp_path)


def test_runs_are_found_as_a_table(client: Client) -> None:
    story.search(client)


def test_a_model_is_logged_loaded_and_registered(client: Client) -> None:
    """A 3.x client logs a model of its own id beside the run, and names it `models:/m-…`."""
    told = client.run(story.LOG_MODEL.format(named='name="model"'))
    assert told["uri"].startswith("models:/m-")
    assert told["same"] == [True, True]
    assert {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"} <= set(told["files"])
    listed = client.run("[m.model_id for m in mlflow.search_logged_models(output_format='list')]")
    assert told["uri"].removeprefix("models:/") in listed
    story.registered(client, told["uri"])


def test_scikit_learn_logs_by_itself(client: Client) -> None:
    told = client.run(story.AUTOLOG)
    story.autologged(told)
    assert client.run("sorted(mlflow.get_run(run.info.run_id).outputs.model_outputs[0].to_dictionary())")


def test_an_upload_that_the_server_refuses_is_told(client: Client) -> None:
    with pytest.raises(ClientError, match=r"file\.txt' is an artifact"):
        client.run(story.BELOW_A_FILE)
