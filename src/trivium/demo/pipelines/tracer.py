"""Tells of requests and of calls of language models with the official OpenTelemetry SDK, and meters their tokens."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.util.types import AttributeValue

from trivium.demo.told import Metered
from trivium.facts.instants import DAY, Instant

GATEWAY: Final = "llm-gateway"
"""The billed resource that all services ask language models through."""
INPUT, CACHED, OUTPUT = "input", "cached-input", "output"
_A_REQUEST: Final = 512
_SENDERS: Final = 2
_NANOSECONDS: Final = 1_000
_TIMEOUT_S: Final = 60.0
Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True)
class Call:
    """A call of a language model: tokens in (cached ones are part of them) and out; `fault` says why it failed."""

    model: str
    start: Instant
    end: Instant
    given: int
    cached: int
    out: int
    fault: str = ""


@dataclass
class Meter:
    """What the gateway counts: tokens by day, model and sort."""

    _counts: dict[tuple[Instant, str], int] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """Count a call; a failed one is free."""
        if call.fault:
            return
        parts = {INPUT: call.given - call.cached, CACHED: call.cached, OUTPUT: call.out}
        for sort, tokens in parts.items():
            if tokens:
                key = call.start - call.start % DAY, f"{call.model}-{sort}"
                self._counts[key] = self._counts.get(key, 0) + tokens

    def take(self) -> list[Metered]:
        """Give what was counted, and begin anew."""
        counts, self._counts = self._counts, {}
        return [Metered(GATEWAY, day, sku, tokens) for (day, sku), tokens in sorted(counts.items())]


class Spans(SpanProcessor):
    """Keeps spans that ended, and sends them by hundreds."""

    def __init__(self) -> None:
        self._ended: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span."""
        self._ended.append(span)

    def send(self, url: str) -> int:
        """Send what ended and give how many spans it is; raises ConnectionError when the server does not take them."""
        ended, self._ended = self._ended, []
        requests = [ended[start : start + _A_REQUEST] for start in range(0, len(ended), _A_REQUEST)]
        exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces", timeout=_TIMEOUT_S)
        try:
            with ThreadPoolExecutor(_SENDERS) as pool:
                for result in pool.map(exporter.export, requests):
                    if result is not SpanExportResult.SUCCESS:
                        raise ConnectionError(f"{url} did not take the spans")
        finally:
            exporter.shutdown()  # type: ignore[no-untyped-call] # the SDK's own
        return len(ended)


class Service:
    """A service with its version; `about` are further attributes of its resource."""

    def __init__(self, name: str, version: str, spans: Spans, about: Attributes | None = None) -> None:
        told = {"service.name": name, "service.version": version, "cloud.resource_id": GATEWAY, **(about or {})}
        provider = TracerProvider(resource=Resource(told), id_generator=_Ids(name, version), shutdown_on_exit=False)
        provider.add_span_processor(spans)
        self._tracer = provider.get_tracer(name, version)

    def request(self, name: str, start: Instant, end: Instant, attributes: Attributes, fault: str = "") -> Request:
        """Tell of a request to the service; calls within it are told of afterwards."""
        span = self._tracer.start_span(name, kind=SpanKind.SERVER, attributes=attributes, start_time=_ns(start))
        _close(span, end, fault)
        return Request(span)

    def call(self, name: str, call: Call, within: Request, attributes: Attributes) -> None:
        """Tell of a call of a language model within a request; what it used is among its attributes."""
        context = set_span_in_context(within.span)
        span = self._tracer.start_span(name, context, SpanKind.CLIENT, attributes, start_time=_ns(call.start))
        _close(span, call.end, call.fault)


@dataclass(frozen=True)
class Request:
    """A request that was told of."""

    span: Span

    @property
    def trace(self) -> str:
        """Give the id of its trace, in hexadecimal digits."""
        return format_trace_id(self.span.get_span_context().trace_id)


class _Ids(IdGenerator):
    """Gives the same ids in each run of the demo."""

    def __init__(self, name: str, version: str) -> None:
        self._random = random.Random(f"{name} {version}")

    def generate_span_id(self) -> int:
        """Give 64 bits that are not all 0."""
        return self._random.getrandbits(64) or 1

    def generate_trace_id(self) -> int:
        """Give 128 bits that are not all 0."""
        return self._random.getrandbits(128) or 1


def used_today(call: Call, provider: str, operation: str = "chat") -> dict[str, AttributeValue]:
    """Say what a call used, in the attributes of today's conventions (OpenTelemetry GenAI 1.38)."""
    return dict(_today(call, provider, operation))


def used_formerly(call: Call, provider: str) -> dict[str, AttributeValue]:
    """Say what a call used, as services still do that were written for the conventions of 1.27 and before."""
    told: dict[str, AttributeValue] = {
        "gen_ai.system": provider, "gen_ai.request.model": call.model, "llm.request.type": "chat",
    }  # fmt: skip
    if not call.fault:
        told |= {"gen_ai.usage.prompt_tokens": call.given, "gen_ai.usage.completion_tokens": call.out}
    return told


def _today(call: Call, provider: str, operation: str) -> Iterator[tuple[str, AttributeValue]]:
    yield "gen_ai.operation.name", operation
    yield "gen_ai.provider.name", provider
    yield "gen_ai.request.model", call.model
    if call.fault:
        yield "error.type", call.fault
        return
    yield "gen_ai.response.model", call.model
    yield "gen_ai.usage.input_tokens", call.given
    if call.cached:
        yield "gen_ai.usage.cache_read.input_tokens", call.cached
    if operation == "chat":
        yield "gen_ai.usage.output_tokens", call.out


def _close(span: Span, end: Instant, fault: str) -> None:
    if fault:
        span.set_status(Status(StatusCode.ERROR, fault))
    span.end(_ns(end))


def _ns(instant: Instant) -> int:
    return instant * _NANOSECONDS
