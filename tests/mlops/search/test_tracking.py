"""Searches of experiments and of logged models, case by case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from tests.mlops.search.worlds import World, fill
from trivium.facts.problem import ProblemError
from trivium.mlops.search.experiments import ExperimentSearch, find_experiments
from trivium.mlops.search.logged_models import (
    LoggedModelOrder,
    LoggedModelSearch,
    OfDataset,
    find_logged_models,
)

METRICS = (
    # model, name, timestamp, step, run, value, dataset, digest
    ("m-1", "a", 1, 9, "r", 5.0, "train", "1"),
    ("m-1", "a", 2, 0, "r", 1.0, None, None),
    ("m-1", "a", 2, 1, "s", 2.0, "test", "1"),
    ("m-1", "a", 2, 1, "r", 3.0, "test", "2"),
    ("m-2", "a", 1, 0, "r", 4.0, "test", "1"),
    ("m-3", "b", 1, 0, "r", 9.0, "train", "1"),
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    """Open a database with three experiments and four logged models, one of them deleted."""
    models = (("m-1", 5, 2, "x"), ("m-2", 7, 1, None), ("m-3", 7, 3, "X"), ("m-4", 9, 2, "x"))
    columns = ("model", "name", "timestamp_ms", "step", "run", "value", "dataset_name", "dataset_digest")
    world: World = {
        "tracking_experiments": [
            {"experiment": number, "name": name, "artifact_location": "", "stage": "active", "created_ms": made,
             "updated_ms": 3}
            for number, name, made in ((1, "x", 5), (2, "X", 7), (10, "y", 7))
        ],
        "tracking_experiment_tags": [{"experiment": 2, "key": "k", "value": "v"}],
        "tracking_logged_models": [
            {"model": model, "experiment": 1, "name": "n", "artifact_location": "", "created_ms": made,
             "updated_ms": made, "status": status, "stage": "deleted" if model == "m-4" else "active",
             "model_type": kind, "source_run": None}
            for model, made, status, kind in models
        ],
        "tracking_logged_model_params": [{"model": "m-1", "key": "lr", "value": "0.01"}],
        "tracking_logged_model_metrics": [dict(zip(columns, row, strict=True), experiment=1) for row in METRICS],
    }  # fmt: skip
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        fill(opened, world)
        yield opened
    engine.dispose()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [2, 10, 1]),
        ({"order_by": ("name",)}, [2, 1, 10]),
        ({"order_by": ("last_update_time",)}, [10, 2, 1]),
        ({"order_by": ("last_update_time", "experiment_id")}, [1, 2, 10]),
        ({"filter": "experiment_id IN ('1', '10')"}, [10, 1]),
        ({"filter": "experiment_id NOT IN ('1')"}, [2, 10]),
        ({"filter": "experiment_id != '99999999999999999999'"}, [2, 10, 1]),
        ({"filter": "tags.k IS NULL"}, [10, 1]),
        ({"filter": "tags.k IS NOT NULL AND creation_time >= 7"}, [2]),
        ({"filter": "name ILIKE 'x'"}, [2, 1]),
        ({"stages": ("deleted",)}, []),
    ],
)
def test_experiments_are_found_the_newest_first(
    connection: Connection, asked: dict[str, Any], expected: list[int]
) -> None:
    assert list(find_experiments(connection, ExperimentSearch(**asked)).ids) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["m-2", "m-3", "m-1"]),
        ({"filter": "metrics.a = 5"}, ["m-1"]),
        ({"filter": "metrics.a > nan"}, []),
        ({"filter": "params.lr = 0.01"}, ["m-1"]),
        ({"filter": "model_type = 'x'"}, ["m-1"]),
        ({"filter": 'model_type = "x"'}, []),
        ({"filter": "status = 'READY'"}, ["m-1"]),
        ({"filter": "status IN ('READY', '3')"}, ["m-3", "m-1"]),
        ({"filter": "status != READY"}, ["m-2", "m-3"]),
        ({"filter": "attributes.creation_time < 6.5"}, ["m-1"]),
        ({"datasets": (OfDataset("test"),)}, ["m-2", "m-1"]),
        ({"datasets": (OfDataset("test", "2"), OfDataset("train", "1"))}, ["m-3", "m-1"]),
        ({"filter": "metrics.a < 3", "datasets": (OfDataset("train"),)}, []),
        ({"order_by": (LoggedModelOrder("metrics.a"),)}, ["m-1", "m-2", "m-3"]),
        ({"order_by": (LoggedModelOrder("metrics.a", ascending=False),)}, ["m-2", "m-1", "m-3"]),
        ({"order_by": (LoggedModelOrder("model_type"),)}, ["m-3", "m-1", "m-2"]),
        ({"order_by": (LoggedModelOrder("status", ascending=False),)}, ["m-3", "m-1", "m-2"]),
        ({"experiments": (2,)}, []),
    ],
)
def test_logged_models_are_found(connection: Connection, asked: dict[str, Any], expected: list[str]) -> None:
    search = LoggedModelSearch(**{"experiments": (1,)} | asked)
    assert list(find_logged_models(connection, search).ids) == expected


@pytest.mark.parametrize(
    ("taken", "dataset", "expected"),
    [
        ((), None, 3.0),
        ((("m-1", "a", 2, 1, "r"),), None, 2.0),
        ((("m-1", "a", 2, 1, "r"), ("m-1", "a", 2, 1, "s")), None, 1.0),
        ((), "train", 5.0),
    ],
)
def test_the_latest_value_is_the_last_in_time_then_by_step_then_of_the_least_run(
    connection: Connection, taken: tuple[Any, ...], dataset: str | None, expected: float
) -> None:
    for row in taken:
        statement = (
            "DELETE FROM tracking_logged_model_metrics"
            " WHERE model = ? AND name = ? AND timestamp_ms = ? AND step = ? AND run = ?"
        )
        connection.exec_driver_sql(statement, row)
    for limit, first in ((expected + 0.5, "m-1"), (expected - 0.5, "m-2")):
        connection.exec_driver_sql(
            "UPDATE tracking_logged_model_metrics SET value = ?, dataset_name = ? WHERE model = 'm-2'", (limit, dataset)
        )
        order = LoggedModelOrder("metrics.a", dataset_name=dataset)
        found = find_logged_models(connection, LoggedModelSearch(experiments=(1,), order_by=(order,)))
        assert found.ids[0] == first


def test_what_logged_models_do_not_have_is_refused(connection: Connection) -> None:
    for asked, sentence in (
        ({"filter": "foo = 1"}, "Logged models have no attribute 'foo'"),
        ({"filter": "tag.foo = 1"}, "Logged models have no 'tag'"),
        ({"filter": "metrics.a > '5'"}, "which is no number"),
        ({"filter": "name = ('a')"}, "Use IN or NOT IN with a list"),
        ({"filter": "name IS NULL"}, "by 'IS NULL'"),
        ({"order_by": (LoggedModelOrder("params.a"),)}, "cannot be ordered by 'params.a'"),
        ({"order_by": (LoggedModelOrder(""),)}, "have no attribute ''"),
        ({"datasets": (OfDataset(""),)}, "has no dataset_name"),
        ({"max_results": -1}, "max_results is -1"),
    ):
        with pytest.raises(ProblemError, match=sentence):
            find_logged_models(connection, LoggedModelSearch(**{"experiments": (1,)} | asked))


def test_pages_of_logged_models_are_of_a_hundred_where_none_is_said(connection: Connection) -> None:
    assert len(find_logged_models(connection, LoggedModelSearch(experiments=(1,), max_results=0)).ids) == 3
    page = find_logged_models(connection, LoggedModelSearch(experiments=(1,), max_results=2))
    again = LoggedModelSearch(experiments=(1,), max_results=2, page_token=page.next_page_token)
    assert find_logged_models(connection, again).ids == ("m-1",)
