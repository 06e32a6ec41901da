"""Bytes of either encoding → rows of spans; what is no request is refused, what is no span is left out and told."""

from __future__ import annotations

import base64
import json
import random
import re
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.intake.otlp.told import BEGIN, CHAT, CHILD, NS, ROOT, TRACE, request
from tests.shared_data import shared
from trivium.facts.instants import DAY, SECOND
from trivium.facts.problem import ProblemError
from trivium.facts.redaction import redact
from trivium.facts.spans import COLUMNS
from trivium.intake.otlp.lexicon import Lexicon
from trivium.intake.otlp.reader import JSON, PROTOBUF, Request, read
from trivium.intake.otlp.suspects import FEW, suspects

NAMES = [name for name, _ in COLUMNS]
IDS = ("traceId", "spanId", "parentSpanId")


def rows(found: Request) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, row, strict=True)) for row in found.rows]


def read_pb(given: ExportTraceServiceRequest | bytes, lexicon: Lexicon | None = None, experiment: str = "") -> Request:
    raw = given if isinstance(given, bytes) else given.SerializeToString()
    return read(raw, PROTOBUF, lexicon or Lexicon(), at=BEGIN, experiment=experiment)


def read_json(given: Any) -> Request:
    return read(json.dumps(given).encode(), JSON, Lexicon(), at=BEGIN)


def as_json(given: ExportTraceServiceRequest) -> dict[str, Any]:
    """Write a request in OTLP's JSON: as protobuf's, with hexadecimal ids and enums as numbers."""
    written = MessageToDict(given, use_integers_for_enums=True)

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: base64.b64decode(one).hex() if key in IDS else walk(one) for key, one in value.items()}
        return [walk(one) for one in value] if isinstance(value, list) else value

    return dict(walk(written))


def status_of(raw: bytes) -> int:
    try:
        read_pb(raw)
    except ProblemError as refused:
        return refused.problem.status
    return 200


ODD = {
    "text": "naïve \"quotes\" \\ \n \u202e", "truth": True, "number": -(2**63), "double": 0.1, "nan": float("nan"),
    "minus": float("-inf"), "bytes": b"\x00\xff", "list": ["a", 1, [True]], "object": {"in": {"deep": "er"}}, "": "",
    "__proto__": "{{7*7}}", "../": "=1+1", "empty list": [], "empty object": {},
}  # fmt: skip
RICH = request(
    {"attributes": ODD, "events": {"gen_ai.choice": {"index": 0}}, "links": (("0b" * 16, "03" * 8),), "extra_ns": 789},
    {"span": CHILD, "parent": ROOT, "kind": 3, "status": 2, "message": "overloaded", "attributes": CHAT},
    cloud_resource_id="/subscriptions/1", service_version="7",
)  # fmt: skip


def test_a_span_is_a_row_with_everything_that_was_said() -> None:
    first, second = rows(read_pb(RICH, experiment="42"))
    assert (first["trace_id"], first["span_id"], first["parent_id"]) == (TRACE, ROOT, "")
    assert (first["start_at"], first["start_ns"], first["end_at"]) == (BEGIN, 789, BEGIN + SECOND)
    assert (second["parent_id"], second["kind"], second["status"], second["status_message"]) == (
        ROOT,
        3,
        2,
        "overloaded",
    )
    assert (second["service"], second["service_version"], second["experiment"]) == ("assistant", "7", "42")
    assert (second["provider"], second["model"], second["input_tokens"], second["output_tokens"]) == (
        "openai", "gpt-4o", 1_000, 100,
    )  # fmt: skip
    assert json.loads(first["scope"]) == {"name": "told"}
    said = json.loads(first["attributes"])
    assert said["nan"] == "NaN"
    assert said["minus"] == "-Infinity"
    assert said["bytes"] == "AP8="
    assert {name: said[name] for name in ("text", "number", "list", "object", "")} == {
        name: ODD[name] for name in ("text", "number", "list", "object", "")
    }
    assert json.loads(first["events"]) == [{"time_ns": BEGIN * NS, "name": "gen_ai.choice", "attributes": {"index": 0}}]
    assert json.loads(first["links"])[0]["trace_id"] == "0b" * 16


def test_json_gives_the_same_rows_as_protobuf() -> None:
    assert read_json(as_json(RICH)) == read_pb(RICH)


def test_the_billed_resource_of_a_service_is_told() -> None:
    assert read_pb(RICH).resources == {("assistant", "/subscriptions/1")}


def test_a_lexicon_that_knows_everything_gives_the_same() -> None:
    lexicon = Lexicon()
    assert read_pb(RICH, lexicon) == read_pb(RICH, lexicon) == read_pb(RICH)


def test_the_recorded_request_of_openllmetry_is_read() -> None:
    raw = shared("data/otlp/openllmetry_chat.pb").read_bytes()
    (row,) = rows(read(raw, PROTOBUF, Lexicon(), at=BEGIN + 60 * DAY))
    assert (row["operation"], row["provider"], row["model"], row["request_model"], row["tier"]) == (
        "chat", "openai", "gpt-4o-2024-08-06", "gpt-4o", "default",
    )  # fmt: skip
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (12, 7, 4)
    assert row["service"] == "chat"


@pytest.mark.parametrize("cut", range(len(RICH.SerializeToString())))
def test_what_is_cut_short_is_refused_or_read_as_the_library_reads_it(cut: int) -> None:
    raw = RICH.SerializeToString()[:cut]
    try:
        expected = ExportTraceServiceRequest.FromString(raw)
    except DecodeError:
        with pytest.raises(ProblemError, match="no ExportTraceServiceRequest") as refused:
            read_pb(raw)
        assert refused.value.problem.status == 400
        return
    found = read_pb(raw)
    assert len(found.rows) + found.refused == sum(len(s.spans) for r in expected.resource_spans for s in r.scope_spans)


def test_changed_bytes_never_raise_anything_but_a_refusal() -> None:
    dice, raw = random.Random(7), RICH.SerializeToString()
    for _ in range(2_000):
        changed = bytearray(raw)
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(len(raw))] = dice.randrange(256)
        assert status_of(bytes(changed)) in {200, 400}


@pytest.mark.parametrize(
    ("span", "why"),
    [
        ({"trace": "0a" * 15}, "is not 16 bytes"),
        ({"trace": "00" * 16}, "or all of them are 0"),
        ({"span": "0a" * 9}, "is not 8 bytes"),
        ({"span": ""}, "is not 8 bytes"),
        ({"parent": "0a"}, "parent span id"),
        ({"at": 0, "lasts": 0}, "no start or no end"),
        ({"lasts": -1}, "before its start"),
        ({"at": BEGIN + 2 * DAY}, "ahead of the server's clock"),
        ({"attributes": {"k" * 257: 1}}, "longer than 256"),
        ({"attributes": {"k": "v" * (1 << 20)}}, "at most 1048576 are kept"),
    ],
)
def test_a_span_that_cannot_be_kept_is_left_out_and_told(span: dict[str, Any], why: str) -> None:
    found = read_pb(request(span, {"span": CHILD}))
    assert [row["span_id"] for row in rows(found)] == [CHILD]
    assert found.refused == 1
    assert found.message.startswith("1 of 2 spans were refused.")
    assert why in found.message


def test_bytes_that_are_no_text_refuse_only_their_span() -> None:
    raw = request({"attributes": {"k": "abcd"}}, {"span": CHILD}).SerializeToString()
    found = read_pb(raw.replace(b"abcd", b"a\xff\xfed"))
    assert [row["span_id"] for row in rows(found)] == [CHILD]
    assert "no UTF-8" in found.message


def test_a_value_that_nests_too_deep_refuses_only_its_span() -> None:
    deep: Any = 1
    for _ in range(80):
        deep = [deep]
    assert "deeper than 64" in read_pb(request({"attributes": {"k": deep}})).message


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"resourceSpans": 1}', b'{"resourceSpans": [{"scopeSpans": [{"spans": [1]}]}]}', b"\xff",
     b'{"resourceSpans": ' + b"[" * 100 + b"]" * 100 + b"}", b'{"resourceSpans":[{"resource":{"attributes":"x"}}]}'],
)  # fmt: skip
def test_json_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(ProblemError, match="no ExportTraceServiceRequest") as refused:
        read(body, JSON, Lexicon(), at=BEGIN)
    assert refused.value.problem.status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"traceId": "xyz"}, {"spanId": 7 * "0"}, {"startTimeUnixNano": "soon"}, {"startTimeUnixNano": "9" * 20},
        {"kind": "SPAN_KIND_ODD"}, {"kind": -1}, {"attributes": [{"key": "k", "value": {"intValue": "9" * 30}}]},
        {"attributes": [{"key": "k", "value": {"intValue": "1e3"}}]}, {"attributes": [{"key": "k", "value": "v"}]},
        {"attributes": [{"key": "k", "value": {"stringValue": 5}}]}, {"startTimeUnixNano": None},
        {"attributes": [{"key": "k", "value": {"bytesValue": "!"}}]}, {"attributes": [{"key": "k" * 300}]},
        {"attributes": [{"key": "k", "value": {"arrayValue": {"values": {}}}}]},
    ],
)  # fmt: skip
def test_a_json_span_that_cannot_be_kept_is_left_out_and_told(change: dict[str, Any]) -> None:
    told = as_json(request({}, {"span": CHILD}))
    told["resourceSpans"][0]["scopeSpans"][0]["spans"][0].update(change)
    found = read_json(told)
    assert ([row["span_id"] for row in rows(found)], found.refused) == ([CHILD], 1)


def test_unknown_members_and_nulls_of_json_are_passed_over() -> None:
    told = as_json(request({}))
    span = told["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span.update({"attributes": None, "events": None, "status": None, "newMember": {"any": [1]}, "name": None})
    assert len(read_json(told).rows) == 1


def test_a_service_that_no_endpoint_can_be_called_refuses_its_spans() -> None:
    assert read_pb(request({}, service="a\0b")).refused == 1
    assert read_pb(request({}, service="a" * 1_025)).refused == 1


def test_secrets_do_not_reach_a_row() -> None:
    secret = "sk-" + "a1" * 20
    told = request(
        *({"span": f"{number:016x}", "attributes": {"prompt": f"{number} my key is {secret}", "api_key": "hunter22"}}
          for number in range(1, 2 * FEW)),
        {"message": secret, "name": secret, "events": {secret: {"token": "tok-123456"}}},
    )  # fmt: skip
    written = repr(read_pb(told).rows)
    assert secret not in written
    assert "hunter22" not in written
    assert "tok-123456" not in written
    assert "[redacted]" in written


def test_looking_for_many_secrets_at_once_misses_none() -> None:
    dice = random.Random(3)
    marks = ["AKIA" + "A" * 16, "https://user:pass@host/", "Bearer abcdefgh", "PASSWORD=x1", '"Token": "abc"', "ok",
             "key", "identified by 'x'", "?sig=" + "a" * 20, "glpat-" + "a" * 20]  # fmt: skip
    pieces = [f"{dice.random()} {dice.choice(marks)} {dice.choice(marks)}".encode() for _ in range(500)]
    for piece, suspect in zip(pieces, suspects(pieces), strict=True):
        assert suspect or redact(piece) is piece
    assert not all(suspects([b"nothing of the sort"] * FEW))


def test_reasons_are_told_once_and_few() -> None:
    found = read_pb(request(*({"span": f"{number:016x}", "lasts": -number} for number in range(1, 9))))
    assert found.refused == 8
    assert len(re.findall("before its start", found.message)) == 3
