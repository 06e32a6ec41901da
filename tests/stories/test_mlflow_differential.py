"""Does Trivium answer MLflow's client as MLflow's own server does? Both are asked the same, by one client process.

Random operations on experiments, runs, logged models and registered models, sound ones and refused ones, with reads of
everything in between. What is answered otherwise stands in `mlflow_differences.toml` with its reason, or is a fault.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.talking import ROOT, Client
from tests.stories.mlflow_server import mlflow_server
from tests.stories.served import end, serve

LISTED: list[dict[str, str]] = tomllib.loads(
    (Path(__file__).parent / "mlflow_differences.toml").read_text(encoding="utf-8")
)["difference"]
RUN = "from operations import History\nHistory(ours, theirs, seed).run(count)"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Client]:
    """Both servers with nothing in them, and a client that knows them as `ours` and `theirs`."""
    served = serve(tmp_path / "home")
    try:
        variables = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "PYTHONPATH": str(ROOT / "tests" / "clients")}
        with (
            mlflow_server(tmp_path / "mlflow") as theirs,
            Client("mlflow3", served.address, tmp_path / "client", **variables) as client,
        ):
            client.run("", ours=served.address, theirs=theirs)
            yield client
    finally:
        end(served)


def test_500_operations_give_what_mlflow_gives(asked: Client) -> None:
    check_alike(asked, seed=3, count=500)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(11, 15))
def test_2000_operations_give_what_mlflow_gives(asked: Client, seed: int) -> None:
    check_alike(asked, seed, count=2000)


def check_alike(asked: Client, seed: int, count: int) -> None:
    """Do `count` random operations on both; fails with the first differences that are not listed."""
    done = asked.run(RUN, seed=seed, count=count)
    unlisted = [one for one in done["differences"] if not listed(one)]
    assert not unlisted, f"{len(unlisted)} differences, the first: {unlisted[:5]}"
    assert done["operations"] >= count
    assert count / 20 < done["refused"] < count / 2, "both sound and refused operations are compared"
    assert min(done["runs"], done["models"], done["experiments"]) > 2


def listed(difference: dict[str, Any]) -> bool:
    """Say whether a difference is one of those that stand in the table."""
    outcomes = {side: outcome_of(difference[side]) for side in ("ours", "theirs")}
    return any(
        re.search(one["said"], difference["said"])
        and outcomes == {"ours": one["ours"], "theirs": one["theirs"]}
        and ("field" not in one or only_in(difference["ours"], one["field"]))
        for one in LISTED
    )


def outcome_of(outcome: dict[str, Any]) -> str:
    """Name an outcome: the error's code, `told` where there was an answer."""
    told = outcome.get("told")
    refused = outcome.get("refused") or (told.get("code") if isinstance(told, dict) and "status" in told else None)
    return str(refused or "told")


def only_in(told: Any, field: str) -> bool:
    """Say whether all that differs lies below one field."""
    if not isinstance(told, dict) or not told:
        return False
    return all(name == field or only_in(child, field) for name, child in told.items())


def test_what_is_listed_has_a_name_and_a_reason() -> None:
    names = [one["name"] for one in LISTED]
    assert len(set(names)) == len(names)
    assert all(one["reason"].endswith(".") for one in LISTED)


def test_a_difference_that_is_not_listed_is_seen() -> None:
    said = "('rename_experiment', ('1', 'e'), {})"
    assert listed({"said": said, "ours": {"refused": "INVALID_STATE"}, "theirs": {"refused": "INTERNAL_ERROR"}})
    assert not listed({"said": said, "ours": {"refused": "BAD_REQUEST"}, "theirs": {"told": None}})
    inputs = {"told": {"0": {"inputs": {"model_inputs": {"count": 1}}}}}
    assert listed({"said": "('search_runs', ())", "ours": inputs, "theirs": inputs})
    assert not listed({"said": "('search_runs', ())", "ours": inputs | {"told": {"0": {"data": 1}}}, "theirs": inputs})
