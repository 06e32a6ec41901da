"""Does any known input give a 500? The corpus of strange values on every endpoint and every field."""

from __future__ import annotations

import gzip
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote_from_bytes

import msgspec
import pytest

from tests.entrypoints.worked import JSON, PREFIX, WORKED, Caller
from trivium.entrypoints.answers.questions import QUESTIONS
from trivium.entrypoints.api.description import openapi

STRANGE = [
    "\x00", "\ud800", "\u202eevil", "\u200b", "__proto__", "{{7*7}}", "../../etc/passwd", "..%252f",
    "file:///etc/passwd",
    "=1+1", "<svg onload=alert(1)>", "9999-99", "9999-12", "0001-01", "2026-13", "10000-01-01T00:00:00Z", "-1", "1e999",
    "NaN", "Infinity", str(2**63), str(-(2**63) - 1), "9" * 5000, "model:", "dataset:a", "model:%2F/%", "run:\u0000",
    "dataset:://x/y", "true", "[]", "{}", "null", "a" * 100_000, "'; DROP TABLE facts; --", "2026-10/2026-11",
    "\r\nx: y",
]  # fmt: skip
JSON_BODIES = [
    b"", b" ", b"null", b"[]", b"{}", b'"text"', b"1", b"{", b"[" * 100_000, b'{"a":' * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e999}', b'{"a": %d}' % 2**63, b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', b'{"a": "\xff"}', b"\xff\xfe", b'{"a":1,"a":2}', b'{"__proto__":{"x":1}}',
    b'{"' + b"k" * 300 + b'": 1}', b'{"a": "' + b"x" * (2 << 20) + b'"}', b"x" * (11 << 20),
]  # fmt: skip
DEADLINE = 60
PARAMETERS = [(one.path, field.encode_name) for one in QUESTIONS for field in msgspec.structs.fields(one.params)]


def encoded(value: str) -> str:
    return quote_from_bytes(value.encode("utf-8", "surrogatepass"), safe="")


@contextmanager
def ended_in_time() -> Iterator[None]:
    """Interrupt what does not end within DEADLINE seconds, and fail."""

    def interrupt(number: int, frame: object) -> None:
        raise TimeoutError(f"no answer within {DEADLINE} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(DEADLINE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_no_value_of_a_parameter_gives_a_500(path: str, name: str, asked: Caller) -> None:
    for value in STRANGE:
        answer = asked.ask(f"{PREFIX}{path}?{name}={encoded(value)}")
        assert answer.status in {200, 400, 404, 409, 413, 422}, (value[:50], answer.status, answer.body[:300])
        if answer.status >= 400:
            problem = msgspec.json.decode(answer.body)
            assert problem["title"].strip(), value
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/lineage",
        "/api/v1/lineage/batch",
        f"{PREFIX}/declare",
        f"{PREFIX}/cost/close",
        f"{PREFIX}/ledger/rebuild",
        "/v1/traces",
    ],
)
def test_no_body_gives_a_500(target: str, asked: Caller) -> None:
    for body in JSON_BODIES:
        with ended_in_time():
            answer = asked.ask(target, body, JSON, "POST")
        assert answer.status < 500, (body[:60], answer.body[:300])
        if answer.status >= 400:
            said = msgspec.json.decode(answer.body)
            assert said.get("title") or said.get("message")


EVENT = {
    "eventTime": "2026-11-01T00:00:00Z", "eventType": "COMPLETE", "producer": "p", "schemaURL": "s",
    "run": {"runId": "r", "facets": {"parent": {"run": {"runId": "p"}, "job": {"namespace": "n", "name": "j"}}}},
    "job": {"namespace": "n", "name": "j", "facets": {"ownership": {"owners": [{"name": "team:a"}]}}},
    "inputs": [{"namespace": "n", "name": "in", "facets": {"symlinks": {"identifiers": [
        {"namespace": "n", "name": "x", "type": "t"}]}}}],
    "outputs": [{"namespace": "n", "name": "out", "outputFacets": {"outputStatistics": {"rowCount": 3, "size": 5}}}],
}  # fmt: skip
VALUES = [*STRANGE[:6], *STRANGE[9:13], "", None, 1, -1.5, True, [], {}, [[]], 2**62, "a" * 5000]


def places(value, path=()):
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs:
        yield from places(child, (*path, key))


def replaced(value, path, other):
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], other)
    return copy


def test_no_value_of_an_event_gives_a_500_or_stops_a_projection(empty) -> None:
    from tests.entrypoints.worked import caller

    asked = caller(empty)
    refused = taken = 0
    for path in places(EVENT):
        for value in VALUES:
            body = msgspec.json.encode(replaced(EVENT, path, value)) if value != "\ud800" else None
            if body is None:
                continue
            answer = asked.ask("/api/v1/lineage", body, JSON)
            assert answer.status in {200, 201, 400, 413, 422}, (path, value, answer.body)
            taken += answer.status < 300
            refused += answer.status >= 400
    assert (taken > 100, refused > 50) == (True, True)
    health = msgspec.json.decode(asked.ask(f"{PREFIX}/health").body)
    assert (health["state"], asked.ask(f"{PREFIX}/graph/export").status) == ("ok", 200)


def test_a_bomb_is_counted_after_decoding(asked: Caller) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    assert len(bomb) < 100_000
    answer = asked.ask("/api/v1/lineage", bomb, {**JSON, "content-encoding": "gzip"}, pieces=7)
    assert answer.status == 413
    members = gzip.compress(b" " * (6 << 20)) * 2
    assert asked.ask("/api/v1/lineage", members, {**JSON, "content-encoding": "gzip"}).status == 413


@pytest.mark.parametrize(("encoding", "body", "status"), [
    ("gzip", b"no gzip", 400), ("gzip", gzip.compress(b"{}")[:-3], 400), ("br", b"{}", 415), ("deflate", b"{}", 415),
    ("identity", b"{}", 422), ("gzip", gzip.compress(b"{}"), 422), ("gzip", b"", 400),
])  # fmt: skip
def test_encodings(encoding: str, body: bytes, status: int, asked: Caller) -> None:
    answer = asked.ask("/api/v1/lineage", body, {**JSON, "content-encoding": encoding}, "POST", pieces=3)
    assert answer.status == status, answer.body


@pytest.mark.parametrize(
    "body",
    [b"", b"no bill", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", gzip.compress(b"x" * 100), b"\xff" * 1000, b"{}\n{}"],
)
@pytest.mark.parametrize("kind", ["application/octet-stream", "application/x-tar"])
def test_no_upload_gives_a_500(body: bytes, kind: str, asked: Caller) -> None:
    answer = asked.ask(f"{PREFIX}/import/focus?name=x.csv", body, {"content-type": kind}, "POST")
    assert answer.status in {200, 400, 413, 415, 422}, answer.body
    if answer.status == 200:
        assert msgspec.json.decode(answer.body)["imported"] == 0


def test_an_upload_over_the_limit_is_refused_and_leaves_nothing(asked: Caller, rooms) -> None:
    import dataclasses

    from tests.entrypoints.worked import caller

    small = caller(dataclasses.replace(rooms, upload_bytes=100))
    bill = (WORKED / "bill.csv").read_bytes()
    for pieces in (1, 5):
        assert small.ask(f"{PREFIX}/import/focus", bill, {"content-type": "text/csv"}, pieces=pieces).status == 413
    assert list(rooms.home.glob("upload-*")) == []


def test_the_document_describes_every_answer_and_parameter() -> None:
    described = openapi()
    assert described["openapi"] == "3.1.0"
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation["summary"]
            assert all(one["description"] for one in operation["parameters"]), path
    for name, schema in described["components"]["schemas"].items():
        for field, said in schema.get("properties", {}).items():
            assert said.get("description"), f"{name}.{field}"
