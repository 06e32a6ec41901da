"""Does every route carry its policy, and is it kept before anything else looks at a request?"""

from __future__ import annotations

import pytest
from starlette.routing import Mount, Route

from tests.entrypoints.worked import JSON, PREFIX, Caller
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api import openapi
from trivium.entrypoints.api.app import routes_of
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.policies import (
    CHANGE,
    FORM,
    INGEST,
    INGEST_FILE,
    INGEST_SPANS,
    OPEN,
    READ,
    REMOVE,
    UPLOAD,
    Policy,
    PolicyMissingError,
    check_policies,
    guard,
    guarded_route,
    leaves,
)

POLICIES = {OPEN, READ, INGEST, INGEST_FILE, INGEST_SPANS, REMOVE, CHANGE, FORM, UPLOAD}
LOOKING = {"GET", "HEAD"}


def nothing(request):
    raise AssertionError(request)


def test_every_live_route_carries_a_policy(rooms: Rooms) -> None:
    found = list(leaves(routes_of(rooms, Metrics(rooms.ledger))))
    known = {"/api/v1/lineage", "/health", "/metrics", f"{PREFIX}/openapi.json", f"{PREFIX}/cost/statement"}
    assert known <= {path for path, _ in found}
    assert all(route.policy in POLICIES for _, route in found)
    for path, route in found:
        methods = set(getattr(route, "methods", None) or LOOKING)
        assert route.policy.changes == bool(methods - LOOKING), path


def test_the_openapi_document_describes_exactly_the_live_routes(rooms: Rooms) -> None:
    found = dict(leaves(routes_of(rooms, Metrics(rooms.ledger))))
    live = {
        (path.removeprefix(PREFIX), method.lower())
        for path, route in found.items()
        for method in getattr(route, "methods", None) or ()
        if path.startswith(PREFIX) and method != "HEAD"
    }
    described = {(path, method) for path, methods in openapi()["paths"].items() for method in methods}
    assert live - {("/openapi.json", "get")} == described


@pytest.mark.parametrize("routes", [
    [Route("/a", nothing)],
    [guarded_route("/a", nothing, READ), Mount("/b", routes=[Route("/c", nothing)])],
    [Mount("/b", app=nothing)],
])  # fmt: skip
def test_a_route_without_a_policy_stops_the_start(routes) -> None:
    with pytest.raises(PolicyMissingError, match="have no policy"):
        check_policies(routes)


def test_a_mounted_application_may_have_one_policy() -> None:
    check_policies([guard(Mount("/b", app=nothing), OPEN), guarded_route("/a", nothing, Policy("x", "y"))])


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost:8080@evil", "[::1", "a b", "127.0.0.1:99999999"]
)
def test_an_unknown_host_is_refused_first(host: str, asked: Caller) -> None:
    for target in ("/health", "/nowhere", f"{PREFIX}/ledger/head", "/api/v1/lineage"):
        answer = Caller(asked.app, host).ask(target)
        assert (answer.status, b"unknown_host" in answer.body) == (421, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080"])
def test_a_loopback_name_is_known(host: str, asked: Caller) -> None:
    assert Caller(asked.app, host).ask("/health").status == 200


def test_two_hosts_are_refused(asked: Caller) -> None:
    async def app(scope, receive, send):
        scope["headers"].append((b"host", b"evil.example"))
        await asked.app(scope, receive, send)

    assert Caller(app).ask("/health").status == 421


@pytest.mark.parametrize("headers", [
    {"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"}, {"origin": "https://127.0.0.1:8080"}, {"origin": "http://127.0.0.1:9"},
])  # fmt: skip
@pytest.mark.parametrize(
    "target", ["/api/v1/lineage", f"{PREFIX}/declare", f"{PREFIX}/cost/close", f"{PREFIX}/import/focus"]
)
def test_a_page_of_another_site_changes_nothing(target: str, headers: dict[str, str], asked: Caller) -> None:
    answer = asked.ask(target, b"{}", {**JSON, **headers})
    assert (answer.status, b"foreign_origin" in answer.body) == (403, True)


def test_a_page_of_this_server_may(asked: Caller) -> None:
    own = {**JSON, "origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}
    assert asked.ask(f"{PREFIX}/declare", b'{"toml": "", "name": "none", "dry_run": true}', own).status == 200


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_is_no_json(kind: str, asked: Caller) -> None:
    for target in ("/api/v1/lineage", f"{PREFIX}/declare", f"{PREFIX}/import/focus"):
        assert asked.ask(target, b"{}", {"content-type": kind} if kind else {}).status == 415


def test_every_answer_has_the_security_headers(asked: Caller) -> None:
    for target in ("/health", "/nowhere", f"{PREFIX}/openapi.json", f"{PREFIX}/nowhere"):
        headers = asked.ask(target).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]


def test_paths_are_matched_as_they_stand(asked: Caller) -> None:
    for target in (f"{PREFIX}/ledger/head/", f"{PREFIX}//ledger/head", "/api/v1/lineage;a=b", f"{PREFIX}/../../health"):
        assert asked.ask(target).status == 404


def test_a_wrong_method_says_which_is_right(asked: Caller) -> None:
    answer = asked.ask("/api/v1/lineage/batch")
    assert (answer.status, answer.headers["allow"], answer.headers["content-type"]) == (
        405,
        "POST",
        "application/problem+json",
    )
