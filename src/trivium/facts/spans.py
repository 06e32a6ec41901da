"""The body of a `spans.received` fact: what a group of OTLP spans adds up to, and which files of the lake keep them.

Prompts, outputs and all other attributes stand in the lake alone; the body has counts, names and times.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trivium.facts.charges import LONG, TEXT, TIME, WHOLE
from trivium.facts.deliveries import LakeFile
from trivium.facts.instants import SECOND, Instant
from trivium.facts.traffic import Traffic

TABLE: Final = "spans"
"""The lake's table of spans."""
STRETCH: Final = 1_800 * SECOND
"""Usage is added up by half hours: no price list changes within one."""
BANDS: Final = (32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288)
"""Input tokens of one request above which price lists charge another price for all of its tokens."""
COLUMNS: Final = (
    ("trace_id", TEXT), ("span_id", TEXT), ("parent_id", TEXT), ("name", TEXT), ("kind", WHOLE),
    ("start_at", TIME), ("start_ns", WHOLE), ("end_at", TIME), ("end_ns", WHOLE),
    ("status", WHOLE), ("status_message", TEXT), ("service", TEXT), ("service_version", TEXT), ("version", TEXT),
    ("experiment", TEXT), ("operation", TEXT), ("provider", TEXT), ("model", TEXT), ("request_model", TEXT),
    ("tier", TEXT), ("input_tokens", LONG), ("output_tokens", LONG), ("cache_read_tokens", LONG),
    ("cache_write_tokens", LONG), ("flags", WHOLE), ("trace_state", TEXT), ("scope", TEXT), ("resource", TEXT),
    ("attributes", TEXT), ("events", TEXT), ("links", TEXT),
)  # fmt: skip
"""Every column of a file of spans with its type, in order.

Ids are hexadecimal. Times are microseconds; `start_ns` and `end_ns` are the nanoseconds beyond (0 to 999). `kind` and
`status` are OTLP's numbers. `version` is the asset key of the model version that served, where the client names it.
`input_tokens` include cached ones. `model` is the one that answered, else the one asked for; tokens stand only on spans
that are calls of a model. `scope`, `resource`, `attributes`, `events` and `links` are JSON, empty where there is none.
"""


class Tokens(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Requests to a model and their tokens. `errors` are part of `requests`, cached tokens part of `input_tokens`."""

    requests: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


class Priced(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What decides the price of tokens: who asked which model of whom, in which tier, when.

    `endpoint` and `version` are asset keys, empty where nobody said them. `band` is the highest of BANDS that each of
    the requests is above, else 0. `since` is the start of a stretch.
    """

    since: Instant
    endpoint: str = ""
    version: str = ""
    provider: str = ""
    model: str = ""
    tier: str = ""
    band: int = 0


class Usage(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Requests at one price and their tokens."""

    at: Priced
    tokens: Tokens


class Lead(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The span that names a trace: its root, or until that is known the earliest span.

    `rank` is 0 for a root and 1 for another span; of several the least (rank, start, span) counts. `failed` says that
    its status is an error.
    """

    rank: int
    start: Instant
    span: str
    name: str
    endpoint: str = ""
    version: str = ""
    failed: bool = False


class TraceSeen(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a group of spans says of one trace. `trace` is its id, `spans` are the ids of its spans, 16 digits each.

    `used` are (number in the fact's `usage`, tokens) for its requests to models.
    """

    trace: str
    spans: str
    start: Instant
    end: Instant
    lead: Lead
    errors: int = 0
    experiment: str = ""
    used: tuple[tuple[int, Tokens], ...] = ()


class SpansReceived(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A group of spans that stand in the lake since this fact: none of them stood before.

    `resources` are (endpoint, billed resource) pairs that the senders name (OTel `cloud.resource_id`).
    """

    files: tuple[LakeFile, ...]
    spans: int
    traces: tuple[TraceSeen, ...] = ()
    usage: tuple[Usage, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    resources: tuple[tuple[str, str], ...] = ()


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[SpansReceived] = msgspec.json.Decoder(SpansReceived)


def encode_spans(received: SpansReceived) -> bytes:
    """Write a group as a fact's body: JSON, members in the order of the records."""
    return _encoder.encode(received)


def decode_spans(body: bytes) -> SpansReceived:
    """Read a group back from a fact's body."""
    return _decoder.decode(body)
