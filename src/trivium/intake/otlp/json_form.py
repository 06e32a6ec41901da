"""Reads an ExportTraceServiceRequest in OTLP's JSON: lowerCamelCase names, hexadecimal ids, 64-bit numbers as text."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from trivium.facts.bounds import MAX_DEPTH, decode, is_too_deep, without_mark
from trivium.facts.misfits import misfit
from trivium.facts.problem import ProblemError, shown
from trivium.intake.otlp.lexicon import Meaning, UnfitSpanError, clean, entry_of, plain_value, too_deep
from trivium.intake.otlp.protobuf import event_json, link_json, scope_json
from trivium.intake.otlp.rows import Around, Context, Resource, Row, Span, resource_of, row_of
from trivium.intake.otlp.wire import MalformedError

_KINDS: Final = {
    "SPAN_KIND_UNSPECIFIED": 0, "SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": 2, "SPAN_KIND_CLIENT": 3,
    "SPAN_KIND_PRODUCER": 4, "SPAN_KIND_CONSUMER": 5, "STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1,
    "STATUS_CODE_ERROR": 2,
}  # fmt: skip
_MOST_NS: Final = 2**64


class _KeyValue(msgspec.Struct, frozen=True):
    key: str = ""
    value: Any = None


_Attributes = list[_KeyValue] | None


class _Status(msgspec.Struct, frozen=True):
    message: str | None = None
    code: int | str | None = None


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    time_unix_nano: int | str | None = None
    name: str | None = None
    attributes: _Attributes = None


class _Link(msgspec.Struct, frozen=True, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    attributes: _Attributes = None


class _Span(msgspec.Struct, frozen=True, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    trace_state: str | None = None
    name: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None
    attributes: _Attributes = None
    events: list[_Event] | None = None
    links: list[_Link] | None = None
    status: _Status | None = None
    flags: int | str | None = None


class _Scope(msgspec.Struct, frozen=True):
    name: str | None = None
    version: str | None = None
    attributes: _Attributes = None


class _ScopeSpans(msgspec.Struct, frozen=True):
    scope: _Scope | None = None
    spans: list[_Span] | None = None


class _Resource(msgspec.Struct, frozen=True):
    attributes: _Attributes = None


class _ResourceSpans(msgspec.Struct, frozen=True, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


_decoder: Final = msgspec.json.Decoder(_Request)


def json_rows_in(raw: bytes, around: Around) -> Iterator[Row | UnfitSpanError]:
    """Give each span of a request as a row, or why it cannot be kept; raises MalformedError for what is no request."""
    for part in _decoded(raw).resource_spans or ():
        unfit: UnfitSpanError | None = None
        resource = Resource("", "", "", "", b"")
        try:
            resource = around.note(_resource(part.resource or _Resource()))
        except UnfitSpanError as fault:
            unfit = fault
        for inside in part.scope_spans or ():
            context = Context(resource, b"", around)
            try:
                context = context._replace(scope=_scope(inside.scope or _Scope()))
            except UnfitSpanError as fault:
                unfit = fault
            for span in inside.spans or ():
                yield unfit or _row(span, context)


def _decoded(raw: bytes) -> _Request:
    raw = without_mark(raw)
    if is_too_deep(raw):
        raise MalformedError(f"It is nested deeper than {MAX_DEPTH} levels.")
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as fault:
        sentence, place = misfit(str(fault))
        raise MalformedError(f"{sentence} (at {place or '$'})") from fault
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            decode(raw)
        except ProblemError as problem:
            raise MalformedError(problem.problem.title) from problem
        raise


def _row(span: _Span, context: Context) -> Row | UnfitSpanError:
    try:
        return row_of(_span(span), context)
    except UnfitSpanError as fault:
        return fault


def _span(span: _Span) -> Span:
    status = span.status or _Status()
    meanings: list[Meaning] = []
    members = _members(span.attributes, meanings)
    return Span(
        _id(span.trace_id), _id(span.span_id), _id(span.parent_span_id), _name(span.name), _enum(span.kind),
        _number(span.start_time_unix_nano), _number(span.end_time_unix_nano), _enum(status.code),
        _name(status.message), _number(span.flags) & 0x7FFFFFFF, span.trace_state or "", members, meanings,
        _listed(
            event_json(_number(one.time_unix_nano), _name(one.name), _members(one.attributes))
            for one in span.events or ()
        ),
        _listed(
            link_json(_id(one.trace_id), _id(one.span_id), one.trace_state or "", _members(one.attributes))
            for one in span.links or ()
        ),
    )  # fmt: skip


def _resource(resource: _Resource) -> Resource:
    said = {one.key: _value(one.value) for one in resource.attributes or ()}
    return resource_of(_members(resource.attributes), said)


def _scope(scope: _Scope) -> bytes:
    return scope_json(_name(scope.name), _name(scope.version), _members(scope.attributes))


def _members(attributes: _Attributes, meanings: list[Meaning] | None = None) -> list[bytes]:
    """Write attributes as members of a JSON object, and note what they mean."""
    members = []
    for one in attributes or ():
        member, meaning = entry_of(one.key, _value(one.value))
        members.append(member)
        if meaning is not None and meanings is not None:
            meanings.append(meaning)
    return members


def _value(given: Any, depth: int = 0) -> Any:
    """Read an AnyValue; none is null."""
    if depth > MAX_DEPTH:
        raise too_deep()
    if given is None or given == {}:
        return None
    if not isinstance(given, dict):
        raise UnfitSpanError(f"{shown(given)} is no AnyValue; write it as {{'stringValue': …}}.")
    found = None
    for kind, value in given.items():
        if kind in _READ and value is not None:
            found = _READ[kind](value, depth)
    return found


def _text(value: Any, _: int) -> str:
    if not isinstance(value, str):
        raise UnfitSpanError(f"{shown(value)} is no text.")
    return value


def _truth(value: Any, _: int) -> bool:
    if not isinstance(value, bool):
        raise UnfitSpanError(f"{shown(value)} is neither true nor false.")
    return value


def _int(value: Any, _: int) -> int:
    return int(plain_value("int", _number(value, negative=True), _value))


def _double(value: Any, _: int) -> Any:
    if isinstance(value, str) and value in {"NaN", "Infinity", "-Infinity"}:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnfitSpanError(f"{shown(value)} is no number.")
    return value


def _octets(value: Any, depth: int) -> str:
    try:
        b64decode(_text(value, depth), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise UnfitSpanError(f"{shown(value)} is no base64.") from fault
    return str(value)


def _array(value: Any, depth: int) -> list[Any]:
    return [_value(one, depth + 1) for one in _values(value)]


def _object(value: Any, depth: int) -> dict[str, Any]:
    pairs = [one for one in _values(value) if isinstance(one, dict) and isinstance(one.get("key", ""), str)]
    return {one.get("key", ""): _value(one.get("value"), depth + 1) for one in pairs}


def _values(value: Any) -> list[Any]:
    inside = value.get("values") if isinstance(value, dict) else None
    if inside is not None and not isinstance(inside, list):
        raise UnfitSpanError(f"{shown(inside)} is no list of values.")
    return inside or []


_READ: Final = {
    "stringValue": _text, "boolValue": _truth, "intValue": _int, "doubleValue": _double, "bytesValue": _octets,
    "arrayValue": _array, "kvlistValue": _object,
}  # fmt: skip


def _id(text: str | None) -> bytes:
    """Read a hexadecimal id; OTLP's JSON does not write ids in base64."""
    try:
        return bytes.fromhex(text or "")
    except ValueError as fault:
        raise UnfitSpanError(f"The id {shown(text)} is not hexadecimal.") from fault


def _number(value: int | str | None, *, negative: bool = False) -> int:
    """Read a whole number, which may stand as text."""
    if value is None:
        return 0
    if isinstance(value, str):
        digits = value.removeprefix("-") if negative else value
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
            raise UnfitSpanError(f"{shown(value)} is no whole number.")
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnfitSpanError(f"{shown(value)} is no whole number.")
    if not (-_MOST_NS if negative else 0) <= value < _MOST_NS:
        raise UnfitSpanError(f"{shown(value)} does not fit 64 bits.")
    return value


def _enum(value: int | str | None) -> int:
    """Read an enum by its number; its name is understood too."""
    if isinstance(value, str):
        if value not in _KINDS:
            raise UnfitSpanError(f"{shown(value)} is no kind or status.")
        return _KINDS[value]
    if value is not None and not 0 <= value < 2**31:
        raise UnfitSpanError(f"{shown(value)} is no kind or status.")
    return value or 0


def _name(text: str | None) -> str:
    return clean(text) if text else ""


def _listed(written: Iterator[bytes]) -> bytes:
    listed = list(written)
    return b"[" + b",".join(listed) + b"]" if listed else b""
