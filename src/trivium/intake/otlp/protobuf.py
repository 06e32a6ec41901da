"""Reads an ExportTraceServiceRequest in protobuf, straight to rows (opentelemetry/proto/trace/v1/trace.proto)."""

from __future__ import annotations

from collections.abc import Iterator
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
from trivium.intake.otlp.rows import Around, Context, Resource, Row, Span, joined, resource_of, row_of
from trivium.intake.otlp.wire import BYTES, MalformedError, double, fields, signed, skip, unsigned, varint

_encode = msgspec.json.Encoder().encode
_RESOURCE_SPANS: Final = 0x0A
_RESOURCE, _SCOPE_SPANS = 0x0A, 0x12
_SCOPE, _SPANS = 0x0A, 0x12
_FIRST, _SECOND, _THIRD, _FOURTH = 0x0A, 0x12, 0x1A, 0x22
_TRACE, _SPAN, _STATE, _PARENT, _NAME, _KIND = 0x0A, 0x12, 0x1A, 0x22, 0x2A, 0x30
_START, _END, _ATTRIBUTE, _EVENT, _LINK, _STATUS = 0x39, 0x41, 0x4A, 0x5A, 0x6A, 0x7A
_FLAGS: Final = 16 << 3 | 5
_TIMES: Final = frozenset({_START, _END})
_INT31: Final = 0x7FFFFFFF
_TEXT, _TRUTH, _INT, _DOUBLE, _ARRAY, _OBJECT, _OCTETS = 0x0A, 0x10, 0x18, 0x21, 0x2A, 0x32, 0x3A


def rows_in(raw: bytes, lexicon: Lexicon, around: Around) -> Iterator[Row | UnfitSpanError]:
    """Give each span of a request as a row, or why it cannot be kept; raises MalformedError for what is no request."""
    for tag, piece in fields(raw):
        if tag == _RESOURCE_SPANS and isinstance(piece, bytes):
            yield from _of_resource(piece, lexicon, around)


def _of_resource(raw: bytes, lexicon: Lexicon, around: Around) -> Iterator[Row | UnfitSpanError]:
    """Read ResourceSpans; where the resource itself is unfit all of its spans are."""
    parts = fields(raw)
    described = b"".join(piece for tag, piece in parts if tag == _RESOURCE and isinstance(piece, bytes))
    unfit: UnfitSpanError | None = None
    try:
        resource = around.note(_resource(described, lexicon))
    except UnfitSpanError as fault:
        unfit, resource = fault, Resource("", "", "", "", b"")
    for tag, piece in parts:
        if tag != _SCOPE_SPANS or not isinstance(piece, bytes):
            continue
        inside = fields(piece)
        context = Context(resource, b"", around)
        try:
            context = context._replace(scope=_scope(inside, lexicon))
        except UnfitSpanError as fault:
            unfit = fault
        for inner, span in inside:
            if inner == _SPANS and isinstance(span, bytes):
                yield unfit or _row(span, lexicon, context)


def _row(raw: bytes, lexicon: Lexicon, context: Context) -> Row | UnfitSpanError:
    try:
        return row_of(_span(raw, lexicon), context)
    except UnfitSpanError as fault:
        return fault


def _span(raw: bytes, lexicon: Lexicon) -> Span:
    """Read a Span: the hottest loop of the intake, which calls nothing for attributes that are known.

    Each field is looked at once; a length that is too long is seen by where the last field ends.
    """
    texts: dict[int, bytes] = {}
    numbers: dict[int, int] = {}
    repeated: dict[int, list[bytes]] = {_EVENT: [], _LINK: []}
    members: list[bytes] = []
    meanings: list[Meaning] = []
    attributes = lexicon.attributes
    at, stop = 0, len(raw)
    try:
        while at < stop:
            tag = raw[at]
            if tag & 7 == BYTES and tag < 128:
                size = raw[at + 1]
                at += 2
                if size > 127:
                    size, at = varint(raw, at - 1)
                piece = raw[at : at + size]
                at += size
                if tag == _ATTRIBUTE:
                    member, meaning = attributes.get(piece) or _attribute(piece, lexicon)
                    members.append(member)
                    if meaning is not None:
                        meanings.append(meaning)
                elif tag in repeated:
                    repeated[tag].append(piece)
                else:
                    texts[tag] = piece
            elif tag in _TIMES:
                numbers[tag] = unsigned(raw[at + 1 : at + 9])
                at += 9
            else:
                at = _number(raw, at, numbers)
    except IndexError as fault:
        raise MalformedError("A span ends within a field.") from fault
    if at != stop:
        raise MalformedError("A field ends after its span.")
    text, number = texts.get, numbers.get
    status = text(_STATUS, b"")
    code, message = lexicon.statuses.get(status) or _status(status, lexicon)
    return Span(
        text(_TRACE, b""), text(_SPAN, b""), text(_PARENT, b""), lexicon.name(text(_NAME, b"")),
        number(_KIND, 0) & _INT31, number(_START, 0), number(_END, 0), code, message, number(_FLAGS, 0) & _INT31,
        text_of(text(_STATE, b"")), members, meanings,
        _events(repeated[_EVENT], lexicon), _links(repeated[_LINK], lexicon),
    )  # fmt: skip


def _number(raw: bytes, at: int, numbers: dict[int, int]) -> int:
    """Note a kind or flags, or pass a field over; gives the place after it."""
    tag = raw[at]
    if tag < 128:
        at += 1
    else:
        tag, at = varint(raw, at)
    if tag == _KIND:
        numbers[tag], at = varint(raw, at)
    else:
        numbers[tag] = unsigned(raw[at : at + 4]) if tag == _FLAGS else 0
        at = skip(raw, tag, at)
    return at


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


def _scope(parts: list[tuple[int, Any]], lexicon: Lexicon) -> bytes:
    """Write an InstrumentationScope as JSON: name, version, attributes."""
    raw = b"".join(piece for tag, piece in parts if tag == _SCOPE and isinstance(piece, bytes))
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


def _events(pieces: list[bytes], lexicon: Lexicon) -> bytes:
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


def _links(pieces: list[bytes], lexicon: Lexicon) -> bytes:
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
