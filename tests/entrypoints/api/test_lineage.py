"""The busiest paths: what the short way to them answers is what the router would."""

from __future__ import annotations

import pytest
from starlette.routing import Router

from tests.entrypoints.worked import Caller, caller
from tests.graph.graph_made import event
from trivium.entrypoints import policies
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.app import routes_of
from trivium.entrypoints.api.fixed import FixedFirst
from trivium.entrypoints.api.metrics import Metrics

JSON = {"content-type": "application/json"}
LINEAGE = "/api/v1/lineage"
MARK = b"\xef\xbb\xbf"


def test_a_byte_order_mark_makes_no_other_event(empty: Rooms) -> None:
    asked, raw = caller(empty), event("r", "START", "2026-10-05", job="j")
    assert asked.ask(LINEAGE, MARK + raw, JSON).status == 201
    assert asked.ask(LINEAGE, raw, JSON).status == 200
    assert asked.ask(f"{LINEAGE}/batch", MARK + b"[" + raw + b"]", JSON).status == 204
    assert empty.ledger.fact(1).fact.body == raw
    assert asked.ask(LINEAGE, MARK + MARK + raw, JSON).status == 400


def test_a_key_that_stands_twice_is_stored_as_sent_and_the_last_counts(empty: Rooms) -> None:
    raw = event("r", "START", "2026-10-05", job="j").replace(b'"eventType"', b'"eventType":"FAIL","eventType"', 1)
    assert caller(empty).ask(LINEAGE, raw, JSON).status == 201
    assert empty.ledger.fact(1).fact.body == raw
    assert [one.event for one in empty.reader(empty.ledger.fact(1)) if hasattr(one, "event")] == ["start"]


@pytest.mark.parametrize("target", [LINEAGE, f"{LINEAGE}/batch", "/health", "/metrics"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
@pytest.mark.parametrize("origin", [{}, {"origin": "http://evil.example"}])
def test_the_short_way_answers_as_the_router_does(
    target: str, method: str, origin: dict[str, str], empty: Rooms
) -> None:
    metrics = Metrics(empty.ledger)
    routes = routes_of(empty, metrics)
    router = Router(routes, redirect_slashes=False)
    short, long = Caller(_Telling(FixedFirst(routes, router))), Caller(_Telling(router))
    found = [asked.ask(target, b"{}", {**JSON, **origin}, method).status for asked in (short, long)]
    assert found[0] == found[1]
    assert found[0] in {200, 400, 403, 405, 422}


def test_the_short_way_is_behind_the_policy_of_its_route(empty: Rooms) -> None:
    routes = routes_of(empty, Metrics(empty.ledger))
    fixed = FixedFirst(routes, Router(routes))._routes
    assert {path for _, path in fixed} >= {LINEAGE, f"{LINEAGE}/batch"}
    assert all(isinstance(route.app, policies.Guarded) for route in fixed.values())


def test_what_was_answered_is_counted(empty: Rooms) -> None:
    asked, raw = caller(empty), event("r", "START", "2026-10-05", job="j")
    for body in (raw, raw, b"{}"):
        asked.ask(LINEAGE, body, JSON)
    text = asked.ask("/metrics").body.decode()
    for line in (
        'trivium_lineage_events_total{outcome="written"} 1.0', 'trivium_lineage_events_total{outcome="known"} 1.0',
        'trivium_lineage_events_total{outcome="refused"} 1.0',
        'trivium_requests_total{route="/api/v1/lineage",status="201"} 1.0',
        'trivium_request_seconds_count{route="/api/v1/lineage"} 3.0',
        'trivium_request_seconds_bucket{le="+Inf",route="/api/v1/lineage"} 3.0',
    ):  # fmt: skip
        assert line in text, text


class _Telling:
    """Gives a refusal its status, as the frame does."""

    def __init__(self, app: FixedFirst | Router) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        from trivium.entrypoints.api.problems import problem_of, problem_response

        try:
            scope["app"] = self
            await self._app(scope, receive, send)
        except Exception as fault:
            await problem_response(problem_of(fault))(scope, receive, send)
