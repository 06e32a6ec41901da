"""Does Marquez' read side tell what dbt really sent, in Marquez' spelling, on both recordings?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.entrypoints.worked import Caller, caller
from tests.shared_data import shared
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import declare
from trivium.entrypoints.answers.rooms import Rooms
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


def test_columns_are_told_as_the_schema_facet_says(told: tuple[str, Caller]) -> None:
    """The type is null where the producer leaves it out, as dbt does."""
    _, ask = told
    found = asked(ask, f"{SPACES}/datasets/jaffle_shop.main.orders")["fields"]
    assert [one["name"] for one in found][:4] == ["order_id", "customer_id", "order_date", "status"]
    assert found[0] == {"name": "order_id", "type": None, "tags": [], "description": None}


def event(run: str, kind: str, at: str, job: str, **sides: list[Any]) -> bytes:
    named = {"eventType": kind, "eventTime": at, "run": {"runId": run}, "job": {"namespace": "lab", "name": job}}
    return msgspec.json.encode(
        named | sides | {"producer": "https://example.org", "schemaURL": "https://openlineage.io/spec/2-0-2/x"}
    )


ONE, OTHER = "0190b1d6-1111-7000-8000-00000000000a", "0190b1d6-2222-7000-8000-00000000000b"
COLUMNS = {
    "_producer": "https://example.org",
    "_schemaURL": "https://example.org",
    "fields": [{"name": "a", "type": "int"}],
}
TABLE = [{"namespace": "lab", "name": "t", "facets": {"schema": COLUMNS}}]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(tmp_path / "home") as rooms:
        events = [
            event(ONE, "START", "2026-10-01T00:00:00Z", "train", outputs=TABLE),
            event(OTHER, "COMPLETE", "2026-10-01T01:00:00Z", "train"),
        ]
        rooms.ledger.append([accept(one) for one in events])
        yield rooms


def test_a_run_is_found_however_its_id_is_written_and_under_every_name_it_has(lab: Rooms) -> None:
    ask = caller(lab)
    assert asked(ask, f"/api/v1/jobs/runs/{ONE.upper()}") == asked(ask, f"/api/v1/jobs/runs/{ONE}")
    assert asked(ask, f"/api/v1/jobs/runs/{ONE}")["state"] == "RUNNING"
    assert asked(ask, "/api/v1/namespaces/lab/jobs/train/runs")["totalCount"] == 2
    declare.ask(lab, declare.Params(toml=f'[[alias]]\nname = "run:{OTHER}"\nmeans = "run:{ONE}"\n', name="same"))
    told = asked(ask, f"/api/v1/jobs/runs/{OTHER}")
    assert told == asked(ask, f"/api/v1/jobs/runs/{ONE}")
    assert (told["id"], told["state"], told["durationMs"]) == (ONE, "COMPLETED", 3_600_000)
    runs = asked(ask, "/api/v1/namespaces/lab/jobs/train/runs")
    assert (runs["totalCount"], runs["runs"]) == (1, [told])
    assert asked(ask, "/api/v1/namespaces/lab/jobs/train")["latestRun"] == told


def test_a_dataset_has_typed_columns_and_when_it_was_last_written(lab: Rooms) -> None:
    ask = caller(lab)
    before = asked(ask, "/api/v1/namespaces/lab/datasets/t")
    assert [(one["name"], one["type"]) for one in before["fields"]] == [("a", "int")]
    assert before["lastModifiedAt"] is None
    lab.ledger.append([accept(event(ONE, "COMPLETE", "2026-10-01T02:00:00Z", "train"))])
    assert asked(ask, "/api/v1/namespaces/lab/datasets/t")["lastModifiedAt"] == "2026-10-01T02:00:00Z"


def test_no_answer_reads_the_flows(lab: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = caller(lab)

    def read(*_: object) -> None:
        raise AssertionError("the flows were read")

    monkeypatch.setattr(type(lab.bookkeeping), "flows", read)
    node = quote("dataset:lab:t")
    for path in ("namespaces", "namespaces/lab", "namespaces/lab/jobs", f"lineage?nodeId={node}", f"jobs/runs/{ONE}"):
        asked(ask, f"/api/v1/{path}")
