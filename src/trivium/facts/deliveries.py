"""The body of a `charges.imported` fact: what one delivery of a bill held, and which files of the lake keep it."""

from __future__ import annotations

import msgspec

from trivium.facts.instants import Instant


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one issuer, billing account, billing period, currency and source in one delivery.

    `batch` numbers it over all deliveries; `period` is the start of the billing period; the sums are exact decimal
    text. A later delivery with the same issuer, account, period and source replaces it.
    """

    batch: int
    issuer: str
    account: str
    period: Instant
    currency: str
    source: str
    rows: int
    billed_cost: str
    effective_cost: str


class LakeFile(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable file of the lake: `path` below the lake's folder, the `table` it is part of, and its SHA-256."""

    path: str
    table: str
    rows: int
    bytes: int
    sha256: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a delivery: its name, what its content is, and how many of its rows were taken."""

    name: str
    sha256: str
    bytes: int
    format: str
    version: str
    rows: int
    imported: int
    refused: int
    repaired: int


class Trouble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows with one fault in one column: how many, the first lines, an example, what was done, what to do.

    `outcome` is `refused` (the rows are not entered), `repaired`, or `noted` (entered as they stand).
    """

    reason: str
    column: str
    outcome: str
    count: int
    source: str = ""
    lines: tuple[int, ...] = ()
    example: str = ""
    done: str = ""
    fix: str = ""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One import command: its sources, batches and files, whether it adds instead of replacing, and its faults."""

    add: bool
    sources: tuple[Source, ...]
    batches: tuple[Batch, ...]
    files: tuple[LakeFile, ...]
    problems: tuple[Trouble, ...] = ()
    resources: int = 0
    """How many billed resources are in the lake's dictionary after this delivery."""


class Compaction(msgspec.Struct, frozen=True, kw_only=True):
    """Files of one table of the lake that were written again as others: the same rows, in fewer files.

    `ended` are the paths that no longer hold.
    """

    table: str
    files: tuple[LakeFile, ...]
    ended: tuple[str, ...]


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """What the body of every fact that brings rows into the lake has in common: the files."""

    files: tuple[LakeFile, ...] = ()
    ended: tuple[str, ...] = ()


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Delivery] = msgspec.json.Decoder(Delivery)
_filed: msgspec.json.Decoder[Filed] = msgspec.json.Decoder(Filed)


def encode_delivery(delivery: Delivery) -> bytes:
    """Write a delivery as a fact's body: JSON with sorted keys."""
    return _encoder.encode(delivery)


def decode_delivery(body: bytes) -> Delivery:
    """Read a delivery back from a fact's body."""
    return _decoder.decode(body)


def encode_compaction(compaction: Compaction) -> bytes:
    """Write a compaction as a fact's body: JSON with sorted keys."""
    return _encoder.encode(compaction)


def decode_filed(body: bytes) -> Filed:
    """Read which files a fact brings into the lake, and which it ends, whatever else it says."""
    return _filed.decode(body)
