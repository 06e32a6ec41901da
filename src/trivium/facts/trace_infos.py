"""What MLflow's clients tell of traces beside their spans: the bodies of those facts.

What people asked and were answered, and what people think of it, is content: it stands in the lake's table
`trace_contents` alone, never in a fact. Times in `_ms` fields are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trivium.facts.charges import TEXT, TIME
from trivium.facts.deliveries import LakeFile

TABLE: Final = "trace_contents"
COLUMNS: Final = (("trace_id", TEXT), ("part", TEXT), ("at", TIME), ("told_at", TIME), ("content", TEXT))
"""The columns of the contents of traces. `trace_id` is MLflow's (`tr-…`), `part` is `info` or the id of an assessment,
`at` when the trace began, `told_at` when it was told: of one part the latest counts. `content` is JSON."""
INFO: Final = "info"


class TraceInfo(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A trace as its client tells it, without its content. `state` is OK, ERROR, IN_PROGRESS or STATE_UNSPECIFIED."""

    trace: str
    experiment: int
    request_ms: int
    duration_ms: int | None = None
    state: str = "STATE_UNSPECIFIED"
    client_request_id: str | None = None
    tags: dict[str, str] = {}
    metadata: dict[str, str] = {}


class Assessed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What somebody or something thinks of a trace, without its content. `kind` is feedback or expectation."""

    trace: str
    assessment: str
    name: str
    kind: str
    at_ms: int
    valid: bool = True
    removed: bool = False


class TracesTold(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A group of what clients told of traces; `files` of the lake hold the contents."""

    files: tuple[LakeFile, ...] = ()
    infos: tuple[TraceInfo, ...] = ()
    assessments: tuple[Assessed, ...] = ()


class TraceChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Traces changed: tags set (None removes one), linked to a run, or deleted."""

    traces: tuple[str, ...]
    tags: dict[str, str | None] = {}
    run: str = ""
    deleted: bool = False


_encoder = msgspec.json.Encoder(order="sorted")
_told: msgspec.json.Decoder[TracesTold] = msgspec.json.Decoder(TracesTold)
_changed: msgspec.json.Decoder[TraceChanged] = msgspec.json.Decoder(TraceChanged)


def encode_told(told: TracesTold | TraceChanged) -> bytes:
    """Write the body of a fact: JSON with sorted keys."""
    return _encoder.encode(told)


def decode_told(body: bytes) -> TracesTold:
    """Read what clients told of traces."""
    return _told.decode(body)


def decode_changed(body: bytes) -> TraceChanged:
    """Read how traces changed."""
    return _changed.decode(body)
