"""Do experiments and runs answer the same on every face: filters, orders, columns, pages, cost?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.entrypoints.tracked import FIRST, SECOND, TWINS, more_runs, tracked_rooms
from tests.entrypoints.worked import PREFIX, Caller, caller
from trivium.entrypoints.answers import experiments, metric_history, run_show, runs, runs_compare
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.problem import ProblemError
from trivium.mlops.search.written import parts_of


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    with tracked_rooms(tmp_path_factory.mktemp("tracked") / "home") as rooms:
        more_runs(rooms, 250)
        yield rooms


@pytest.fixture(scope="module")
def ask(tracked: Rooms) -> Caller:
    return caller(tracked)


def over_http(ask: Caller, path: str) -> dict:
    answer = ask.ask(PREFIX + path)
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body)


def plain(answer: msgspec.Struct) -> dict:
    return msgspec.json.decode(msgspec.json.encode(answer))


def test_experiments_are_counted_and_cost_what_their_trials_poured(tracked: Rooms, ask: Caller) -> None:
    answer = experiments.ask(tracked, experiments.Params(costs=True, order_by="name ASC"))
    found = {one.name: one for one in answer.experiments}
    assert list(found) == ["Default", "m-search", "many"]
    assert (found["m-search"].runs, found["many"].runs, found["m-search"].failed) == (2, 250, 0)
    assert found["m-search"].last_run == "2026-11-05T08:30:00Z"
    assert (found["Default"].last_run, answer.currency, answer.total) == (None, "EUR", 3)
    shown = [run_show.ask(tracked, run_show.Params(run=run)).cost for run in (FIRST, SECOND)]
    assert Decimal(found["m-search"].cost or "0") == sum(Decimal(one.total) for one in shown if one) > 50
    assert over_http(ask, "/experiments?costs=true&order_by=name%20ASC") == plain(answer)
    rows = list(csv.DictReader(io.StringIO(ask.ask(f"{PREFIX}/experiments.csv?costs=true").body.decode())))
    assert {row["name"]: row["cost"] for row in rows}["m-search"] == found["m-search"].cost


@pytest.mark.parametrize("named", ["m-search", "1", "experiment:m-search", "experiment:1"])
def test_an_experiment_goes_by_name_id_and_key(tracked: Rooms, named: str) -> None:
    assert runs.ask(tracked, runs.Params(experiment=named)).experiments == ("experiment:m-search",)


def test_several_experiments_are_searched_at_once(tracked: Rooms) -> None:
    assert runs.ask(tracked, runs.Params(experiment="m-search, many")).total == 252
    with pytest.raises(ProblemError, match="No experiment is called 'nothing'"):
        runs.ask(tracked, runs.Params(experiment="m-search,nothing"))


def test_runs_are_filtered_ordered_and_shown_by_column(tracked: Rooms, ask: Caller) -> None:
    params = runs.Params(experiment="m-search", filter="params.depth = '5'", order_by="metrics.auc DESC")
    answer = runs.ask(tracked, params)
    assert [one.run for one in answer.runs] == [f"run:{FIRST}", f"run:{SECOND}"]
    assert answer.columns == ("metrics.auc", "metrics.odd", "params.rate")
    assert answer.known_columns == ("metrics.auc", "metrics.odd", "params.depth", "params.rate", "tags.team")
    assert answer.runs[0].values == {"metrics.auc": 0.9, "metrics.odd": None, "params.rate": "0.1"}
    assert answer.runs[1].values["metrics.odd"] == "NaN"
    assert answer.runs[0].duration_ms == 2 * 3600 * 1000
    query = f"experiment=m-search&filter={quote(params.filter)}&order_by={quote(params.order_by)}"
    assert over_http(ask, f"/runs?{query}") == plain(answer)
    rows = list(csv.DictReader(io.StringIO(ask.ask(f"{PREFIX}/runs.csv?{query}").body.decode())))
    assert [(row["metrics.auc"], row["metrics.odd"], row["params.rate"]) for row in rows] == [
        ("0.9", "", "0.1"), ("0.7", "NaN", "0.2"),
    ]  # fmt: skip
    table = pq.read_table(io.BytesIO(ask.ask(f"{PREFIX}/runs.parquet?{query}").body))
    assert table["metrics.auc"].to_pylist() == [0.9, 0.7]
    assert table["params.rate"].to_pylist() == ["0.1", "0.2"]


def test_columns_are_chosen_in_their_order(tracked: Rooms) -> None:
    answer = runs.ask(tracked, runs.Params(experiment="1", columns="params.rate, metrics.auc"))
    assert list(answer.runs[0].values) == ["params.rate", "metrics.auc"]
    with pytest.raises(ProblemError, match=r"'rate' names no column\..*params.NAME"):
        runs.ask(tracked, runs.Params(experiment="1", columns="rate"))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"filter": "metrics.auc >"}, "filter"),
        ({"filter": "metric.auc ~ 3"}, "filter"),
        ({"order_by": "auc DESC"}, "order_by"),
        ({"page_token": "x"}, "page_token"),
        ({"stage": "gone"}, "stage"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(ask: Caller, asked: dict, said: str) -> None:
    query = "&".join(f"{name}={quote(text)}" for name, text in asked.items())
    answer = ask.ask(f"{PREFIX}/runs?experiment=1&{query}")
    assert 400 <= answer.status < 500
    problem = msgspec.json.decode(answer.body)
    assert said in problem["where"]
    assert problem["fix"]


def test_pages_follow_each_other_and_a_file_holds_all(tracked: Rooms, ask: Caller) -> None:
    seen: list[str] = []
    token = ""
    while True:
        answer = runs.ask(tracked, runs.Params(experiment="many", limit=100, page_token=token))
        seen += [one.name for one in answer.runs]
        token = answer.next_page_token
        if not token:
            break
    assert seen == [f"trial {number}" for number in reversed(range(250))]
    assert answer.total == 250
    text = ask.ask(f"{PREFIX}/runs.csv?experiment=many").body.decode()
    assert len(list(csv.DictReader(io.StringIO(text)))) == 250


def test_a_run_seen_by_both_clients_is_one_and_costs_what_the_worked_example_says(tracked: Rooms, ask: Caller) -> None:
    answer = run_show.ask(tracked, run_show.Params(run=FIRST))
    assert {answer.run, *answer.names} == {f"run:{FIRST}", f"run:{TWINS[FIRST]}"}
    assert (answer.id, answer.name, answer.status) == (FIRST, "trial a", "FINISHED")
    assert (answer.experiment, answer.job) == ("experiment:m-search", "job:worked/train")
    assert answer.cost is not None
    assert Decimal(answer.cost.charged) == 40
    cost = answer.cost
    assert Decimal(cost.charged) + Decimal(cost.drained) == Decimal(cost.total)
    assert sum(Decimal(one.amount) for one in cost.poured) + Decimal(cost.stays) == Decimal(cost.total)
    assert ([one.asset for one in cost.poured], Decimal(cost.stays)) == (["model:m/1"], 0)
    assert answer.reads == ("dataset:mlflow/features", "dataset:worked/features")
    assert answer.versions == ("model:m/1",)
    assert [(one.name, one.context) for one in answer.inputs] == [("features", "training")]
    assert [(one.path, one.bytes) for one in answer.artifacts] == [("model/MLmodel", 321)]
    assert [(one.name, one.value, one.step) for one in answer.metrics] == [("auc", 0.9, 10)]
    for name in (f"run:{FIRST}", f"run:{TWINS[FIRST]}"):
        assert over_http(ask, f"/run?run={quote(name)}") == plain(answer)


def test_a_run_that_no_mlflow_client_logged_is_told_by_its_events(tracked: Rooms) -> None:
    answer = run_show.ask(tracked, run_show.Params(run="01930000-0000-7000-8000-0000000000b1"))
    assert (answer.id, answer.status, answer.job) == ("", "FINISHED", "job:worked/prepare")
    assert answer.writes == ("dataset:worked/features",)
    assert answer.duration_ms == 3600 * 1000
    assert answer.cost is not None
    assert Decimal(answer.cost.charged) == 90
    assert {one.asset for one in answer.cost.poured} == {"dataset:worked/features"}


def test_a_run_that_there_is_not_is_refused(ask: Caller) -> None:
    assert ask.ask(f"{PREFIX}/run?run=nothing").status == 404
    assert ask.ask(f"{PREFIX}/runs/compare?runs={FIRST},nothing").status == 404


def test_what_differs_comes_first(tracked: Rooms, ask: Caller) -> None:
    answer = runs_compare.ask(tracked, runs_compare.Params(runs=f"{FIRST},run:{SECOND}", costs=True))
    assert [(one.kind, one.name, one.differs) for one in answer.rows] == [
        ("metric", "auc", True), ("metric", "odd", True), ("param", "rate", True), ("param", "depth", False),
        ("tag", "team", False),
    ]  # fmt: skip
    assert answer.rows[1].values == {f"run:{FIRST}": None, f"run:{SECOND}": "NaN"}
    assert answer.differing == 3
    assert [one.cost is not None for one in answer.runs] == [True, True]
    assert over_http(ask, f"/runs/compare?runs={FIRST},{SECOND}&costs=true") == plain(answer)
    rows = list(csv.DictReader(io.StringIO(ask.ask(f"{PREFIX}/runs/compare.csv?runs={FIRST},{SECOND}").body.decode())))
    assert rows[0][f"run:{FIRST}"] == "0.9"


def test_a_history_is_sampled_with_its_ends(tracked: Rooms, ask: Caller) -> None:
    answer = metric_history.ask(tracked, metric_history.Params(runs=f"{FIRST},{SECOND}", metrics="auc", limit=4))
    mine = [(one.step, one.value) for one in answer.points if one.run == f"run:{FIRST}"]
    assert (mine[0], mine[-1], len(mine)) == ((0, 0.0), (10, 0.9), 4)
    assert over_http(ask, f"/metric/history?runs={FIRST},{SECOND}&metrics=auc&limit=4") == plain(answer)
    assert ask.ask(f"{PREFIX}/metric/history?runs=&metrics=auc").status == 422


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        (" a ,b", ("a", "b")),
        ("metrics.`a,b` DESC, c", ("metrics.`a,b` DESC", "c")),
        ("'a,b\",c", ("'a,b\",c",)),
        (",,", ()),
    ],
)
def test_a_line_is_split_at_commas_outside_of_quotes(text: str, parts: tuple[str, ...]) -> None:
    assert parts_of(text) == parts
