"""Paths, content types and names of downloads are what MLflow's own functions make of the same texts."""

from __future__ import annotations

import json
import random
import subprocess

import pytest

from tests.clients.talking import environment, interpreter
from trivium.entrypoints.api.mlflow.attachments import content_type, disposition
from trivium.facts.problem import ProblemError
from trivium.intake.mlflow.artifact_paths import new_path, place_of, safe_path

ASKED = """
import json, sys
from mlflow.exceptions import MlflowException
from mlflow.server.handlers import _content_disposition_attachment as disposition
from mlflow.utils.mime_type_utils import _guess_mime_type as kind
from mlflow.utils.uri import validate_path_is_safe
def safe(path):
    try:
        return validate_path_is_safe(path)
    except (MlflowException, ValueError):
        return None
paths, names = json.load(sys.stdin)
json.dump([[safe(path) for path in paths], [kind(name) for name in names], [disposition(name) for name in names]],
          sys.stdout)
"""
PARTS = [
    "..", ".", "a", "b.txt", "/", "//", "\\", "%2e", "%2f", "%5c", "%252e", "%00", "%0a", "\x00", "\x1f", "\x7f", "#",
    "?", ";", ":", "C:", "c:\\", "file:", "http:", "@", "é", "日", " ", "%", "%zz", "%c3%a9", "[", "]", "=", "&", "\t",
    "~",
]  # fmt: skip
NAMES = [
    "MLmodel", "MLproject", "conda.yaml", "a.txt", "a.tar.gz", "x.png", "x.html", "x.svg", "x.pkl", "x", ".json", "a.",
    "x.JSON", "é.csv", "日本", "日本.png", "a b", 'q"uote', "back\\slash", "semi;colon", "x.ipynb", "x.parquet",
    "ﬁ.txt", "x.js", "mlproject",
]  # fmt: skip


def paths_made() -> list[str]:
    chance = random.Random(11)
    made = ["".join(chance.choice(PARTS) for _ in range(chance.randint(1, 6))) for _ in range(4_000)]
    return sorted({*made, *PARTS})


def ours(path: str) -> str | None:
    try:
        return safe_path(path)
    except ProblemError as fault:
        return None if (fault.problem.status, fault.problem.code) == (400, "invalid_parameter_value") else "wrong"


def test_paths_types_and_names_are_mlflows() -> None:
    paths = paths_made()
    answered = subprocess.run(
        [interpreter("mlflow3"), "-c", ASKED], input=json.dumps([paths, NAMES]), text=True, capture_output=True,
        check=True, timeout=300, env=environment(""),
    )  # fmt: skip
    safe, kinds, dispositions = json.loads(answered.stdout)
    assert 500 < sum(path is None for path in safe) < len(paths) - 500
    assert [(path, ours(path)) for path in paths] == list(zip(paths, safe, strict=True))
    assert [content_type(name) for name in NAMES] == kinds
    assert [disposition(name) for name in NAMES] == dispositions


def test_a_path_that_was_made_safe_stays_as_it_is() -> None:
    for path in paths_made():
        safe = ours(path)
        assert safe is None or ours(safe) == safe, path


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("mlflow-artifacts:/1/r/artifacts", "1/r/artifacts"),
        ("mlflow-artifacts://host:5000/1/r/artifacts", "1/r/artifacts"),
        ("mlflow-artifacts:/", ""),
        ("http://host/api/2.0/mlflow-artifacts/artifacts/1/r", "1/r"),
        ("https://host/prefix/api/2.0/mlflow-artifacts/artifacts/a%20b/", "a b"),
        ("https://host/else/1/r", None),
        ("s3://bucket/1/r", None),
        ("file:///etc", None),
        ("/etc", None),
        ("", None),
    ],
)
def test_a_place_is_ours_or_nobodys(uri: str, place: str | None) -> None:
    assert place_of(uri) == place


def test_a_new_path_is_its_own_shortest_form() -> None:
    for path in paths_made():
        try:
            made = new_path(path)
        except ProblemError:
            continue
        assert new_path(made) == made
        assert not any(part in {"", ".", ".."} for part in made.split("/"))
