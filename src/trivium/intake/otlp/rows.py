"""A span as a row of the lake (facts.spans.COLUMNS), or the reason why it cannot be kept."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from trivium.facts.instants import DAY
from trivium.facts.problem import shown
from trivium.intake.otlp.calls import NO_CALL, Call, call_of, version_of
from trivium.intake.otlp.lexicon import Meaning, UnfitSpanError
from trivium.intake.otlp.names import LONGEST_SERVICE

Row = tuple[Any, ...]
"""The values of facts.spans.COLUMNS, in order; JSON as bytes, times as whole microseconds."""
AHEAD: Final = DAY
"""How far ahead of the server's clock a span may end."""
_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)
_THOUSAND: Final = 1_000


class Resource(NamedTuple):
    """Who sent spans. `resource_id` is the billed resource that it runs on (OTel `cloud.resource_id`)."""

    service: str
    service_version: str
    version: str
    resource_id: str
    json: bytes


class Around(NamedTuple):
    """What a request is read with: MLflow's experiment, the last end that is believed, and a place for notes.

    `named` receives (service, billed resource) pairs.
    """

    experiment: str
    latest_ns: int
    named: set[tuple[str, str]]

    def note(self, resource: Resource) -> Resource:
        """Note the billed resource that a service names."""
        if resource.resource_id and resource.service:
            self.named.add((resource.service, resource.resource_id))
        return resource


class Context(NamedTuple):
    """What a span's row takes from around it."""

    resource: Resource
    scope: bytes
    around: Around


class Span(NamedTuple):
    """A span as either encoding says it; times in nanoseconds, `events` and `links` as JSON."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status: int
    status_message: str
    flags: int
    trace_state: str
    members: list[bytes]
    meanings: list[Meaning]
    events: bytes
    links: bytes


def resource_of(members: list[bytes], said: dict[str, Any]) -> Resource:
    """Make a resource of its attributes; refuses a service's name that no endpoint can have."""
    service = _text(said.get("service.name"))
    if len(service) > LONGEST_SERVICE or "\0" in service:
        title = f"The service name {shown(service)} holds NUL or more than {LONGEST_SERVICE} characters."
        raise UnfitSpanError(title)
    return Resource(
        service,
        _text(said.get("service.version"))[:LONGEST_SERVICE],
        version_of(said.get("trivium.model_version")) or version_of(said.get("trivium.version")),
        _text(said.get("cloud.resource_id"))[:LONGEST_SERVICE].replace("\0", ""),
        joined(members),
    )


def row_of(span: Span, context: Context) -> Row:
    """Make a span's row; refuses ids of the wrong length and times that cannot be."""
    start, end = span.start_ns, span.end_ns
    if len(span.trace_id) != 16 or span.trace_id == _NO_TRACE:
        raise UnfitSpanError(f"The trace id {shown(span.trace_id.hex())} is not 16 bytes, or all of them are 0.")
    if len(span.span_id) != 8 or span.span_id == _NO_SPAN:
        raise UnfitSpanError(f"The span id {shown(span.span_id.hex())} is not 8 bytes, or all of them are 0.")
    if not 0 < start <= end <= context.around.latest_ns:
        raise UnfitSpanError(_untimely(start, end))
    call: Call = call_of(span.meanings) if span.meanings else NO_CALL
    resource = context.resource
    return (
        span.trace_id.hex(), span.span_id.hex(), _parent(span), span.name, span.kind,
        start // _THOUSAND, start % _THOUSAND, end // _THOUSAND, end % _THOUSAND,
        span.status, span.status_message, resource.service, resource.service_version,
        call[9] or resource.version, context.around.experiment, *call[:9], span.flags, span.trace_state,
        context.scope, resource.json, joined(span.members), span.events, span.links,
    )  # fmt: skip


def joined(members: list[bytes]) -> bytes:
    """Write members as a JSON object; nothing for none."""
    return b"{" + b",".join(members) + b"}" if members else b""


def _parent(span: Span) -> str:
    parent = span.parent_id
    if not parent or parent == _NO_SPAN:
        return ""
    if len(parent) != 8:
        raise UnfitSpanError(f"The parent span id {shown(parent.hex())} is not 8 bytes.")
    return parent.hex()


def _untimely(start: int, end: int) -> str:
    if start <= 0 or end <= 0:
        return "A span has no start or no end."
    if start > end:
        return f"A span ends at {end} ns, before its start at {start} ns since 1970."
    return f"A span ends at {end} ns since 1970, more than a day ahead of the server's clock."


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
