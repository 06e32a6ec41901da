"""What clients of both MLflow generations are told to do, and what must come of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.clients.talking import Client, ClientError

IMPORTS = """
import hashlib, json, os, pathlib, warnings
warnings.simplefilter("ignore")
import mlflow, numpy, pandas
from sklearn.linear_model import LogisticRegression
client = mlflow.MlflowClient()
X = pandas.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "z": [1.0, 0.0, 1.0, 0.0]})
y = numpy.array([0, 0, 1, 1])
"""

BELOW_A_FILE = """
with mlflow.start_run() as run:
    mlflow.log_text("x", "file.txt")
    mlflow.log_text("x", "file.txt/below.txt")
"""

LOG_MODEL = """
mlflow.set_experiment("models")
with mlflow.start_run() as run:
    fitted = LogisticRegression().fit(X, y)
    info = mlflow.sklearn.log_model(fitted, {named}, input_example=X)
expected = fitted.predict(X).tolist()
plain = mlflow.sklearn.load_model(info.model_uri)
wrapped = mlflow.pyfunc.load_model(info.model_uri)
{{
    "uri": info.model_uri,
    "same": [plain.predict(X).tolist() == expected, list(wrapped.predict(X)) == expected],
    "files": [one.path.rpartition("/")[2] for one in mlflow.artifacts.list_artifacts(info.model_uri)],
}}
"""

AUTOLOG = """
mlflow.set_experiment("autolog")
mlflow.sklearn.autolog()
with mlflow.start_run() as run:
    LogisticRegression(C=0.5, max_iter=77).fit(X, y)
mlflow.sklearn.autolog(disable=True)
done = mlflow.get_run(run.info.run_id)
{
    "status": done.info.status,
    "params": done.data.params,
    "metrics": sorted(done.data.metrics),
    "tags": done.data.tags,
    "files": sorted(one.path for one in client.list_artifacts(run.info.run_id)),
}
"""


def artifacts(client: Client, folder: Path) -> None:
    """Every way to log an artifact, read back by every way to read one."""
    source = folder / "source"
    (source / "deep" / "er").mkdir(parents=True)
    (source / "a b.txt").write_text("spaces")
    (source / "deep" / "ä.bin").write_bytes(bytes(range(256)))
    (source / "deep" / "er" / "empty").write_bytes(b"")
    code = """
mlflow.set_experiment("artifacts")
with mlflow.start_run() as run:
    mlflow.log_artifact(source + "/a b.txt")
    mlflow.log_artifact(source + "/a b.txt", "in/folder")
    mlflow.log_artifacts(source, "all")
    mlflow.log_dict({"a": 1}, "d.json")
    mlflow.log_text("hello", "x/hello.txt")
    from matplotlib.figure import Figure
    figure = Figure(); figure.subplots().plot([1, 2]); mlflow.log_figure(figure, "curve.png")
    mlflow.log_image(numpy.zeros((2, 2, 3), dtype=numpy.uint8), "black.png")
    mlflow.log_table({"q": ["one", "two"], "n": [1, 2]}, "table.json")
    mlflow.log_table({"q": ["three"], "n": [3]}, "table.json")
run_id = run.info.run_id
[[one.path, one.is_dir, one.file_size] for one in client.list_artifacts(run_id)]
"""
    top = client.run(code, source=str(source))
    assert [entry[:2] for entry in top] == [
        ["a b.txt", False], ["all", True], ["black.png", False], ["curve.png", False], ["d.json", False], ["in", True],
        ["table.json", False], ["x", True],
    ]  # fmt: skip
    assert top[0][2] == 6
    assert client.run("[[o.path, o.is_dir] for o in client.list_artifacts(run_id, 'all')]") == [
        ["all/a b.txt", False], ["all/deep", True],
    ]  # fmt: skip
    assert client.run("[o.path for o in client.list_artifacts(run_id, 'x/hello.txt')]") == []
    assert client.run("mlflow.artifacts.load_dict(f'runs:/{run_id}/d.json')") == {"a": 1}
    assert client.run("mlflow.artifacts.load_text(f'runs:/{run_id}/x/hello.txt')") == "hello"
    assert client.run("mlflow.load_table('table.json', [run_id])['n'].tolist()") == [1, 2, 3]
    got = client.run("""
got = pathlib.Path(client.download_artifacts(run_id, "all", os.getcwd()))
{str(one.relative_to(got)): hashlib.sha256(one.read_bytes()).hexdigest() for one in got.rglob("*") if one.is_file()}
""")
    files = [path for path in source.rglob("*") if path.is_file()]
    assert got == {str(path.relative_to(source)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    whole = "len(list(pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run_id)).rglob('*.*')))"
    assert client.run(whole) == 9


def removal(client: Client) -> None:
    """What a client removes is gone, with its folder; the rest stays."""
    left = client.run("""
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
with mlflow.start_run() as run:
    for name in ("one/a.txt", "one/b.txt", "two.txt"):
        mlflow.log_text("x", name)
repository = get_artifact_repository(run.info.artifact_uri)
repository.delete_artifacts("one")
repository.delete_artifacts("never there")
first = [one.path for one in client.list_artifacts(run.info.run_id)]
repository.delete_artifacts()
[first, [one.path for one in client.list_artifacts(run.info.run_id)]]
""")
    assert left == [["two.txt"], []]


def absence(client: Client) -> None:
    """A 404 ends a download; it is not tried again and again."""
    with pytest.raises(ClientError, match=r"nothing\.txt"):
        client.run("""
with mlflow.start_run() as run:
    pass
client.download_artifacts(run.info.run_id, "nothing.txt", os.getcwd())
""")


def large(client: Client, folder: Path) -> None:
    """Many pieces, and the same bytes again: the server keeps one blob."""
    digest = client.run("""
path = pathlib.Path("large.bin")
path.write_bytes(numpy.random.default_rng(7).bytes(40_000_000))
with mlflow.start_run() as run:
    mlflow.log_artifact(str(path))
    mlflow.log_artifact(str(path), "again")
got = client.download_artifacts(run.info.run_id, "again/large.bin", os.getcwd())
[hashlib.sha256(pathlib.Path(one).read_bytes()).hexdigest() for one in (got, path)]
""")
    assert digest[0] == digest[1]


def search(client: Client) -> None:
    """What was logged is found, in order, as a table."""
    found = client.run("""
mlflow.set_experiment("found")
for number in range(6):
    with mlflow.start_run(run_name=f"trial {number}"):
        mlflow.log_params({"depth": number, "kind": "even" if number % 2 == 0 else "odd"})
        mlflow.log_metrics({"auc": number / 10, "loss": 1 - number / 10}, step=1)
        mlflow.set_tag("team", "vision")
table = mlflow.search_runs(
    experiment_names=["found"], filter_string="metrics.auc > 0.1 and params.kind = 'even' and tags.team ilike 'VIS%'",
    order_by=["metrics.loss ASC"],
)
[table["params.depth"].tolist(), table["metrics.auc"].tolist(), table["tags.mlflow.runName"].tolist(), len(table)]
""")
    assert found == [["4", "2"], [0.4, 0.2], ["trial 4", "trial 2"], 2]
    history = client.run("""
with mlflow.start_run() as run:
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metric("odd", float("nan"))
    mlflow.log_metric("odd", float("inf"), step=1)
[[one.step for one in client.get_metric_history(run.info.run_id, "loss")],
 [str(one.value) for one in client.get_metric_history(run.info.run_id, "odd")]]
""")
    assert history[0] == [0, 1, 2, 3, 4]
    assert history[1][0] == "nan"


def registered(client: Client, uri: str) -> None:
    """A logged model becomes a version, with an alias, and is loaded by either name."""
    told = client.run(
        """
version = mlflow.register_model(uri, "churn")
client.set_registered_model_alias("churn", "champion", version.version)
again = [mlflow.sklearn.load_model(f"models:/churn/{version.version}"),
         mlflow.pyfunc.load_model("models:/churn@champion")]
[int(version.version) >= 1, version.status, [list(one.predict(X)) == expected for one in again],
 client.get_model_version_by_alias("churn", "champion").version == version.version]
""",
        uri=uri,
    )
    assert told == [True, "READY", [True, True], True]


def autologged(told: dict[str, object]) -> None:
    """A fit alone leaves params, metrics, tags, curves and the model."""
    assert told["status"] == "FINISHED"
    params, metrics, tags, files = (told[name] for name in ("params", "metrics", "tags", "files"))
    assert isinstance(params, dict)
    assert (params["C"], params["max_iter"]) == ("0.5", "77")
    assert isinstance(metrics, list)
    assert {"training_accuracy_score", "training_f1_score"} <= set(metrics)
    assert isinstance(tags, dict)
    assert tags["estimator_name"] == "LogisticRegression"
    assert isinstance(files, list)
    assert {"training_confusion_matrix.png", "estimator.html"} <= set(files)
