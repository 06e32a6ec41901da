"""Does any known input of MLflow's routes give a 500, which its clients repeat? Strange values in every field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec
import pytest

from tests.entrypoints.api.test_bad_input import JSON_BODIES, STRANGE, encoded
from tests.entrypoints.worked import JSON, Caller
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.mlflow.answering import Deciding, Looking
from trivium.entrypoints.api.mlflow.routes import mlflow_routes

OTHER: list[Any] = [None, 0, -1, 2**63, 1.5, True, [], {}, [None], [[]], [{}], [{"key": None}], [{"key": 1}], ["x", 1]]
STANDING = {"name": "m", "version": "1", "key": "k", "value": "v", "alias": "a", "experiment_id": "0", "stage": "None"}
METHODS = ("POST", "PATCH", "DELETE", "PUT", "GET")


@pytest.fixture(scope="module")
def routes(rooms: Rooms) -> list[tuple[str, str, type[msgspec.Struct]]]:
    """List what is asked by JSON: path, method, and the record of what is asked."""
    found = list(_asked(rooms))
    assert len(found) > 60
    return found


def _asked(rooms: Rooms) -> Iterator[tuple[str, str, type[msgspec.Struct]]]:
    for route in mlflow_routes(rooms, Metrics(rooms.ledger)):
        endpoint: Any = getattr(route, "endpoint", None)
        path = str(getattr(route, "path", ""))
        if isinstance(endpoint, (Deciding, Looking)) and path.startswith("/api/"):
            method = next(one for one in METHODS if one in (getattr(route, "methods", None) or ()))
            yield path.replace("{model_id}", "m-1").replace("{tag_key:path}", "k"), method, endpoint._asked


def sent(asked: Caller, path: str, method: str, body: bytes) -> None:
    answer = asked.ask(path, body, JSON, method)
    assert answer.status < 500, (method, path, body[:200], answer.body[:300])
    if answer.status != 200:
        assert set(msgspec.json.decode(answer.body)) == {"error_code", "message"}, (method, path, answer.body[:300])


def test_no_value_of_a_field_gives_a_500(routes: list[Any], asked: Caller) -> None:
    for path, method, kind in routes:
        for field in get_type_hints(kind):
            for value in [*OTHER, *(one for one in STRANGE if len(one) < 10_000 and one != "\ud800")]:
                if method == "GET":
                    sent(asked, f"{path}?{field}={encoded(str(value))}", method, b"")
                else:
                    sent(asked, path, method, msgspec.json.encode(_body(kind, field, value)))


def test_no_body_gives_a_500(routes: list[Any], asked: Caller) -> None:
    seen = set()
    for path, method, kind in routes:
        if method != "GET" and (method, kind) not in seen:
            seen.add((method, kind))
            for body in JSON_BODIES:
                sent(asked, path, method, body)


def _body(kind: type[msgspec.Struct], field: str, value: Any) -> dict[str, Any]:
    """Make a request that is sound but for one field."""
    return {name: STANDING[name] for name in get_type_hints(kind) if name in STANDING} | {field: value}
