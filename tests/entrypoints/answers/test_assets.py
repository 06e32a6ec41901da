"""The list of assets: every one once, what fails first where quality orders it; each client as it is heard."""

from __future__ import annotations

import json

import pytest

from tests.entrypoints.worked import caller
from trivium.entrypoints.answers import assets, facts, search, setup
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.problem import ProblemError
from trivium.intake.openlineage.reader import accept

DBT = "https://github.com/OpenLineage/OpenLineage/tree/1.54.0/integration/dbt"


def checked(name: str, passed: bool, producer: str = DBT) -> bytes:
    check = {"assertions": [{"assertion": "unique", "success": passed}]}
    dataset = {"namespace": "s3://lake", "name": name, "inputFacets": {"dataQualityAssertions": check}}
    return json.dumps({
        "eventType": "COMPLETE", "eventTime": "2026-10-02T00:00:00Z", "producer": producer, "inputs": [dataset],
        "outputs": [], "run": {"runId": f"r-{name}"}, "job": {"namespace": "n", "name": f"check-{name}"},
    }).encode()  # fmt: skip


@pytest.fixture
def lake(empty: Rooms) -> Rooms:
    said = [checked("a", True), checked("b", False), checked("c", True, "spark")]
    empty.ledger.append([accept(one) for one in said])
    return empty


def test_parts_of_the_list_are_the_list(lake: Rooms) -> None:
    whole = assets.ask(lake, assets.Params())
    parts = [assets.ask(lake, assets.Params(start=start, limit=2)).assets for start in range(0, whole.total + 2, 2)]
    assert tuple(one for part in parts for one in part) == whole.assets
    assert len(whole.assets) == whole.total == sum(one.count for one in whole.kinds) == 6


def test_what_fails_stands_first(lake: Rooms) -> None:
    answer = assets.ask(lake, assets.Params(kind="dataset", order="quality"))
    assert [(one.title, one.quality, one.kept, one.checks) for one in answer.assets] == [
        ("b", "failing", 0, 1), ("a", "passing", 1, 1), ("c", "passing", 1, 1),
    ]  # fmt: skip
    assert (answer.total, answer.failing, answer.assets[0].failing) == (3, 1, ("unique",))


def test_words_find_what_the_search_finds(lake: Rooms) -> None:
    found = search.ask(lake, search.Params(q="check"))
    assert [one.asset for one in assets.ask(lake, assets.Params(q="check")).assets] == [
        one.asset for one in found.results
    ]


@pytest.mark.parametrize("params", [assets.Params(kind="x"), assets.Params(order="x")])
def test_what_is_no_kind_and_no_order_is_refused(params: assets.Params, empty: Rooms) -> None:
    with pytest.raises(ProblemError):
        assets.ask(empty, params)


def test_the_file_holds_what_the_page_shows(lake: Rooms) -> None:
    lines = caller(lake).ask("/api/trivium/v1/assets.csv?kind=dataset&order=quality").body.decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["asset", *(f"dataset:s3://lake/{name}" for name in "bac")]


def test_dbt_is_heard_by_its_producer(lake: Rooms) -> None:
    steps = {one.client: one for one in setup.ask(lake, setup.Params()).steps}
    assert (steps["dbt"].count, steps["openlineage"].count, steps["focus"].last_heard) == (2, 3, None)
    assert steps["dbt"].last_heard is not None


def test_a_file_of_assets_holds_all_of_them(empty: Rooms) -> None:
    outputs = [{"namespace": "s3://lake", "name": f"t{number:04}"} for number in range(1_020)]
    event = {
        "eventType": "COMPLETE", "eventTime": "2026-10-02T00:00:00Z", "producer": DBT, "inputs": [], "outputs": outputs,
        "run": {"runId": "r"}, "job": {"namespace": "n", "name": "j"},
    }  # fmt: skip
    empty.ledger.append([accept(json.dumps(event).encode())])
    asked = caller(empty)
    rows = asked.ask("/api/trivium/v1/assets.csv?kind=dataset").body.decode().splitlines()
    assert len(rows) == 1 + len(outputs)
    assert len(asked.ask("/api/trivium/v1/assets.csv?kind=dataset&limit=5").body.decode().splitlines()) == 1 + 5
    assert "limit=" not in asked.ask("/assets?kind=dataset", headers={"accept": "text/html"}).body.decode()


def test_facts_about_an_asset_are_read_at_once(lake: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_by_one(sequence: int) -> None:
        raise AssertionError(sequence)

    monkeypatch.setattr(lake.ledger, "fact", one_by_one)
    first = facts.ask(lake, facts.Params(subject="dataset:s3://lake/a", limit=1))
    assert [one.sequence for one in first.facts] == [1]
