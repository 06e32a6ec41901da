"""What became of predictions or labels that were sent: the records that both answers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.import_focus import Problem
from trivium.entrypoints.answers.terms import words
from trivium.facts.instants import format_instant

if TYPE_CHECKING:
    from trivium.entrypoints.answers.rooms import Rooms
    from trivium.ledger.answers import Once
    from trivium.mlops.endpoints.receiving import Enter, Received, Told

EndpointGiven = Annotated[str, Meta(description="The endpoint of all rows that name none: its name, or endpoint:NAME.")]
VersionGiven = Annotated[
    str, Meta(description="The model version of all rows that name none: NAME/VERSION, or model:NAME/VERSION.")
]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One file, or batch."""

    name: Annotated[str, Meta(description="The file's name; `batch` for one that came as JSON.")]
    sha256: Annotated[str, Meta(description="The SHA-256 of its content.")]
    bytes: Annotated[int, Meta(description="Its size in bytes.")]
    format: Annotated[str, Meta(description="csv, csv.gz, parquet, jsonl, jsonl.gz or json.")]
    rows: Annotated[int, Meta(description="Its rows.")]
    received: Annotated[int, Meta(description="Rows that were newly entered.")]
    refused: Annotated[int, Meta(description="Rows that were left out.")]
    repaired: Annotated[int, Meta(description="Rows in which anything was put right.")]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What was newly entered for one version of one endpoint."""

    endpoint: Annotated[str, Meta(description="The endpoint's key.")]
    version: Annotated[
        str, Meta(description="The version's key; empty where nobody said it.", extra=words(absent="unknown"))
    ]
    predictions: Annotated[int, Meta(description="Answers.")]
    errors: Annotated[int, Meta(description="Requests that failed.")]
    first_day: Annotated[str, Meta(description="The first day.")]
    last_day: Annotated[str, Meta(description="The last day.")]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery: rows = received + repeated + refused."""

    rows: Annotated[int, Meta(description="Rows that were sent.")]
    received: Annotated[int, Meta(description="Rows newly entered.")]
    repeated: Annotated[int, Meta(description="Rows that stood already, or twice in the delivery: they add nothing.")]
    refused: Annotated[int, Meta(description="Rows left out; `problems` says why.")]
    repaired: Annotated[int, Meta(description="Rows in which anything was put right; `problems` says what.")]
    problems: Annotated[tuple[Problem, ...], Meta(description="Why rows were refused, repaired or noted.")]
    sources: Annotated[tuple[Source, ...], Meta(description="The files.")]
    sequence: Annotated[
        int | None,
        Meta(
            description="The fact of this delivery; null when nothing was entered.",
            extra=words(absent="nothing was entered"),
        ),
    ]


def receipt(report: Received) -> dict[str, Any]:
    """Give the fields of a receipt."""
    return {
        "rows": report.rows, "received": report.received, "repeated": report.repeated, "refused": report.refused,
        "repaired": report.repaired, "sequence": report.sequence,
        "problems": tuple(msgspec.convert(msgspec.structs.asdict(one), Problem) for one in report.problems),
        "sources": tuple(
            Source(
                name=one.name, sha256=one.sha256, bytes=one.bytes, format=one.format, rows=one.rows,
                received=one.imported, refused=one.refused, repaired=one.repaired,
            )
            for one in report.sources
        ),
    }  # fmt: skip


def counted(report: Received) -> tuple[Counted, ...]:
    """Add up what was newly entered by endpoint and version."""
    pairs = sorted({(day.endpoint, day.version) for day in report.traffic})
    found = []
    for endpoint, version in pairs:
        days = [day for day in report.traffic if (day.endpoint, day.version) == (endpoint, version)]
        found.append(
            Counted(
                endpoint=endpoint, version=version, predictions=sum(day.requests - day.errors for day in days),
                errors=sum(day.errors for day in days), first_day=format_instant(min(day.day for day in days))[:10],
                last_day=format_instant(max(day.day for day in days))[:10],
            )
        )  # fmt: skip
    return tuple(found)


def tidy(rooms: Rooms, table: str) -> None:
    """Let the small files of a table be written again as one, aside, once there are many.

    What is refused changes nothing, and is tried again after the next delivery.
    """
    from trivium.lake.compaction import compact

    rooms.aside.submit(compact, rooms.lake, rooms.ledger, table)


def entering(rooms: Rooms, request: Once | None, told: Any) -> Enter:
    """Make what appends a delivery's facts; with a request its answer (`told` of the report) is kept with them."""
    from trivium.mlops.endpoints.receiving import Stated

    def enter(facts: Sequence[Any], report: Told) -> Received:
        if request is None:
            return report(rooms.ledger.append(facts) if facts else [])
        receipts = rooms.ledger.execute_once(
            Stated(facts), request, lambda receipts: msgspec.json.encode(told(report(receipts)))
        )
        return report(receipts)

    return enter
