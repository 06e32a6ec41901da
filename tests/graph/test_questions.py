"""The questions that the graph answers about single assets: directory, thread, reach, search, unmatched, as known."""

from __future__ import annotations

from sqlalchemy import Connection, text

from tests.graph.graph_made import connection_with, event, graph_of, ran, read_any, recorded
from trivium.facts.fact import Fact
from trivium.facts.instants import parse_instant
from trivium.facts.kinds import Kind
from trivium.facts.statements import (
    Alias,
    Belongs,
    Owned,
    ResourceUsed,
    Titled,
    TrialOf,
    VersionRegistered,
    VersionUsed,
)
from trivium.facts.tracking import RunCreated, encode_change
from trivium.graph.assets import all_assets, asset, facts_about
from trivium.graph.declarations import all_declared
from trivium.graph.export import graph_export
from trivium.graph.flows_reader import read_flows
from trivium.graph.fold import GraphFold
from trivium.graph.known import as_known
from trivium.graph.reach import reach
from trivium.graph.search import RUNS_MAX, search
from trivium.graph.traversal import Edge, Lineage, downstream, upstream
from trivium.graph.unmatched import count_jobless, jobless, unmatched
from trivium.intake.mlflow.meaning import changed

LAKE = "dataset:s3://lake/"
MODEL = "model:m/1"


def at(text: str) -> int:
    return parse_instant(text)


def clinic(*more) -> Connection:
    """A small clinic: raw → clean → two trials → a model version → an endpoint and a scoring job → a report."""
    return graph_of(
        ran("load", "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z", job="load", writes=["raw"]),
        ran("clean", "2026-10-02T00:00:00Z", "2026-10-02T01:00:00Z", job="clean", reads=["raw"], writes=["clean"]),
        ran(
            "test",
            "2026-10-02T02:00:00Z",
            "2026-10-02T03:00:00Z",
            job="test",
            reads=["clean"],
            writes=["audit"],
            job_type="TEST",
        ),
        ran("t1", "2026-10-03T00:00:00Z", "2026-10-03T01:00:00Z", job="train", reads=["clean"]),
        ran("t2", "2026-10-03T00:00:00Z", "2026-10-03T02:00:00Z", job="train", reads=["clean"]),
        ran("score", "2026-10-06T00:00:00Z", "2026-10-06T01:00:00Z", job="score", reads=["new"], writes=["report"]),
        ran("late", "2026-10-09T00:00:00Z", "2026-10-09T01:00:00Z", job="other", reads=["raw"], writes=["side"]),
        TrialOf("run:t1", "experiment:e"),
        TrialOf("run:t2", "experiment:e"),
        VersionRegistered(version=MODEL, at=at("2026-10-04"), runs=("run:t1",), experiment="experiment:e"),
        VersionUsed(MODEL, "endpoint:api", at("2026-10-05")),
        VersionUsed(MODEL, "job:n/score", at("2026-10-05")),
        Belongs("endpoint:api", "product:p"),
        Titled("endpoint:api", "Triage service"),
        Owned(MODEL, "team:ml"),
        *more,
    )


def test_the_directory_lists_what_anybody_names() -> None:
    connection = clinic()
    keys = [one.key for one in all_assets(connection)]
    assert keys == sorted(
        [LAKE + name for name in ("clean", "new", "raw", "report", "side")]
        + [f"job:n/{name}" for name in ("clean", "load", "other", "score", "test", "train")]
        + ["endpoint:api", "experiment:e", MODEL, "product:p", "team:ml"]
    )
    api = asset(connection, "endpoint:api")
    assert api is not None
    assert (api.title, api.products, api.first_at) == ("Triage service", ("product:p",), None)
    clean = asset(connection, "dataset:s3a://lake/clean/")
    assert clean is not None
    assert (clean.key, clean.first_at, clean.last_at) == (
        LAKE + "clean",
        at("2026-10-02T00:00:00Z"),
        at("2026-10-03T02:00:00Z"),
    )
    assert asset(connection, LAKE + "audit") is None
    assert asset(connection, "run:t1") is not None
    assert [one.key for one in all_assets(connection, {"run"})][:2] == ["run:clean", "run:late"]


def test_facts_about_an_asset_are_found_by_all_its_names() -> None:
    connection = clinic(Alias(LAKE + "old", LAKE + "raw"))
    assert facts_about(connection, LAKE + "raw") == [23, 14, 13, 4, 3, 2, 1]
    assert facts_about(connection, LAKE + "old", limit=2) == [23, 14]
    assert facts_about(connection, "team:none") == []


def test_upstream_and_downstream_with_distances() -> None:
    connection = clinic()
    assert [(step.distance, step.asset) for step in upstream(connection, "endpoint:api")] == [
        (1, MODEL), (2, "experiment:e"), (2, "job:n/train"), (3, LAKE + "clean"), (4, "job:n/clean"), (5, LAKE + "raw"),
        (6, "job:n/load"),
    ]  # fmt: skip
    after = {step.asset: step.distance for step in downstream(connection, LAKE + "clean")}
    assert after == {
        "job:n/train": 1, MODEL: 2, "experiment:e": 2, "endpoint:api": 3, "job:n/score": 3, LAKE + "report": 4,
        "product:p": 4,
    }  # fmt: skip
    assert [step.asset for step in upstream(connection, "endpoint:api", depth=1)] == [MODEL]
    assert downstream(connection, LAKE + "raw", as_of=at("2026-10-01T12:00:00Z")) == []
    assert "endpoint:api" not in {step.asset for step in downstream(connection, LAKE + "clean", as_of=at("2026-10-04"))}


def test_the_thread_holds_the_edges_among_its_assets() -> None:
    thread = Lineage(clinic()).thread(LAKE + "clean", depth=1)
    assert thread.edges == (Edge(LAKE + "clean", "job:n/train"), Edge("job:n/clean", LAKE + "clean"))


def test_what_is_bad_reaches_forward_in_time_only() -> None:
    found = reach(read_flows(clinic()), LAKE + "raw", at("2026-10-01T12:00:00Z"))
    assert [one.asset for one in found.runs] == ["run:clean", "run:t1", "run:t2", "run:score", "run:late"]
    assert [(one.asset, one.at) for one in found.datasets] == [
        (LAKE + "clean", at("2026-10-02T01:00:00Z")),
        (LAKE + "report", at("2026-10-06T01:00:00Z")),
        (LAKE + "side", at("2026-10-09T01:00:00Z")),
    ]
    assert [(one.asset, one.at, one.distance) for one in found.versions] == [(MODEL, at("2026-10-04"), 4)]
    assert [(one.asset, one.at) for one in found.endpoints] == [("endpoint:api", at("2026-10-05"))]
    assert [one.asset for one in found.products] == ["product:p"]
    assert [one.asset for one in found.jobs] == ["job:n/clean", "job:n/train", "job:n/score", "job:n/other"]
    later = reach(read_flows(clinic()), LAKE + "raw", at("2026-10-05"))
    assert [one.asset for one in later.runs] == ["run:late"]
    assert reach(read_flows(clinic()), LAKE + "nothing", 0).contacts() == []


def test_a_failed_run_is_reached_but_passes_nothing_on() -> None:
    connection = graph_of(
        event("a", "FAIL", "2026-10-02", reads=["x"], writes=["y"]),
        ran("sql", "2026-10-02", "2026-10-02", parent="a"),
        ran("b", "2026-10-03", "2026-10-03", reads=["y"]),
    )
    found = reach(read_flows(connection), LAKE + "x", at("2026-10-01"))
    assert ([one.asset for one in found.runs], found.datasets) == (["run:a", "run:sql"], ())


def test_search_ranks_whole_names_before_parts() -> None:
    connection = clinic()
    assert [hit.asset.key for hit in search(connection, "CLEAN")] == ["job:n/clean", LAKE + "clean"]
    assert [hit.asset.key for hit in search(connection, "triage serv")] == ["endpoint:api"]
    assert [hit.asset.key for hit in search(connection, "lake r")] == [LAKE + "raw", LAKE + "report"]
    assert [hit.asset.key for hit in search(connection, "run:t")] == ["run:t1", "run:t2", "run:test"]
    assert (search(connection, "  "), search(connection, "%"), search(connection, "audit")) == ([], [], [])


def test_names_that_could_not_be_joined_are_listed_with_what_they_may_mean() -> None:
    connection = clinic(
        event("x", "COMPLETE", "2026-10-10", job="y", reads=[{"namespace": "s3://lake", "name": "Re-port"}]),
        Owned("job:n/trian", "team:ml"),
        VersionUsed("model:m/2", "endpoint:api"),
        ResourceUsed("job:n/train", "gpu"),
        Belongs("endpoint:idle", "product:p"),
    )
    assert [(one.name, one.reason, one.suggestions) for one in unmatched(connection)] == [
        ("job:n/trian", "declared, but no event names it", ("job:n/train",)),
        (LAKE + "Re-port", "read, but never written", (LAKE + "report",)),
        ("model:m/2", "used, but its origin is unknown", (MODEL,)),
    ]


def test_the_graph_as_it_was_known_at_an_earlier_sequence() -> None:
    said = [
        *ran("a", "2026-10-01", "2026-10-02", writes=["x"]),
        Owned(LAKE + "x", "team:a"),
        Owned(LAKE + "x", "team:b"),
    ]
    facts = recorded(said)
    early = as_known(facts[:3], read_any)
    assert read_flows(early).owners == {LAKE + "x": ("team:a",)}
    assert read_flows(early).sequence == 3
    assert graph_export(as_known(iter(facts), read_any)) == graph_export(graph_of(*said))


def test_an_export_says_what_versions_are_made_of_and_who_uses_them() -> None:
    entry = next(one for one in graph_export(clinic())["assets"] if one["asset"] == MODEL)
    assert entry == {
        "asset": MODEL, "kind": "model", "owners": ["team:ml"], "at": "2026-10-04T00:00:00Z",
        "experiment": "experiment:e",
        "runs": ["run:t1"], "used_by": ["endpoint:api", "job:n/score"],
    }  # fmt: skip
    unclaimed = graph_of(VersionRegistered(version=MODEL, at=0))
    assert "at" not in graph_export(unclaimed)["assets"][0]
    assert read_flows(unclaimed).versions.at.tolist() == [at("2026-12-01")]


def test_facts_about_an_asset_come_in_parts() -> None:
    connection = clinic(Alias(LAKE + "old", LAKE + "raw"))
    whole, parts, before = facts_about(connection, LAKE + "raw"), [], 0
    while part := facts_about(connection, LAKE + "raw", 3, before):
        parts += part
        before = part[-1]
    assert parts == whole


def test_a_search_for_runs_lays_out_what_is_declared_once(monkeypatch) -> None:
    graph = graph_of(
        *(ran(f"r{number:03}", "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z", job="j") for number in range(130)),
        Titled("run:r001", "The first"),
    )
    laid_out = []
    monkeypatch.setattr(
        "trivium.graph.assets.all_declared", lambda connection: laid_out.append(1) or all_declared(connection)
    )
    hits = search(graph, "run:", 10_000)
    assert [hit.asset.key for hit in hits] == [f"run:r{number:03}" for number in range(RUNS_MAX)]
    assert hits[1].asset == asset(graph, "run:r001")
    assert hits[1].asset.title == "The first"
    laid_out.clear()
    search(graph, "run:r0", 10_000)
    assert len(laid_out) <= 1


def test_a_run_of_an_experiment_is_joined_to_it_and_needs_no_job() -> None:
    started = RunCreated(
        run="a",
        experiment=1,
        experiment_name="search",
        name="one",
        user="",
        start_ms=1_790_000_000_000,
        artifact_uri="",
    )
    fact = Fact(
        kind=Kind.RUN_CREATED, subject="run:a", happened_at=0, source="mlflow", key="a", body=encode_change(started)
    )  # fmt: skip
    fold = GraphFold(changed)
    connection = connection_with(fold)
    fold.apply(connection, recorded([fact]))
    assert (unmatched(connection), count_jobless(connection), jobless(connection, ["run:a"])) == ([], 0, set())
    connection.execute(text("DELETE FROM graph_trials"))
    assert jobless(connection, ["run:a"]) == {"run:a"}
