"""Do models and versions answer the same on every face: aliases, metrics, data, cost, differences?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from tests.entrypoints.tracked import FIRST, SECOND, tracked_rooms
from tests.entrypoints.worked import PREFIX, Caller, caller
from trivium.entrypoints.answers import cost_show, model_show, models, versions_diff
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.problem import ProblemError


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    with tracked_rooms(tmp_path_factory.mktemp("models") / "home") as rooms:
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


def test_models_of_registry_and_graph_are_listed_with_what_the_newest_took(tracked: Rooms, ask: Caller) -> None:
    answer = models.ask(tracked, models.Params(costs=True))
    (one,) = answer.models
    assert (one.model, one.versions, one.latest, one.aliases) == ("model:m", 2, "model:m/2", ("champion/1",))
    assert one.description == "What finds it."
    assert one.cost == cost_show.ask(tracked, cost_show.Params(key="model:m/2")).total
    assert over_http(ask, "/models?costs=true") == plain(answer)
    assert models.ask(tracked, models.Params(filter="name = 'other'")).total == 0
    assert models.ask(tracked, models.Params(filter="tags.task = 'triage'")).total == 1
    assert models.ask(tracked, models.Params(start=1)).models == ()


def test_a_model_shows_its_versions_with_metrics_data_and_cost(tracked: Rooms, ask: Caller) -> None:
    answer = model_show.ask(tracked, model_show.Params(model="m"))
    assert [one.number for one in answer.versions] == ["2", "1"]
    second, first = answer.versions
    assert (first.aliases, second.aliases) == (("champion",), ())
    assert (first.run, second.run) == (f"run:{FIRST}", f"run:{SECOND}")
    assert first.values == {"metrics.auc": 0.9, "metrics.odd": None}
    assert second.values["metrics.odd"] == "NaN"
    assert first.data == ("dataset:mlflow/features", "dataset:worked/features")
    for one in answer.versions:
        cost = cost_show.ask(tracked, cost_show.Params(key=one.version))
        assert (one.build, one.run_cost, one.total) == (cost.build, cost.run, cost.total)
    assert Decimal(first.total or "0") > 100
    assert (answer.owners, answer.products) == (("team:worked",), ("product:worked",))
    for key in ("m", "model:m", "model:m/1"):
        assert over_http(ask, f"/model?model={key}") == plain(answer)
    rows = list(csv.DictReader(io.StringIO(ask.ask(f"{PREFIX}/model.csv?model=m").body.decode())))
    assert [row["metrics.auc"] for row in rows] == ["0.7", "0.9"]
    assert [row["total"] for row in rows] == [second.total, first.total]


def test_two_versions_are_held_against_each_other(tracked: Rooms, ask: Caller) -> None:
    answer = versions_diff.ask(tracked, versions_diff.Params(one="model:m/1", other="model:m/2"))
    assert [(one.kind, one.name, one.differs) for one in answer.rows] == [
        ("metric", "auc", True), ("metric", "odd", True), ("param", "rate", True), ("param", "depth", False),
    ]  # fmt: skip
    auc = answer.rows[0]
    assert (auc.one, auc.other, auc.change) == (0.9, 0.7, pytest.approx(-0.2))
    assert {one.made for one in answer.data} == {"both"}
    parts = {one.part: one for one in answer.cost}
    for name, key in (("one", "model:m/1"), ("other", "model:m/2")):
        cost = cost_show.ask(tracked, cost_show.Params(key=key))
        for part in ("direct", "upstream", "trials", "build", "run", "total"):
            assert getattr(parts[part], name) == getattr(cost, part)
    total = parts["total"]
    assert Decimal(total.change or "0") == Decimal(total.other or "0") - Decimal(total.one or "0")
    assert over_http(ask, "/versions/diff?one=model:m/1&other=model:m/2") == plain(answer)


@pytest.mark.parametrize("path", ["/model?model=nothing", "/versions/diff?one=model:m/1&other=model:m/9"])
def test_what_there_is_not_is_refused_with_what_may_be_meant(ask: Caller, path: str) -> None:
    answer = ask.ask(PREFIX + path)
    assert answer.status == 404
    assert b"Nothing is known of" in answer.body


def test_a_difference_is_between_versions(tracked: Rooms) -> None:
    with pytest.raises(ProblemError, match="is no model version"):
        versions_diff.ask(tracked, versions_diff.Params(one="model:m", other="model:m/1"))
