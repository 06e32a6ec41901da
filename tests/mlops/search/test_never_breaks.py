"""Whatever text is sent as filter, ordering or page token: a search answers, or refuses with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from tests.mlops.search.worlds import a_world, fill
from tests.mlops.search.written import THINGS, a_filter, an_order
from trivium.facts.problem import ProblemError
from trivium.mlops.search.experiments import ExperimentSearch, find_experiments
from trivium.mlops.search.logged_models import LoggedModelOrder, LoggedModelSearch, OfDataset, find_logged_models
from trivium.mlops.search.models import ModelSearch, find_models
from trivium.mlops.search.runs import RunSearch, find_runs
from trivium.mlops.search.versions import VersionSearch, find_versions
from trivium.mlops.trace_infos.search import TraceSearch, find_traces

STRANGE = (
    "__proto__", "{{7*7}}", "../", "..%252f", "file:///etc/passwd", "=1+1", "<svg onload=alert(1)>", "\u202e", "\u200b",
    "x" * 100_000, "\0", "\ud800", "😀", "%", "_" * 1_000, "[" * 1_000, "*" * 1_000, "9" * 400, "-9223372036854775809",
    "9999-12-31", "1E-400", "'; DROP TABLE tracking_runs; --", "\\", "\n", "\r\n", "\u2028", "É", "ı", "ß",
)  # fmt: skip
SHAPES = (
    "{}", "tags.a = '{}'", 'tags."{}" = "x"', "tags.`{}` LIKE 'x'", "tags.a LIKE '{}'", "tags.a ILIKE '%{}%'",
    "name = '{}'", "name IN ('{}')", "{} = 'x'", "metrics.a > {}", "start_time > {}", "version_number > '{}'",
    "name IN ('\\ud800')", "run_id IN ('\\x00', '{}')",
    "experiment_id = '{}'", "creation_time < {}", "timestamp = {}", "request_id IN ('{}', '{}')",
)  # fmt: skip
Search = Callable[[Connection, str, str, str], Any]
SEARCHES: dict[str, Search] = {
    "runs": lambda connection, text, order, token: find_runs(
        connection, RunSearch(experiments=(0, 1), filter=text, order_by=(order,) if order else (), page_token=token)
    ),
    "experiments": lambda connection, text, order, token: find_experiments(
        connection, ExperimentSearch(filter=text, order_by=(order,) if order else (), page_token=token)
    ),
    "models": lambda connection, text, order, token: find_models(
        connection, ModelSearch(filter=text, order_by=(order,) if order else (), page_token=token)
    ),
    "versions": lambda connection, text, order, token: find_versions(
        connection, VersionSearch(filter=text, order_by=(order,) if order else (), page_token=token)
    ),
    "traces": lambda connection, text, order, token: find_traces(
        connection, TraceSearch(experiments=(0,), filter=text, order_by=(order,) if order else (), page_token=token)
    ),
    "logged_models": lambda connection, text, order, token: find_logged_models(
        connection,
        LoggedModelSearch(
            experiments=(0, 1),
            filter=text,
            datasets=(OfDataset(order, order),) if order else (),
            order_by=(LoggedModelOrder(order, dataset_name=text, dataset_digest=token),) if order else (),
            page_token=token,
        ),
    ),
}


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """Open a database in memory with a random world."""
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        fill(opened, a_world(Random(7)))
        yield opened
    engine.dispose()


def answers(connection: Connection, thing: str, text: str = "", order: str = "", token: str = "") -> bool:
    """Search; say whether it was answered. Any other exception than a ProblemError of status 400 goes through."""
    try:
        SEARCHES[thing](connection, text, order, token)
    except ProblemError as error:
        if error.problem.status != 400:
            raise
        return False
    return True


@pytest.mark.parametrize("thing", THINGS)
def test_a_random_text_is_answered_or_refused(connection: Connection, thing: str) -> None:
    random = Random(11)
    answered = 0
    for _ in range(300):
        answered += answers(connection, thing, text=a_filter(random, thing))
        answers(connection, thing, order=an_order(random, thing))
    assert answered > 30


@pytest.mark.parametrize("thing", THINGS)
def test_a_strange_text_is_answered_or_refused(connection: Connection, thing: str) -> None:
    answered = 0
    for strange in STRANGE:
        for shape in SHAPES:
            answered += answers(connection, thing, text=shape.replace("{}", strange))
        for order in ("{}", "tags.`{}` DESC", "metrics.{}"):
            answers(connection, thing, order=order.replace("{}", strange))
        answers(connection, thing, token=strange)
    assert answered > 50
