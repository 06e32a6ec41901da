"""The same requests for artifacts to MLflow's own server and to ours: same status, same content, same lists.

Folders without a file are MLflow's alone; what it answers with a 500 is a 400 here (docs/how-to/log-with-mlflow.md).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.stories.mlflow_server import mlflow_server
from tests.stories.served import Served, end, serve

BASE = "/api/2.0/mlflow-artifacts/artifacts"
NAMES = ["a", "b.txt", "model", "data", "ä.json", "a b", "MLmodel"]
STRANGE = ["../x", "/etc/passwd", "%2e%2e/x", "a//b/c", "a/./b/c", "a#b", "x/", "C:/x", "x%00y", "a%0ab", "~", "a\\b"]

OTHERWISE = {500: {400}, 308: {200, 400}}
"""What MLflow answers where ours answers otherwise: its own faults, and its removal's redirect of double slashes."""


class Theirs(Served):
    """MLflow's server, asked as ours is."""

    def __init__(self, address: str) -> None:
        self.address = address


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Served]]:
    folder = tmp_path_factory.mktemp("pair")
    with mlflow_server(folder / "mlflow") as address:
        served = serve(folder / "home")
        yield served, Theirs(address)
        end(served)


def steps(count: int, seed: int) -> Iterator[tuple[str, str, bytes]]:
    chance = random.Random(seed)
    for number in range(count):
        path = "r/" + "/".join(chance.choice(NAMES) for _ in range(chance.randint(1, 3)))
        if chance.random() < 0.15:
            path = chance.choice(STRANGE)
        method = chance.choice(["PUT", "PUT", "PUT", "GET", "GET", "LIST", "LIST", "LIST", "DELETE"])
        yield method, path, f"{number}".encode() * chance.choice([0, 1, 1_000]) if method == "PUT" else b""


def asked(server: Served, method: str, path: str, body: bytes) -> tuple[int, Any]:
    """Give status and what counts of an answer: the content, or the list without its empty folders."""
    if method == "LIST":
        status, _, answer = server.ask(f"{BASE}?path={quote(path, safe='')}")
        return status, msgspec.json.decode(answer).get("files", []) if status == 200 else None
    sent = body if method == "PUT" else None
    status, headers, answer = server.ask(f"{BASE}/{quote(path, safe='/')}", sent, method=method)
    if status != 200:
        return status, None
    return status, (answer, headers["content-type"].partition(";")[0]) if method == "GET" else None


def is_empty(server: Served, path: str) -> bool:
    """Say whether nothing but folders stands below a path."""
    status, entries = asked(server, "LIST", path, b"")
    assert status == 200, path
    return all(entry["is_dir"] and is_empty(server, f"{path}/{entry['path']}") for entry in entries)


def differ(pair: tuple[Served, Served], count: int, seed: int) -> None:
    ours, theirs = pair
    compared = 0
    for method, path, body in steps(count, seed):
        (status, found), (other, expected) = (asked(server, method, path, body) for server in (ours, theirs))
        told = (method, path, status, other)
        if other in OTHERWISE:
            assert status in OTHERWISE[other], told
            continue
        if method == "LIST" and expected is not None:
            expected = [one for one in expected if not (one["is_dir"] and is_empty(theirs, f"{path}/{one['path']}"))]
        if method == "GET" and {status, other} == {400, 404}:
            assert is_empty(theirs, path), told
            continue
        assert (status, found) == (other, expected), told
        compared += 1
    assert compared > count * 0.7


def test_a_hundred_and_fifty_requests_are_answered_alike(pair: tuple[Served, Served]) -> None:
    differ(pair, 150, 1)


@pytest.mark.full
def test_two_thousand_requests_are_answered_alike(pair: tuple[Served, Served]) -> None:
    for seed in range(2, 6):
        differ(pair, 500, seed)
