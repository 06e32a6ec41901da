"""OpenTelemetry's own SDK and exporter send to a real server: nothing is changed in them but the address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode

from tests.shared_data import shared
from tests.stories.served import Served, end, serve, trivium

PROTOBUF = {"content-type": "application/x-protobuf"}
QUESTIONS = 40


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = serve(tmp_path / "home")
    yield running
    end(running)


def exporter(served: Served, compression: Compression = Compression.Gzip) -> OTLPSpanExporter:
    return OTLPSpanExporter(endpoint=f"{served.address}/v1/traces", compression=compression)


def ask_patients(tracer: trace.Tracer, count: int) -> None:
    """Answer questions: a request, a search, a call of a model; every tenth fails."""
    for number in range(count):
        with tracer.start_as_current_span("POST /ask", kind=SpanKind.SERVER) as asked:
            with tracer.start_as_current_span("retrieve") as search:
                search.set_attribute("db.system", "postgresql")
            with tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT) as call:
                call.set_attributes({
                    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-4o-mini", "gen_ai.usage.input_tokens": 1_000 + number,
                    "gen_ai.usage.output_tokens": 200, "gen_ai.usage.cache_read.input_tokens": 500,
                    "gen_ai.input.messages": json.dumps([{"role": "user", "content": f"I am patient {number}"}]),
                })  # fmt: skip
                call.add_event("gen_ai.choice", {"index": 0})
            if number % 10 == 0:
                asked.set_status(Status(StatusCode.ERROR, "no bed"))


def test_the_sdk_sends_and_everything_is_answered(served: Served) -> None:
    resource = Resource.create({"service.name": "patient-assistant", "service.version": "3"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter(served), max_export_batch_size=32))
    ask_patients(provider.get_tracer("story"), QUESTIONS)
    assert provider.force_flush(30_000)
    provider.shutdown()
    usage = json.loads(trivium("usage", "--json", "--url", served.address).stdout)
    tokens = 1_000 * QUESTIONS + QUESTIONS * (QUESTIONS - 1) // 2
    assert (usage["requests"], usage["input_tokens"], usage["output_tokens"]) == (QUESTIONS, tokens, 200 * QUESTIONS)
    fresh, cached, out = tokens - 500 * QUESTIONS, 500 * QUESTIONS, 200 * QUESTIONS
    nanos = fresh * 150 + cached * 75 + out * 600
    assert usage["estimated"] == f"{nanos / 10**9:.9f}".rstrip("0"), "0.15, 0.075 and 0.60 a million"
    listed = json.loads(trivium("traces", "list", "--status", "error", "--json", "--url", served.address).stdout)
    assert listed["total"] == QUESTIONS // 10
    first = listed["traces"][0]
    assert (first["endpoint"], first["spans"], first["name"]) == ("endpoint:patient-assistant", 3, "POST /ask")
    shown = json.loads(trivium("trace", "show", first["trace"], "--content", "--json", "--url", served.address).stdout)
    assert [(one["depth"], one["name"]) for one in shown["spans"]] == [
        (0, "POST /ask"), (1, "retrieve"), (1, "chat gpt-4o-mini"),
    ]  # fmt: skip
    assert "I am patient" in shown["spans"][2]["attributes"]
    assert "gen_ai.choice" in shown["spans"][2]["events"]
    facts = served.json("/api/trivium/v1/facts?kind=spans.received")["facts"]
    bodies = [served.json(f"/api/trivium/v1/fact?sequence={one['sequence']}")["body"] for one in facts]
    assert not any("I am patient" in body for body in bodies), "prompts stay out of the ledger"


def test_a_restart_forgets_nothing_and_counts_nothing_twice(served: Served) -> None:
    sent = exporter(served, Compression.NoCompression)
    provider = TracerProvider(resource=Resource.create({"service.name": "patient-assistant"}))
    kept: list[trace.Span] = []
    provider.add_span_processor(_Keeping(kept))
    ask_patients(provider.get_tracer("story"), 5)
    assert sent.export(kept) is SpanExportResult.SUCCESS
    before = served.json("/api/trivium/v1/usage")
    served.stop()
    again = serve(served.home)
    try:
        assert exporter(again).export(kept) is SpanExportResult.SUCCESS
        assert again.json("/api/trivium/v1/usage") == before
        assert trivium("ledger", "verify", "--home", served.home).returncode == 0
    finally:
        end(again)


def test_what_openllmetry_sent_is_a_trace_with_money(served: Served) -> None:
    raw = shared("data/otlp/openllmetry_chat.pb").read_bytes()
    assert served.ask("/v1/traces", raw, PROTOBUF)[0] == 200
    (line,) = served.json("/api/trivium/v1/traces?service=chat")["traces"]
    assert (line["trace"], line["input_tokens"], line["cached_tokens"], line["estimated"]) == (
        "a1207041c2f2f07b4aa18af850396a80", 12, 4, "0.000095",
    )  # fmt: skip


class _Keeping(BatchSpanProcessor):
    """Keeps what has ended in place of sending it."""

    def __init__(self, kept: list[trace.Span]) -> None:
        self._kept = kept

    def on_end(self, span: trace.Span) -> None:
        self._kept.append(span)

    def shutdown(self) -> None:
        """Send nothing."""

    def force_flush(self, timeout_millis: int | None = None) -> bool:
        """Say that nothing waits."""
        return True
