"""Searches find what MLflow's own SQLite stores find, in the same order, page by page, with the same tokens."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from tests.clients.talking import interpreter
from tests.mlops.search.worlds import Asked, World, a_search, a_world, fill
from trivium.facts.problem import ProblemError
from trivium.intake.mlflow.names import VIEWS
from trivium.mlops.search.experiments import ExperimentSearch, find_experiments
from trivium.mlops.search.logged_models import LoggedModelOrder, LoggedModelSearch, OfDataset, find_logged_models
from trivium.mlops.search.models import ModelSearch, find_models
from trivium.mlops.search.pages import Page
from trivium.mlops.search.runs import RunSearch, find_runs
from trivium.mlops.search.versions import VersionSearch, find_versions
from trivium.mlops.trace_infos.search import TraceSearch, find_traces

SCRIPT = Path(__file__).parent / "mlflow_store.py"
THINGS = ("runs", "experiments", "models", "versions", "traces", "logged_models")


def page(connection: Connection, world: World, thing: str, asked: dict[str, Any], token: str) -> Page[Any]:
    """Find one page, with ids as MLflow has them."""
    usual: dict[str, Any] = {"filter": asked["filter"], "max_results": asked["max_results"], "page_token": token}
    stages = VIEWS[asked.get("view", "ALL")]
    if thing == "runs":
        ids = {row["run"]: row["id"] for row in world["tracking_runs"]}
        orders = tuple(asked["order_by"])
        search = RunSearch(experiments=tuple(asked["experiments"]), order_by=orders, stages=stages, **usual)
        found = find_runs(connection, search)
        return Page(tuple(ids[run] for run in found.ids), found.next_page_token)
    if thing == "logged_models":
        return find_logged_models(
            connection,
            LoggedModelSearch(
                experiments=tuple(asked["experiments"]),
                datasets=tuple(OfDataset(**each) for each in asked["datasets"]),
                order_by=tuple(LoggedModelOrder(**each) for each in asked["order_by"]),
                **usual,
            ),
        )
    usual["order_by"] = tuple(asked["order_by"])
    if thing == "traces":
        return find_traces(connection, TraceSearch(experiments=tuple(asked["experiments"]), **usual))
    if thing == "experiments":
        return find_experiments(connection, ExperimentSearch(stages=stages, **usual))
    if thing == "models":
        return find_models(connection, ModelSearch(**usual))
    versions = find_versions(connection, VersionSearch(**usual))
    return Page(tuple(list(each) for each in versions.ids), versions.next_page_token)


def ours(world: World, searches: list[Asked]) -> list[dict[str, Any]]:
    """Carry out searches as mlflow_store.py does."""
    engine = create_engine("sqlite://")
    answers = []
    with engine.begin() as connection:
        fill(connection, world)
        for thing, asked in searches:
            pages: list[Any] = []
            tokens = [""]
            try:
                while tokens[-1] or not pages:
                    found = page(connection, world, thing, asked, tokens[-1])
                    pages.append(list(found.ids))
                    tokens.append(found.next_page_token)
            except ProblemError as error:
                answers.append({"refused": error.problem.sentence()})
                continue
            answers.append({"pages": pages, "tokens": tokens[1:]})
    engine.dispose()
    return answers


def theirs(home: Path, worlds: list[tuple[World, list[Asked]]]) -> list[list[dict[str, Any]]]:
    """Let MLflow's own stores carry out the searches."""
    told = {"home": str(home), "worlds": [{"world": world, "searches": searches} for world, searches in worlds]}
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": "/usr/bin:/bin", "HOME": str(home)}
    ended = subprocess.run(
        [str(interpreter("mlflow3")), str(SCRIPT)],
        input=json.dumps(told), capture_output=True, text=True, check=True, env=environment, timeout=1_800, cwd=home,
    )  # fmt: skip
    answers: list[list[dict[str, Any]]] = json.loads(ended.stdout)
    return answers


def compare(home: Path, *, worlds: int, searches: int, seed: int) -> int:
    """Compare random searches of random worlds; give how many found something."""
    random = Random(seed)
    made = []
    for _ in range(worlds):
        world = a_world(random)
        made.append((world, [(thing, a_search(random, thing, world)) for thing in THINGS for _ in range(searches)]))
    different, found = [], 0
    for (world, asked), peers in zip(made, theirs(home, made), strict=True):
        for one, mine, peer in zip(asked, ours(world, asked), peers, strict=True):
            found += any(peer.get("pages", []))
            if mine != peer and not ("refused" in mine and "refused" in peer):
                different.append((one, mine, peer))
    assert not different, f"{len(different)} differ, the first: {different[:4]}"
    return found


def test_some_hundred_searches_find_the_same(tmp_path: Path) -> None:
    assert compare(tmp_path, worlds=4, searches=15, seed=3_017_002) > 120


@pytest.mark.full
def test_six_thousand_searches_find_the_same(tmp_path: Path) -> None:
    assert compare(tmp_path, worlds=25, searches=40, seed=20_261_123) > 1_500
