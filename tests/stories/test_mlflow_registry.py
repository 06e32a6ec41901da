"""Do both MLflow clients work with the registry: versions, stages, aliases, copies, prompts, and what is not served?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.talking import Client, ClientError
from tests.stories.served import Served

CLIENTS = ("mlflow3", "mlflow2")
MODELS = """
from mlflow import MlflowClient
client = MlflowClient()
run = client.create_run("0")
client.create_registered_model(name, tags={"team": "a"}, description="told")
source = f"{run.info.artifact_uri}/model"
for _ in range(3):
    client.create_model_version(name, source, run.info.run_id, tags={"k": "v"})
client.set_registered_model_alias(name, "champion", "2")
client.transition_model_version_stage(name, "1", "Production")
client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
client.update_model_version(name, "2", "better")
client.set_model_version_tag(name, "2", "stage", "x")
client.delete_model_version(name, "3")
client.copy_model_version(f"models:/{name}@champion", name + "-copy")
client.rename_registered_model(name + "-copy", name + "-prod")
version = client.get_model_version_by_alias(name, "champion")
copy = client.get_model_version(name + "-prod", "1")
{
    "version": [version.version, version.current_stage, version.description, version.run_id == run.info.run_id],
    "tags": version.tags,
    "aliases": [list(version.aliases), client.get_registered_model(name).aliases],
    "latest": sorted([one.current_stage, str(one.version)] for one in client.get_latest_versions(name)),
    "found": [one.version for one in client.search_model_versions(f"name = '{name}'", order_by=["version_number ASC"])],
    "models": [one.name for one in client.search_registered_models(f"name LIKE '{name}%'")],
    "copy": [copy.source, client.get_model_version_download_uri(name + "-prod", "1") == source],
    "next": client.create_model_version(name, source, run.info.run_id).version,
}
"""
PROMPTS = """
import mlflow
register, load = (mlflow.genai, mlflow.genai) if hasattr(mlflow, "genai") else (mlflow, mlflow)
first = register.register_prompt(name, "Say {{a}}", commit_message="first")
second = register.register_prompt(name, "Say {{a}}, please", commit_message="second")
register.set_prompt_alias(name, "best", 1)
found = load.load_prompt(f"prompts:/{name}@best")
client = mlflow.MlflowClient()
{
    "versions": [int(first.version), int(second.version)],
    "template": found.template,
    "models": [one.name for one in client.search_registered_models()],
    "prompts": [one.name for one in client.search_registered_models("tags.`mlflow.prompt.is_prompt` = 'true'")],
}
"""


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_registers_moves_copies_and_deletes_versions(server: Served, tmp_path: Path, name: str) -> None:
    with Client(name, server.address, tmp_path / name) as client:
        told = client.run(MODELS, name=name)
    assert told == {
        "version": ["2", "Production", "better", True],
        "tags": {"k": "v", "stage": "x"},
        "aliases": [["champion"], {"champion": "2"}],
        "latest": [["Archived", "1"], ["Production", "2"]],
        "found": ["1", "2"],
        "models": [name, f"{name}-prod"],
        "copy": [f"models:/{name}/2", True],
        "next": "4",
    }


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_keeps_prompts_among_the_models(own_server: Served, tmp_path: Path, name: str) -> None:
    with Client(name, own_server.address, tmp_path / name) as client:
        told = client.run(PROMPTS, name="greeting")
    assert told == {"versions": [1, 2], "template": "Say {{a}}", "models": [], "prompts": ["greeting"]}


def test_what_is_not_served_is_said_in_words(server: Served, tmp_path: Path) -> None:
    hook = 'client.create_webhook("w", "https://127.0.0.1/x", ["model_version.created"])'
    with Client("mlflow3", server.address, tmp_path / "hooks") as client:
        with pytest.raises(ClientError, match="calls no address") as caught:
            client.run(f"from mlflow import MlflowClient\nclient = MlflowClient()\n{hook}")
        assert caught.value.code == "NOT_IMPLEMENTED"
        with pytest.raises(ClientError) as caught:
            client.run('from mlflow.genai.scorers import list_scorers\nlist_scorers(experiment_id="0")')
        assert caught.value.code == "ENDPOINT_NOT_FOUND"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "prefix", ["/api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow"]
)
def test_an_address_that_is_none_is_told_as_mlflow_tells_it(server: Served, prefix: str, method: str) -> None:
    status, headers, body = server.ask(f"{prefix}/no/such", b"{}" if method == "POST" else None, {}, method)
    assert (status, headers["content-type"]) == (404, "application/json")
    assert b'"error_code":"ENDPOINT_NOT_FOUND"' in body


def test_mlflows_pages_ask_below_another_prefix(server: Served) -> None:
    assert server.json("/ajax-api/2.0/mlflow/experiments/get?experiment_id=0")["experiment"]["name"] == "Default"
