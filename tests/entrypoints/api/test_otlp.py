"""`POST /v1/traces`: taken in either encoding, answered in the same, refused in the protocol's own shape."""

from __future__ import annotations

import gzip
import json

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.entrypoints.api.test_bad_input import STRANGE
from tests.entrypoints.worked import caller
from tests.intake.otlp.test_reader import as_json
from tests.intake.otlp.told import CHAT, CHILD, ROOT, request
from trivium.entrypoints.answers import trace_show, traces, usage
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.otlp import PATH
from trivium.facts.instants import now
from trivium.facts.problem import ProblemError, refuse
from trivium.facts.spans import decode_spans

PB, JSON = {"content-type": "application/x-protobuf"}, {"content-type": "application/json; charset=utf-8"}
HOUR = 3_600_000_000
SPANS = (
    {"at": now() - HOUR, "kind": 2, "name": "POST /ask"},
    {"at": now() - HOUR, "span": CHILD, "parent": ROOT, "attributes": CHAT, "name": "chat"},
)
RAW = request(*SPANS).SerializeToString()


def test_spans_are_taken_and_the_answer_says_nothing(empty: Rooms) -> None:
    answer = caller(empty).ask(PATH, RAW, PB)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert decode_spans(empty.ledger.fact(1).fact.body).spans == 2


def test_json_is_answered_in_json(empty: Rooms) -> None:
    answer = caller(empty).ask(PATH, json.dumps(as_json(request(*SPANS))).encode(), JSON)
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["content-type"].startswith("application/json")


def test_gzip_is_undone_and_bounded(empty: Rooms) -> None:
    asked = caller(empty)
    assert asked.ask(PATH, gzip.compress(RAW), {**PB, "content-encoding": "gzip"}).status == 200
    assert asked.ask(PATH, gzip.compress(b"\0" * (11 << 20)), {**PB, "content-encoding": "gzip"}).status == 413
    assert asked.ask(PATH, b"no gzip", {**PB, "content-encoding": "gzip"}).status == 400
    assert asked.ask(PATH, RAW, {**PB, "content-encoding": "br"}).status == 415


def test_a_retry_adds_nothing(empty: Rooms) -> None:
    asked = caller(empty)
    for _ in range(3):
        assert asked.ask(PATH, RAW, PB).status == 200
    assert empty.ledger.head().sequence == 1
    found = usage.ask(empty, usage.Params())
    assert (found.requests, found.input_tokens, found.estimated) == (1, 1_000, "0.0035")


def test_spans_that_cannot_be_kept_are_counted_in_the_answer(empty: Rooms) -> None:
    told = request(*SPANS, {"span": "00" * 8})
    answer = caller(empty).ask(PATH, told.SerializeToString(), PB)
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, partial.rejected_spans) == (200, 1)
    assert "1 of 3 spans were refused" in partial.error_message
    answer = caller(empty).ask(PATH, json.dumps(as_json(told)).encode(), JSON)
    assert json.loads(answer.body)["partialSuccess"]["rejectedSpans"] == "1"


def test_what_is_no_request_is_refused_with_a_status_in_its_own_encoding(empty: Rooms) -> None:
    answer = caller(empty).ask(PATH, RAW[:-3], PB)
    status = Status.FromString(answer.body)
    assert (answer.status, status.code) == (400, 3)
    assert "no ExportTraceServiceRequest" in status.message
    answer = caller(empty).ask(PATH, b"[", JSON)
    assert answer.status == 400
    assert json.loads(answer.body)["code"] == 3
    assert empty.ledger.head().sequence == 0


@pytest.mark.parametrize("kind", ["text/plain", "", "application/grpc"])
def test_other_content_types_are_refused(empty: Rooms, kind: str) -> None:
    assert caller(empty).ask(PATH, RAW, {"content-type": kind} if kind else {}).status == 415


def test_overload_may_come_again(empty: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise refuse("overloaded", "Too much waits.", status=503, retry_after_s=2)

    monkeypatch.setattr(empty.spans, "check_room", full)
    answer = caller(empty).ask(PATH, RAW, PB)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert Status.FromString(answer.body).code == 14


def test_a_page_of_another_site_may_not_send(empty: Rooms) -> None:
    assert caller(empty).ask(PATH, RAW, {**PB, "origin": "http://evil.example"}).status == 403


def test_the_experiment_of_mlflow_is_kept(empty: Rooms) -> None:
    caller(empty).ask(PATH, RAW, {**PB, "x-mlflow-experiment-id": "17"})
    assert traces.ask(empty, traces.Params(experiment="17")).total == 1
    assert traces.ask(empty, traces.Params(experiment="18")).total == 0


def test_a_trace_is_listed_and_shown_with_tokens_and_money(empty: Rooms) -> None:
    caller(empty).ask(PATH, RAW, PB)
    (line,) = traces.ask(empty, traces.Params(service="assistant", status="ok")).traces
    assert (line.name, line.calls, line.input_tokens, line.estimated) == ("POST /ask", 1, 1_000, "0.0035")
    shown = trace_show.ask(empty, trace_show.Params(trace=line.trace.upper()))
    assert [(one.depth, one.name, one.estimated) for one in shown.spans] == [
        (0, "POST /ask", None),
        (1, "chat", "0.0035"),
    ]
    assert shown.spans[1].attributes is None
    shown = trace_show.ask(empty, trace_show.Params(trace=line.trace, content=True))
    assert json.loads(shown.spans[1].attributes or "")["gen_ai.request.model"] == "gpt-4o"


def test_a_model_without_a_price_is_listed_as_unknown_and_not_as_free(empty: Rooms) -> None:
    odd = SPANS[1] | {"attributes": CHAT | {"gen_ai.request.model": "nobody-knows-1"}}
    caller(empty).ask(PATH, request(odd).SerializeToString(), PB)
    found = usage.ask(empty, usage.Params())
    assert (found.estimated, found.unpriced) == (None, 1)
    assert [(one.provider, one.model, one.requests) for one in found.unknown] == [("openai", "nobody-knows-1", 1)]
    (line,) = traces.ask(empty, traces.Params()).traces
    assert (line.estimated, line.unpriced) == (None, 1)


def test_a_service_is_an_endpoint_from_then_on(empty: Rooms) -> None:
    caller(empty).ask(PATH, RAW, PB)
    state = empty.bookkeeping.state()
    assert "endpoint:assistant" in [one.key for one in empty.bookkeeping.assets(state)]


@pytest.mark.parametrize(
    "params",
    [{"status": "odd"}, {"service": "endpoint:"}, {"page": "x"}, {"page": "soon/1"}, {"period": "whenever"}],
)
def test_what_cannot_be_asked_is_refused(empty: Rooms, params: dict[str, str]) -> None:
    with pytest.raises(ProblemError):
        traces.ask(empty, traces.Params(**params))
    with pytest.raises(ProblemError, match="No trace is called"):
        trace_show.ask(empty, trace_show.Params(trace="'; --"))


PLACES = ("service", "name", "key", "gen_ai.request.model", "gen_ai.provider.name", "gen_ai.usage.input_tokens",
          "trivium.model_version", "openai.response.service_tier", "message", "experiment")  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_no_text_of_a_span_gives_a_500_or_stops_a_projection(empty: Rooms, place: str) -> None:
    asked = caller(empty)
    more = ("../", "..%252f", "=1+1", "{{7*7}}", "__proto__", "\u202e", "\u200b", "\u00b2", "x" * 70_000)
    texts = [one for one in (*STRANGE, *more) if not any("\ud800" <= letter <= "\udfff" for letter in one)]
    for number, text in enumerate(texts, 1):
        span = {"trace": f"{number:032x}", "at": now() - HOUR, "kind": 2, "attributes": dict(CHAT)}
        if place in {"name", "message"}:
            span[place] = text
        elif place == "key":
            span["attributes"][text] = "value"
        elif place not in {"service", "experiment"}:
            span["attributes"][place] = text
        raw = request(span, service=text if place == "service" else "assistant").SerializeToString()
        headers = PB | ({"x-mlflow-experiment-id": text.encode().decode("latin-1")} if place == "experiment" else {})
        assert asked.ask(PATH, raw, headers).status == 200, text[:50]
    for path in ("/traces", "/usage", "/assets?kind=endpoint", f"/traces/{1:032x}?content=true"):
        answer = asked.ask(path)
        assert answer.status in {200, 404}, (path, answer.body[:300])
        assert b"<svg onload" not in answer.body
    empty.ledger.catch_up()
    assert empty.ledger.health().state == "ok"
    assert all(rebuilt.equal for rebuilt in empty.ledger.rebuild(["traces", "standing spans", "graph", "lake"]))


def test_a_list_goes_on_where_it_ended(empty: Rooms) -> None:
    begin = now() - HOUR
    spans = [{"trace": f"{number:032x}", "at": begin - number} for number in range(1, 6)]
    caller(empty).ask(PATH, request(*spans).SerializeToString(), PB)
    first = traces.ask(empty, traces.Params(limit=3))
    rest = traces.ask(empty, traces.Params(limit=3, page=first.older or ""))
    assert [one.trace for one in (*first.traces, *rest.traces)] == [one["trace"] for one in spans]
    assert (first.total, rest.total, rest.older) == (5, 5, None)
