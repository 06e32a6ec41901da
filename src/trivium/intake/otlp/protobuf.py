"""Reads an ExportTraceServiceRequest in protobuf, straight to rows (opentelemetry/proto/trace/v1/trace.proto)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

import msgspec

from trivium.facts.bounds import MAX_DEPTH
from trivium.intake.otlp.lexicon import (
    Entry,
    Lexicon,
    Meaning,
    UnfitSpanError,
    clean,
    entry_of,
    plain_value,
    remembered,
    text_of,
    too_deep,
)
from trivium.intake.otlp.messages import request_class
from trivium.intake.otlp.rows import Around, Context, Resource, Row, Span, joined, resource_of, row_of
from trivium.intake.otlp.suspects import suspects
from trivium.intake.otlp.wire import MalformedError, double, fields, signed, unsigned, varint

_encode = msgspec.json.Encoder().encode
_FIRST, _SECOND, _THIRD, _FOURTH = 0x0A, 0x12, 0x1A, 0x22
"""Tags of texts and messages: the field's number times 8, plus 2."""
_TEXT, _TRUTH, _INT, _DOUBLE, _ARRAY, _OBJECT, _OCTETS = 0x0A, 0x10, 0x18, 0x21, 0x2A, 0x32, 0x3A
_INT31: Final = 0x7FFFFFFF


def rows_in(raw: bytes, lexicon: Lexicon, around: Around) -> Iterator[Row | UnfitSpanError]:
    """Give each span of a request as a row, or why it cannot be kept; raises MalformedError for what is no request."""
    from google.protobuf.message import DecodeError

    try:
        request = request_class().FromString(raw)
    except DecodeError as fault:
        raise MalformedError("It is cut short, or no protobuf.") from fault
    for part in request.resource_spans:
        yield from _of_resource(part, lexicon, around)


def _of_resource(part: Any, lexicon: Lexicon, around: Around) -> Iterator[Row | UnfitSpanError]:
    """Read ResourceSpans; where the resource itself is unfit all of its spans are."""
    unfit: UnfitSpanError | None = None
    resource = Resource("", "", "", "", b"")
    try:
        resource = around.note(_resource(b"".join(part.resource), lexicon))
    except UnfitSpanError as fault:
        unfit = fault
    for inside in part.scope_spans:
        context = Context(resource, b"", around)
        try:
            context = context._replace(scope=_scope(b"".join(inside.scope), lexicon))
        except UnfitSpanError as fault:
            unfit = fault
        yield from (unfit or row for row in _rows(list(inside.spans), lexicon, context))


def _rows(spans: list[Any], lexicon: Lexicon, context: Context) -> Iterator[Row | UnfitSpanError]:
    """Read spans: first all attributes that are new among them, together, then each span."""
    attributes = [list(span.attributes) for span in spans]
    new = _learned({piece for listed in attributes for piece in listed if piece not in lexicon.attributes}, lexicon)
    for span, listed in zip(spans, attributes, strict=True):
        try:
            yield row_of(_span(span, listed, new, lexicon), context)
        except UnfitSpanError as fault:
            yield fault


def _learned(pieces: Collection[bytes], lexicon: Lexicon) -> dict[bytes, Entry | UnfitSpanError]:
    """Read attributes that are not known yet; short ones are remembered."""
    new: dict[bytes, Entry | UnfitSpanError] = {}
    for piece, suspect in zip(pieces, suspects(pieces), strict=True):
        try:
            entry = entry_of(*_pair(piece), looked_at=not suspect)
        except UnfitSpanError as fault:
            new[piece] = fault
        else:
            new[piece] = remembered(lexicon.attributes, piece, entry)
    return new


def _span(span: Any, listed: list[bytes], new: dict[bytes, Entry | UnfitSpanError], lexicon: Lexicon) -> Span:
    """Take a Span apart, whose attributes are `listed` and are known or among the new."""
    members: list[bytes] = []
    meanings: list[Meaning] = []
    known = lexicon.attributes
    for piece in listed:
        entry = new[piece] if piece in new else known.get(piece) or _attribute(piece, lexicon)
        if isinstance(entry, UnfitSpanError):
            raise entry
        member, meaning = entry
        members.append(member)
        if meaning is not None:
            meanings.append(meaning)
    name, status, state = span.name, span.status, span.trace_state
    code, message = lexicon.statuses.get(status) or _status(status, lexicon)
    return Span(
        span.trace_id, span.span_id, span.parent_span_id, lexicon.names.get(name) or lexicon.name(name),
        span.kind & _INT31, span.start_time_unix_nano, span.end_time_unix_nano, code, message, span.flags & _INT31,
        text_of(state) if state else "", members, meanings,
        _events(span.events, lexicon) if span.events else b"", _links(span.links, lexicon) if span.links else b"",
    )  # fmt: skip


def _status(raw: bytes, lexicon: Lexicon) -> tuple[int, str]:
    """Read a Status: its code and message."""
    code, message = 0, b""
    for tag, value in fields(raw):
        if tag == 0x18 and isinstance(value, int):
            code = value & _INT31
        elif tag == _SECOND and isinstance(value, bytes):
            message = value
    return remembered(lexicon.statuses, raw, (code, lexicon.name(message)))


def _resource(raw: bytes, lexicon: Lexicon) -> Resource:
    """Read a Resource."""
    found: Resource | None = lexicon.resources.get(raw)
    if found is not None:
        return found
    said: dict[str, Any] = {}
    members: list[bytes] = []
    for tag, piece in fields(raw):
        if tag == _FIRST and isinstance(piece, bytes):
            key, value = _pair(piece)
            said[key] = value
            members.append(entry_of(key, value)[0])
    found = resource_of(members, said)
    if len(lexicon.resources) >= 1_000:
        lexicon.resources.clear()
    lexicon.resources[raw] = found
    return found


def _scope(raw: bytes, lexicon: Lexicon) -> bytes:
    """Write an InstrumentationScope as JSON: name, version, attributes."""
    found = lexicon.scopes.get(raw)
    if found is not None:
        return found
    texts = {"name": "", "version": ""}
    members: list[bytes] = []
    for tag, piece in fields(raw):
        if tag == _FIRST and isinstance(piece, bytes):
            texts["name"] = clean(text_of(piece))
        elif tag == _SECOND and isinstance(piece, bytes):
            texts["version"] = clean(text_of(piece))
        elif tag == _THIRD and isinstance(piece, bytes):
            members.append(_attribute(piece, lexicon)[0])
    return remembered(lexicon.scopes, raw, scope_json(texts["name"], texts["version"], members))


def scope_json(name: str, version: str, members: list[bytes]) -> bytes:
    """Write a scope as JSON; nothing where it says nothing."""
    said = [b'"' + key + b'":' + _encode(text) for key, text in ((b"name", name), (b"version", version)) if text]
    return joined([*said, *([b'"attributes":' + joined(members)] if members else [])])


def _events(pieces: Iterable[bytes], lexicon: Lexicon) -> bytes:
    """Write events as a JSON array of {time_ns, name, attributes}; nothing for none."""
    written = []
    for raw in pieces:
        time, name = 0, ""
        members: list[bytes] = []
        for tag, value in fields(raw):
            if tag == 0x09 and isinstance(value, bytes):
                time = unsigned(value)
            elif tag == _SECOND and isinstance(value, bytes):
                name = lexicon.name(value)
            elif tag == _THIRD and isinstance(value, bytes):
                members.append((lexicon.attributes.get(value) or _attribute(value, lexicon))[0])
        written.append(event_json(time, name, members))
    return b"[" + b",".join(written) + b"]" if written else b""


def event_json(time_ns: int, name: str, members: list[bytes]) -> bytes:
    """Write an event as JSON."""
    return b'{"time_ns":%d,"name":%b,"attributes":%b}' % (time_ns, _encode(name), joined(members) or b"{}")


def _links(pieces: Iterable[bytes], lexicon: Lexicon) -> bytes:
    """Write links as a JSON array of {trace_id, span_id, trace_state, attributes}; nothing for none."""
    written = []
    for raw in pieces:
        trace = span = state = b""
        members: list[bytes] = []
        for tag, value in fields(raw):
            if not isinstance(value, bytes):
                continue
            if tag == _FIRST:
                trace = value
            elif tag == _SECOND:
                span = value
            elif tag == _THIRD:
                state = value
            elif tag == _FOURTH:
                members.append(_attribute(value, lexicon)[0])
        written.append(link_json(trace, span, text_of(state), members))
    return b"[" + b",".join(written) + b"]" if written else b""


def link_json(trace_id: bytes, span_id: bytes, state: str, members: list[bytes]) -> bytes:
    """Write a link as JSON."""
    ids = b'{"trace_id":"%b","span_id":"%b"' % (trace_id.hex().encode(), span_id.hex().encode())
    return ids + b',"trace_state":%b,"attributes":%b}' % (_encode(state), joined(members) or b"{}")


def _attribute(raw: bytes, lexicon: Lexicon) -> Entry:
    """Read a KeyValue, and remember it."""
    return remembered(lexicon.attributes, raw, entry_of(*_pair(raw)))


def _pair(raw: bytes, depth: int = 0) -> tuple[str, Any]:
    """Read a KeyValue as a key and JSON's own kind of value."""
    found = _text_pair(raw)
    if found is not None:
        return found
    key, value = b"", None
    for tag, piece in fields(raw):
        if tag == _FIRST and isinstance(piece, bytes):
            key = piece
        elif tag == _SECOND and isinstance(piece, bytes):
            value = _value(piece, depth)
    return text_of(key), value


def _text_pair(raw: bytes) -> tuple[str, str] | None:
    """Read a KeyValue as nearly all are written: a key, then a value that is a text; nothing for any other."""
    stop = len(raw)
    if stop < 6 or raw[0] != _FIRST or raw[1] > 127:
        return None
    key_end = 2 + raw[1]
    if key_end + 2 > stop or raw[key_end] != _SECOND:
        return None
    size, at = varint(raw, key_end + 1)
    if at + size != stop or size < 2 or raw[at] != _TEXT:
        return None
    size, at = varint(raw, at + 1)
    return (text_of(raw[2:key_end]), text_of(raw[at:])) if at + size == stop else None


def _value(raw: bytes, depth: int) -> Any:
    """Read an AnyValue; of several kinds in one the last counts, none is null."""
    if depth > MAX_DEPTH:
        raise too_deep()
    found: Any = None
    for tag, piece in fields(raw):
        if isinstance(piece, int):
            if tag == _TRUTH:
                found = bool(piece)
            elif tag == _INT:
                found = signed(piece)
        elif tag == _TEXT:
            found = text_of(piece)
        elif tag == _DOUBLE:
            found = plain_value("double", double(piece), _itself)
        elif tag == _ARRAY:
            found = [
                _value(one, depth + 1) for inner, one in fields(piece) if inner == _FIRST and isinstance(one, bytes)
            ]
        elif tag == _OBJECT:
            found = dict(
                _pair(one, depth + 1) for inner, one in fields(piece) if inner == _FIRST and isinstance(one, bytes)
            )
        elif tag == _OCTETS:
            found = plain_value("bytes", piece, _itself)
    return found


def _itself(value: Any) -> Any:
    return value
