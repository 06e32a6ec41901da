from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.graph.graph_made import event, graph_of, ran, recorded, recording, rows
from tests.shared_data import shared
from trivium.facts.instants import parse_instant
from trivium.facts.statements import (
    Alias,
    Belongs,
    DatasetUse,
    Life,
    Owned,
    Predicted,
    ResourceUsed,
    Rule,
    RunSeen,
    TrialOf,
    VersionRegistered,
    VersionUsed,
    Withdrawn,
    identity_of,
)
from trivium.graph.batch import Batch
from trivium.graph.export import graph_export
from trivium.graph.flows import FAILED, FOREVER, OPEN, SUCCESS, UNKNOWN, Flows, Uses
from trivium.graph.flows_reader import read_flows

DATASET = "dataset:s3://lake/"


def at(text: str) -> int:
    return parse_instant(text)


def run_of(flows: Flows, key: str) -> int:
    return flows.runs.keys.index(f"run:{key}")


def used(flows: Flows, uses: Uses) -> list[tuple[str, str, int, int]]:
    columns = (uses.run.tolist(), uses.dataset.tolist(), uses.bytes.tolist(), uses.rows.tolist())
    return [(flows.runs.keys[r], flows.datasets[d], b, n) for r, d, b, n in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    ("events", "start", "end", "outcome"),
    [
        ([("START", "01"), ("COMPLETE", "02")], "01", "02", SUCCESS),
        ([("COMPLETE", "01"), ("START", "02")], "01", "01", SUCCESS),
        ([("START", "01"), ("FAIL", "02"), ("COMPLETE", "03")], "01", "03", SUCCESS),
        ([("START", "01"), ("COMPLETE", "02"), ("FAIL", "03")], "01", "03", FAILED),
        ([("START", "01"), ("ABORT", "02")], "01", "02", FAILED),
        ([("START", "01"), ("FAIL", "02"), ("COMPLETE", "02")], "01", "02", SUCCESS),
        ([("START", "01"), ("FAIL", "02"), ("START", "03"), ("COMPLETE", "04")], "01", "04", SUCCESS),
        ([("COMPLETE", "02")], "02", "02", SUCCESS),
        ([("START", "01")], "01", None, OPEN),
        ([("START", "02"), ("RUNNING", "03"), ("OTHER", "01")], "01", None, OPEN),
    ],
)
def test_start_is_the_earliest_event_and_end_the_latest_terminal_one(events, start, end, outcome) -> None:
    flows = read_flows(graph_of(*(event("a", kind, f"2026-10-{day}") for kind, day in events)))
    assert flows.runs.keys == ["run:a"]
    assert flows.runs.start[0] == at(f"2026-10-{start}")
    assert flows.runs.end[0] == (at(f"2026-10-{end}") if end else FOREVER)
    assert flows.runs.outcome[0] == outcome


def test_the_end_bears_the_sequence_of_the_fact_that_stated_it_first() -> None:
    fail, complete = event("a", "FAIL", "2026-10-02"), event("a", "COMPLETE", "2026-10-03")
    flows = read_flows(graph_of(event("a", "START", "2026-10-01"), fail, complete, complete))
    assert (flows.runs.sequence[0], flows.runs.end_sequence[0]) == (1, 3)


def test_a_use_is_one_per_run_and_dataset_with_the_largest_measures() -> None:
    small = {"namespace": "s3a://lake", "name": "/x", "inputFacets": {"inputStatistics": {"size": 5, "rowCount": 90}}}
    large = {"namespace": "s3://lake", "name": "x/", "inputFacets": {"inputStatistics": {"size": 7}}}
    flows = read_flows(
        graph_of(
            event("a", "START", "2026-10-01", reads=[small, "y"]), event("a", "COMPLETE", "2026-10-02", reads=[large])
        )
    )
    assert used(flows, flows.reads) == [
        ("run:a", DATASET + "x", 7, 90),
        ("run:a", DATASET + "y", UNKNOWN, UNKNOWN),
    ]
    assert flows.names["dataset:s3a://lake//x"] == DATASET + "x"


def test_runs_without_datasets_fold_into_the_nearest_ancestor_that_names_some() -> None:
    flows = read_flows(
        graph_of(
            ran("dag", "2026-10-01", "2026-10-02", job="dag"),
            ran("model", "2026-10-01", "2026-10-02", writes=["x"], parent="dag"),
            ran("group", "2026-10-01", "2026-10-02", parent="model"),
            ran("sql", "2026-10-01", "2026-10-02", parent="group", job_type="SQL"),
            ran("other", "2026-10-01", "2026-10-02", parent="dag"),
        )
    )
    carriers = {key: flows.runs.keys[flows.runs.carrier[run]] for run, key in enumerate(flows.runs.keys)}
    assert carriers == {
        "run:dag": "run:dag", "run:model": "run:model", "run:group": "run:model", "run:sql": "run:model",
        "run:other": "run:other",
    }  # fmt: skip
    assert [key for key, is_one in zip(flows.runs.keys, flows.runs.bracket, strict=True) if is_one] == ["run:dag"]


def test_parents_in_a_circle_carry_themselves() -> None:
    flows = read_flows(
        graph_of(ran("a", "2026-10-01", "2026-10-02", parent="b"), ran("b", "2026-10-01", "2026-10-02", parent="a"))
    )
    assert flows.runs.carrier.tolist() == [0, 1]


def test_a_run_that_only_its_children_name_lasts_as_long_as_they_do() -> None:
    children = [
        *ran("a", "2026-10-02", "2026-10-03", writes=["x"], parent="p", root="r"),
        event("b", "START", "2026-10-01", parent="q"),
    ]
    flows = read_flows(graph_of(children))
    assert flows.runs.keys == ["run:a", "run:b", "run:p", "run:q", "run:r"]
    assert [flows.runs.keys[p] if p >= 0 else "" for p in flows.runs.parent] == ["run:p", "run:q", "run:r", "", ""]
    assert flows.runs.start.tolist()[2:] == [at("2026-10-02"), at("2026-10-01"), at("2026-10-02")]
    assert flows.runs.end.tolist()[2:] == [at("2026-10-03"), FOREVER, at("2026-10-03")]
    assert flows.runs.outcome.tolist() == [SUCCESS, OPEN, SUCCESS, OPEN, SUCCESS]
    assert flows.runs.bracket.tolist() == [False, False, True, True, True]


@pytest.mark.parametrize("ended", [True, False])
def test_an_end_moves_up_through_silent_levels_whose_starts_are_known(ended: bool) -> None:
    levels = range(6)
    early = [ran(f"e{level}", "2026-10-01", "2026-10-02", parent=f"s{level}", root=f"s{level + 1}") for level in levels]
    last = [event("last", "START", "2026-10-03", parent="s0")]
    last += [event("last", "FAIL", "2026-10-09", parent="s0")] if ended else []
    runs = read_flows(graph_of(*early, last)).runs
    silent = [place for place, key in enumerate(runs.keys) if key.startswith("run:s")]
    assert len(silent) == len(levels) + 1
    assert {runs.start.tolist()[place] for place in silent} == {at("2026-10-01")}
    assert {runs.end.tolist()[place] for place in silent} == {at("2026-10-09") if ended else FOREVER}
    assert {runs.outcome.tolist()[place] for place in silent} == {SUCCESS if ended else OPEN}


def test_tests_are_upkeep_and_their_audit_tables_are_no_assets() -> None:
    audit = event("t", "COMPLETE", "2026-10-02", job="check", reads=["x"], writes=["audit"])
    connection = graph_of(event("t", "START", "2026-10-01", job="check", reads=["x"], job_type="TEST"), audit)
    flows = read_flows(connection)
    assert flows.runs.upkeep.tolist() == [True]
    assert flows.datasets == [DATASET + "x"]
    assert len(flows.writes.run) == 0
    assert "audit" not in str(graph_export(connection))


def test_runs_whose_only_product_is_check_results_are_upkeep() -> None:
    checked = {
        "namespace": "s3://lake",
        "name": "x",
        "inputFacets": {"dataQualityAssertions": {"assertions": [{"assertion": "unique", "success": True}]}},
    }
    flows = read_flows(
        graph_of(
            event("look", "COMPLETE", "2026-10-01", reads=[checked]),
            event("make", "COMPLETE", "2026-10-01", reads=[checked], writes=["y"]),
            event("train", "COMPLETE", "2026-10-01", reads=[checked]),
            event("report", "COMPLETE", "2026-10-01", reads=["x"]),
            TrialOf("run:train", "experiment:e"),
        )
    )
    assert [k for k, only_looked in zip(flows.runs.keys, flows.runs.upkeep, strict=True) if only_looked] == ["run:look"]


def test_a_training_seen_twice_is_one_run() -> None:
    tag = {"tags": {"tags": [{"key": "mlflow.run_id", "value": "0mlflow"}]}}
    flows = read_flows(
        graph_of(
            ran("b", "2026-10-02", "2026-10-03", reads=["x"], **tag),
            event("0mlflow", "START", "2026-10-01", reads=["x", "y"], job="other"),
            TrialOf("run:0mlflow", "experiment:e"),
        )
    )
    assert flows.runs.keys == ["run:0mlflow"]
    assert flows.names == {"run:b": "run:0mlflow"}
    assert (flows.runs.start[0], flows.runs.end[0]) == (at("2026-10-01"), at("2026-10-03"))
    assert [d for _, d, _, _ in used(flows, flows.reads)] == [DATASET + "x", DATASET + "y"]
    assert flows.experiments == ["experiment:e"]
    assert flows.runs.experiment.tolist() == [0]
    assert flows.jobs[flows.runs.job[0]] == "job:n/other"


def test_declared_versions_uses_and_predictions_are_columns() -> None:
    flows = read_flows(
        graph_of(
            ran("t1", "2026-10-01", "2026-10-02", reads=["x"]),
            VersionRegistered(
                version="model:m/1", at=at("2026-10-06"), runs=("run:t1", "run:unknown"), experiment="experiment:e"
            ),
            VersionRegistered(version="model:m/2", at=at("2026-10-07"), copy_of="model:m/1"),
            VersionRegistered(version="model:n/1", at=at("2026-10-07"), copy_of="model:m/2"),
            VersionRegistered(version="model:prompt/1", at=1, prompt=True),
            VersionUsed(version="model:m/2", by="endpoint:e", since=at("2026-10-08")),
            VersionUsed(version="model:ghost/9", by="job:n/score", since=at("2026-10-09"), until=at("2026-10-10")),
            Predicted("model:m/2", "endpoint:e", "2026-10", 12),
        )
    )
    assert flows.versions.keys == ["model:ghost/9", "model:m/1", "model:m/2", "model:n/1"]
    assert flows.versions.copy_of.tolist() == [-1, -1, 1, 1]
    assert flows.versions.experiment.tolist() == [-1, 0, -1, -1]
    assert (flows.version_runs.version.tolist(), flows.version_runs.run.tolist()) == ([1], [0])
    assert flows.consumers == ["endpoint:e", "job:n/score"]
    assert flows.consumptions.consumer.tolist() == [1, 0]
    assert flows.consumptions.until.tolist() == [at("2026-10-10"), FOREVER]
    assert (flows.predictions.month.tolist(), flows.predictions.count.tolist()) == ([at("2026-10-01")], [12])


def test_a_model_uri_among_the_datasets_is_a_version() -> None:
    uri = {"namespace": "mlflow", "name": "models:/m/3"}
    flows = read_flows(
        graph_of(
            ran("train", "2026-10-01", "2026-10-02", job="train", reads=["x"], writes=[uri]),
            ran("score", "2026-10-03", "2026-10-04", job="score", reads=[uri], writes=["y"]),
        )
    )
    assert flows.datasets == [DATASET + "x", DATASET + "y"]
    assert flows.versions.keys == ["model:m/3"]
    assert flows.versions.at.tolist() == [at("2026-10-02")]
    assert flows.runs.keys[flows.version_runs.run[0]] == "run:train"
    assert [flows.consumers[c] for c in flows.consumptions.consumer] == ["job:n/score"]


def test_lives_resources_owners_products_and_rules() -> None:
    tagged = {
        "namespace": "s3://lake",
        "name": "x",
        "facets": {
            "tags": {"tags": [{"key": "trivium:life=90d", "value": ""}]},
            "ownership": {"owners": [{"name": "team:data"}]},
        },
    }
    tags = {
        "tags": {"tags": [{"key": "trivium.resource_id", "value": "cluster"}]},
        "externalQuery": {"externalQueryId": "q7"},
    }
    flows = read_flows(
        graph_of(
            event("a", "COMPLETE", "2026-10-01", writes=[tagged, "y"], **tags),
            Life(DATASET + "y", 30),
            ResourceUsed("run:a", "resource:cluster", "2.5"),
            Owned("job:n/etl", "team:ml"),
            Owned("job:n/etl", "team:data"),
            Belongs(DATASET + "x", "product:p"),
            Rule("second", {"ServiceName": "S3"}, to="shared", position=2),
            Rule("first", {"tag:team": "x"}, spread=("dataset:s3a://lake/y",), position=1),
        )
    )
    assert flows.life_days.tolist() == [90, 30]
    assert [(r.asset, r.resource, str(r.weight)) for r in flows.resources] == [
        ("run:a", "cluster", "5/2"),
        ("run:a", "q7", "1"),
    ]
    assert flows.owners == {DATASET + "x": ("team:data",), "job:n/etl": ("team:data", "team:ml")}
    assert flows.products == {DATASET + "x": ("product:p",)}
    assert [rule.name for rule in flows.rules] == ["first", "second"]
    assert flows.rules[0].spread == (DATASET + "y",)


def test_a_withdrawn_statement_no_longer_holds_and_aliases_rename() -> None:
    life = Life(DATASET + "x", 30)
    alias = Alias(DATASET + "old", DATASET + "x")
    said = [
        event("a", "COMPLETE", "2026-10-01", reads=["x"]),
        event("b", "COMPLETE", "2026-10-01", reads=["old"]),
        life,
        alias,
    ]
    flows = read_flows(graph_of(*said))
    assert (flows.datasets, flows.life_days.tolist()) == ([DATASET + "x"], [30])
    gone = [Withdrawn("dataset.life", identity_of(life)), Withdrawn("name.alias", identity_of(alias))]
    flows = read_flows(graph_of(*said, *gone))
    assert (flows.datasets, flows.life_days.tolist()) == ([DATASET + "old", DATASET + "x"], [0, 0])


def test_mlflows_experiment_0_groups_nothing() -> None:
    flows = read_flows(graph_of(ran("a", "2026-10-01", "2026-10-02"), TrialOf("run:a", "experiment:0")))
    assert (flows.experiments, flows.runs.experiment.tolist()) == ([], [-1])


def test_dropped_and_folded_again_the_tables_are_equal() -> None:
    said = [*ran("a", "2026-10-01", "2026-10-02", reads=["x"], writes=["y"]), Life(DATASET + "y", 3)]
    assert rows(graph_of(*said)) == rows(graph_of(*said))
    assert recorded(said)[2].fact.kind == "dataset.life"


def test_an_empty_graph_has_empty_flows() -> None:
    flows = read_flows(graph_of())
    assert (flows.runs.keys, flows.datasets, flows.sequence) == ([], [], 0)
    assert all(len(column) == 0 for column in (flows.reads.run, flows.writes.run, flows.versions.at, flows.life_days))


def test_the_dbt_recordings_give_the_tables_and_no_audit_table() -> None:
    graphs = {}
    for form in ("legacy", "structured"):
        connection = graph_of(recording(shared(f"data/openlineage/dbt_{form}.jsonl")))
        exported, flows = graph_export(connection), read_flows(connection)
        tables = {one["asset"].rpartition(".")[2] for one in exported["assets"] if one["kind"] == "dataset"}
        edges = {
            (read.rpartition(".")[2], write.rpartition(".")[2])
            for flow in exported["flows"]
            for read in flow["reads"]
            for write in flow["writes"]
        }
        assert "audit" not in str([one for one in exported["assets"] if one["kind"] == "dataset"]) + str(
            exported["flows"]
        )
        graphs[form] = (tables, edges, flows)
    tables, edges, flows = graphs["legacy"]
    assert tables == {"stg_customers", "stg_orders", "stg_payments", "customers", "orders"}
    more_tables, more_edges, more = graphs["structured"]
    assert more_tables - tables == {"raw_customers", "raw_orders", "raw_payments"}
    assert tables < more_tables
    assert more_edges - edges == {(f"raw_{name}", f"stg_{name}") for name in ("customers", "orders", "payments")}
    assert edges < more_edges
    assert (flows.runs.upkeep.sum(), more.runs.upkeep.sum()) == (5, 20)
    steps = [run for run, job in enumerate(more.runs.job) if ".sql." in more.jobs[job]]
    assert len(steps) == 86
    assert not np.isin(more.runs.carrier[steps], steps).any()
    assert more.runs.bracket.sum() == 1


def test_several_terminal_events_are_all_kept_in_any_order() -> None:
    fail, complete = event("a", "FAIL", "2026-10-31"), event("a", "COMPLETE", "2026-11-01")
    other = [
        event("b", "START", "2026-10-01"),
        event("b", "COMPLETE", "2026-10-02"),
        event("b", "COMPLETE", "2026-10-02"),
    ]
    for said in ([fail, complete, *other], [complete, fail, fail, *other]):
        ends = read_flows(graph_of(*said)).ends
        assert ends.run.tolist() == [0, 0]
        assert ends.at.tolist() == [at("2026-10-31"), at("2026-11-01")]
        assert ends.outcome.tolist() == [FAILED, SUCCESS]
        assert sorted(ends.sequence.tolist()) == [1, 2]


def test_a_start_known_until_an_earlier_event_came_is_kept_with_its_fact() -> None:
    days = ["05", "09", "03", "04", "01", "01"]
    flows = read_flows(graph_of(*(event("a", "RUNNING", f"2026-10-{day}") for day in days)))
    assert (flows.runs.start[0], flows.runs.sequence[0]) == (at("2026-10-01"), 5)
    kept = flows.start_sequences
    assert list(zip(kept.at.tolist(), kept.sequence.tolist(), strict=True)) == [
        (at("2026-10-03"), 3), (at("2026-10-05"), 1),
    ]  # fmt: skip


def test_a_negative_measure_is_no_measure() -> None:
    """What a client reports below nothing must not weigh: it is as if it had reported none."""
    read = DatasetUse("dataset:s3://lake/a", bytes=-5, rows=-1)
    known = DatasetUse("dataset:s3://lake/b", bytes=7, rows=-7)
    batch = Batch()
    for reads in ((read, known), (msgspec.structs.replace(known, bytes=-8),)):
        batch.take(RunSeen(run="run:a", at=at("2026-10-01T00:00:00Z"), event="complete", reads=reads))
    assert [use[:2] for use in batch.uses.values()] == [(-1, -1), (7, -1)]
