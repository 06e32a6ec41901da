"""Does Marquez' read side tell what dbt really sent, in Marquez' spelling, on both recordings?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.entrypoints.worked import Caller, caller
from tests.shared_data import shared
from trivium.bootstrap import open_rooms
from trivium.intake.openlineage.reader import accept

SPACE = "duckdb://jaffle_shop.duckdb"
SPACES = f"/api/v1/namespaces/{quote(SPACE, safe='')}"
MODELS = {f"jaffle_shop.main.{name}" for name in ("customers", "orders", "stg_customers", "stg_orders", "stg_payments")}
RAW = {f"jaffle_shop.main.raw_{name}" for name in ("customers", "orders", "payments")}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


@pytest.fixture(scope="module", params=["legacy", "structured"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Caller]]:
    lines = shared(f"data/openlineage/dbt_{request.param}.jsonl").read_bytes().splitlines()
    with open_rooms(tmp_path_factory.mktemp(request.param) / "home") as rooms:
        rooms.ledger.append([accept(line) for line in lines])
        yield request.param, caller(rooms)


def asked(ask: Caller, path: str, status: int = 200) -> Any:
    answered = ask.ask(path, encoded=True)
    assert (answered.status, answered.headers["content-type"]) == (status, "application/json"), answered.body
    return msgspec.json.decode(answered.body)


def test_the_datasets_of_a_namespace_are_the_tables(told: tuple[str, Caller]) -> None:
    form, ask = told
    found = asked(ask, f"{SPACES}/datasets")
    assert {one["name"] for one in found["datasets"]} == MODELS | (RAW if form == "structured" else set())
    assert found["totalCount"] == len(found["datasets"])
    first = found["datasets"][0]
    assert first["id"] == {"namespace": SPACE, "name": first["name"]}
    assert TIME.fullmatch(first["createdAt"])
    assert asked(ask, f"{SPACES}/datasets/{first['name']}") == first
    assert [one["name"] for one in asked(ask, f"{SPACES}/datasets?limit=2&offset=1")["datasets"]] == [
        one["name"] for one in found["datasets"][1:3]
    ]


def test_namespaces_are_listed(told: tuple[str, Caller]) -> None:
    _, ask = told
    names = [one["name"] for one in asked(ask, "/api/v1/namespaces")["namespaces"]]
    assert SPACE in names
    assert names == sorted(names)
    assert asked(ask, SPACES)["name"] == SPACE


def test_lineage_leads_from_a_table_over_its_job_to_what_it_is_made_of(told: tuple[str, Caller]) -> None:
    _, ask = told
    node = f"dataset:{SPACE}:jaffle_shop.main.orders"
    graph = {one["id"]: one for one in asked(ask, f"/api/v1/lineage?nodeId={quote(node)}&depth=0")["graph"]}
    assert graph[node]["type"] == "DATASET"
    [writer] = graph[node]["inEdges"]
    job = graph[writer["origin"]]
    assert (job["type"], writer["destination"]) == ("JOB", node)
    assert {"namespace": SPACE, "name": "jaffle_shop.main.stg_orders"} in job["data"]["inputs"]
    assert {edge["origin"] for edge in job["inEdges"]} == {
        f"dataset:{SPACE}:jaffle_shop.main.{name}" for name in ("stg_orders", "stg_payments")
    }
    assert {"origin": job["id"], "destination": node} in job["outEdges"]
    whole = asked(ask, f"/api/v1/lineage?nodeId={quote(node)}")["graph"]
    assert {one["data"]["name"] for one in whole if one["type"] == "DATASET"} >= MODELS
    assert [one["id"] for one in whole] == sorted(one["id"] for one in whole)
    assert not any("dbt_test__audit" in one["id"] for one in whole)


def test_the_runs_of_a_job_are_told(told: tuple[str, Caller]) -> None:
    _, ask = told
    spaces = [one["name"] for one in asked(ask, "/api/v1/namespaces")["namespaces"]]
    lists = {name: asked(ask, f"/api/v1/namespaces/{quote(name, safe='')}/jobs") for name in spaces}
    jobs = [(name, job) for name, found in lists.items() for job in found["jobs"]]
    space, job = next((name, job) for name, job in jobs if job["outputs"])
    path = f"/api/v1/namespaces/{quote(space, safe='')}/jobs/{quote(job['name'], safe='')}"
    assert asked(ask, path) == job
    runs = asked(ask, f"{path}/runs")
    assert runs["totalCount"] == len(runs["runs"]) >= 1
    assert runs["runs"][0] == job["latestRun"]
    run = runs["runs"][0]
    assert run["state"] == "COMPLETED"
    assert run["durationMs"] >= 0
    assert asked(ask, f"/api/v1/jobs/runs/{run['id']}") == run


@pytest.mark.parametrize("path", [
    "/api/v1/lineage?nodeId=dataset:a:b", "/api/v1/namespaces/nowhere", f"{SPACES}/datasets/nothing",
    f"{SPACES}/colours", f"{SPACES}/datasets/jaffle_shop.main.orders/runs", "/api/v1/jobs/runs/none",
])  # fmt: skip
def test_what_is_not_there_is_told_in_the_protocol_s_shape(path: str, told: tuple[str, Caller]) -> None:
    found = asked(told[1], path, 404)
    assert set(found) == {"code", "message"}
    assert found["code"] == 404


@pytest.mark.parametrize("query", ["depth=-1", "depth=x", "depth=1e3"])
def test_a_depth_that_is_none_is_refused(query: str, told: tuple[str, Caller]) -> None:
    assert asked(told[1], "/api/v1/lineage", 422)["message"].startswith("'nodeId' is missing.")
    node = quote(f"dataset:{SPACE}:jaffle_shop.main.orders")
    assert "is not a whole number" in asked(told[1], f"/api/v1/lineage?nodeId={node}&{query}", 422)["message"]


def test_clients_still_send_to_the_same_path(told: tuple[str, Caller]) -> None:
    _, ask = told
    assert ask.ask("/api/v1/lineage", b"{}", {"content-type": "application/json"}).status == 422
    assert ask.ask("/api/v1/namespaces", method="PUT").status == 405
