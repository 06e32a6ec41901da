"""Sources of model versions: which may be taken, without ever looking where they lead."""

from __future__ import annotations

import pytest

from trivium.facts.problem import ProblemError
from trivium.intake.mlflow.places import ModelPlace, check_place, model_place

ROOT = "mlflow-artifacts:/1/r1/artifacts"


def nowhere() -> str:
    raise AssertionError("where the run stores is asked only where the source may lie there")


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("models:/m-1", ModelPlace(model_id="m-1")),
        ("models:/name/3", ModelPlace(name="name", version="3")),
        ("models:/name/Production", ModelPlace(name="name", stage="Production")),
        ("models:/name/latest", ModelPlace(name="name")),
        ("models:/name@champion", ModelPlace(name="name", alias="champion")),
        ("models:/a@b@c", ModelPlace(name="a@b", alias="c")),
    ],
)
def test_a_models_uri_is_read(source: str, meant: ModelPlace) -> None:
    assert model_place(source) == meant


@pytest.mark.parametrize(
    "source", ["models:/", "models:name/1", "models:/a/b/c", "models:/a/", "models:/a@", "models://h/a"]
)
def test_what_is_no_models_uri_is_refused(source: str) -> None:
    with pytest.raises(ProblemError, match="Invalid model version source"):
        model_place(source)


@pytest.mark.parametrize("source", ["s3://bucket/model", "gs://b/x", "dbfs:/a/b", "wasbs://c@a.blob/x", "models:/n/1"])
def test_what_lies_in_no_store_of_ours_is_taken_unseen(source: str) -> None:
    check_place(source, "run_id", "r1", nowhere)
    check_place(source, "run_id", "", nowhere)


@pytest.mark.parametrize(
    "source",
    [
        "s3://bucket", "s3://bucket/../x", "s3://bucket/%2e%2e/x", "s3://bucket/%252e%252e/x", "s3://bucket/a/./b",
        "s3://bucket/x%00", "http://127.0.0.1/x", "https://h/x", "ftp://h/x", "sftp://h/x", "hdfs://h/x",
        "mlflow-artifacts://host/1/r1/artifacts", "file://elsewhere/x", "http://[", "runs://h/r1/model",
        "models://h/n/1", "runs:/r2/model", "models:/m-1", "mlflow-artifacts:/1/r2/artifacts",
        "mlflow-artifacts:/1/r1/artifacts/../../r2/artifacts", "mlflow-artifacts:/1/r1/artifactsandmore",
        "/tmp/model", "file:///tmp/model", "model", "x" * 5000,
    ],
)  # fmt: skip
def test_what_lies_elsewhere_is_refused(source: str) -> None:
    with pytest.raises(ProblemError) as caught:
        check_place(source, "run_id", "r1", lambda: ROOT)
    assert (caught.value.problem.code, caught.value.problem.status) == ("invalid_parameter_value", 400)


@pytest.mark.parametrize("source", [ROOT, f"{ROOT}/model", "mlflow-artifacts:/1//r1/artifacts/model", "runs:/r1/model"])
def test_what_the_run_stored_is_taken(source: str) -> None:
    check_place(source, "run_id", "r1", lambda: ROOT)


@pytest.mark.parametrize("root", ["/srv/runs/r1", "file:///srv/runs/r1"])
def test_a_local_path_is_taken_only_within_a_run_that_stores_there(root: str) -> None:
    for source in ("/srv/runs/r1", "/srv/runs/r1/model", "file:///srv/runs/r1/model"):
        check_place(source, "run_id", "r1", lambda: root)
    for source in ("/srv/runs/r12", "/srv/runs/r1/../r2", "/srv/runs", "file:///srv/runs/r1/%2e%2e/r2", "/"):
        with pytest.raises(ProblemError):
            check_place(source, "run_id", "r1", lambda: root)
    with pytest.raises(ProblemError):
        check_place("/srv/runs/r1/model", "run_id", "", nowhere)


def test_a_logged_model_holds_only_its_own() -> None:
    root = "mlflow-artifacts:/1/models/m-1/artifacts"
    check_place("models:/m-1", "model_id", "m-1", nowhere)
    check_place(f"{root}/x", "model_id", "m-1", lambda: root)
    for source in ("models:/m-2", "runs:/r1/model", "mlflow-artifacts:/1/models/m-2/artifacts"):
        with pytest.raises(ProblemError):
            check_place(source, "model_id", "m-1", lambda: root)
