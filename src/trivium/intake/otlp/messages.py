"""OTLP's messages as this reader takes them apart: what repeats (attributes, resources, scopes) stays bytes.

The protobuf library walks the message, and gives the bytes of each attribute; a lexicon knows most of them already.
Decoding all attributes into objects would cost seventeen times as much as all else.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

PACKAGE: Final = "trivium.otlp"
_BYTES, _INT32, _FIXED64, _FIXED32, _MESSAGE = 12, 5, 6, 7, 11
"""Types of fields (google/protobuf/descriptor.proto)."""
_ONE, _MANY = 1, 3
_FIELDS: Final = {
    "Request": (("resource_spans", 1, _MANY, "ResourceSpans"),),
    "ResourceSpans": (("resource", 1, _MANY, _BYTES), ("scope_spans", 2, _MANY, "ScopeSpans")),
    "ScopeSpans": (("scope", 1, _MANY, _BYTES), ("spans", 2, _MANY, "Span")),
    "Span": (
        ("trace_id", 1, _ONE, _BYTES), ("span_id", 2, _ONE, _BYTES), ("trace_state", 3, _ONE, _BYTES),
        ("parent_span_id", 4, _ONE, _BYTES), ("name", 5, _ONE, _BYTES), ("kind", 6, _ONE, _INT32),
        ("start_time_unix_nano", 7, _ONE, _FIXED64), ("end_time_unix_nano", 8, _ONE, _FIXED64),
        ("attributes", 9, _MANY, _BYTES), ("events", 11, _MANY, _BYTES), ("links", 13, _MANY, _BYTES),
        ("status", 15, _ONE, _BYTES), ("flags", 16, _ONE, _FIXED32),
    ),
}  # fmt: skip
"""Messages with their fields: name, number, how many, and type (opentelemetry/proto/trace/v1/trace.proto)."""


@cache
def request_class() -> Any:
    """Give the class of an ExportTraceServiceRequest; the protobuf library is loaded when it is first asked for."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name=f"{PACKAGE}.proto", package=PACKAGE, syntax="proto3")
    for message, listed in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, number, label, kind in listed:
            field = described.field.add(name=name, number=number, label=label)
            if isinstance(kind, str):
                field.type, field.type_name = _MESSAGE, f".{PACKAGE}.{kind}"
            else:
                field.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.Request"))
