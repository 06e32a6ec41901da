"""Requests as OpenTelemetry's own library writes them."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from trivium.facts.instants import SECOND, parse_instant

BEGIN = parse_instant("2026-11-05T10:00:00Z")
NS = 1_000
ROOT, CHILD = "01" * 8, "02" * 8
TRACE = "0a" * 16
CHAT = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 1_000, "gen_ai.usage.output_tokens": 100,
}  # fmt: skip


def set_value(value: Any, given: Any) -> None:
    """Write one of Python's values as an AnyValue."""
    if isinstance(given, bool):
        value.bool_value = given
    elif isinstance(given, int):
        value.int_value = given
    elif isinstance(given, float):
        value.double_value = given
    elif isinstance(given, bytes):
        value.bytes_value = given
    elif isinstance(given, str):
        value.string_value = given
    elif isinstance(given, list):
        value.array_value.SetInParent()
        for one in given:
            set_value(value.array_value.values.add(), one)
    elif isinstance(given, dict):
        value.kvlist_value.SetInParent()
        set_pairs(value.kvlist_value.values, given)


def set_pairs(pairs: Any, given: dict[str, Any]) -> None:
    """Write attributes."""
    for key, one in given.items():
        pair = pairs.add(key=key)
        set_value(pair.value, one)


def request(*spans: dict[str, Any], service: str | None = "assistant", **resource: Any) -> ExportTraceServiceRequest:
    """Make a request of one resource and scope; see `add_span` for what a span is told as."""
    made = ExportTraceServiceRequest()
    part = made.resource_spans.add()
    named = {} if service is None else {"service.name": service}
    set_pairs(part.resource.attributes, named | {name.replace("_", ".", 1): value for name, value in resource.items()})
    scope = part.scope_spans.add()
    scope.scope.name = "told"
    for span in spans:
        add_span(scope, **span)
    return made


def add_span(
    scope: Any, *, trace: str = TRACE, span: str = ROOT, parent: str = "", name: str = "ask", kind: int = 1,
    at: int = BEGIN, lasts: int = SECOND, status: int = 0, message: str = "", attributes: dict[str, Any] | None = None,
    events: dict[str, dict[str, Any]] | None = None, links: tuple[tuple[str, str], ...] = (), extra_ns: int = 0,
) -> None:  # fmt: skip
    """Add a span; times in microseconds, `extra_ns` nanoseconds beyond."""
    made = scope.spans.add(
        trace_id=bytes.fromhex(trace), span_id=bytes.fromhex(span), parent_span_id=bytes.fromhex(parent), name=name,
        kind=kind, start_time_unix_nano=at * NS + extra_ns, end_time_unix_nano=(at + lasts) * NS + extra_ns, flags=256,
    )  # fmt: skip
    made.status.code = status
    made.status.message = message
    set_pairs(made.attributes, attributes or {})
    for event, said in (events or {}).items():
        noted = made.events.add(name=event, time_unix_nano=at * NS)
        set_pairs(noted.attributes, said)
    for linked, other in links:
        made.links.add(trace_id=bytes.fromhex(linked), span_id=bytes.fromhex(other))
