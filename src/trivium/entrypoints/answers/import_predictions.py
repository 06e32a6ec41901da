"""What became of predictions that were sent?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.received import (
    Counted,
    EndpointGiven,
    Receipt,
    VersionGiven,
    counted,
    entering,
    receipt,
    tidy,
)
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.predictions import PREDICTIONS

if TYPE_CHECKING:
    from trivium.intake.files.child import Progress
    from trivium.ledger.answers import Once
    from trivium.mlops.endpoints.receiving import Received


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all rows of the files."""

    endpoint: EndpointGiven = ""
    version: VersionGiven = ""


class Batch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Predictions as JSON."""

    predictions: Annotated[
        list[dict[str, Any]],
        Meta(
            description="One prediction: `prediction_id`, `at`, `endpoint`, `version`, `prediction`, `score`, "
            "`latency_ms`, `error`; further members are features."
        ),
    ]
    endpoint: EndpointGiven = ""
    version: VersionGiven = ""


class Answer(Receipt, frozen=True, kw_only=True):
    """What became of predictions: rows = received + repeated + refused."""

    counted: Annotated[tuple[Counted, ...], Meta(description="What was newly entered, by endpoint and version.")] = ()


def ask(
    rooms: Rooms, params: Params, paths: Sequence[Path], names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Answer:  # fmt: skip
    """Receive files as one delivery, and report; `names` stand for the names of the files."""
    from trivium.mlops.endpoints.receiving import given_of, receive_files

    given = given_of(params.endpoint, params.version)
    report = receive_files(
        PREDICTIONS, paths, given=given, head=lambda: rooms.ledger.head().sequence, lake=rooms.lake,
        enter=entering(rooms, None, _answer), names=names, progress=progress,
    )  # fmt: skip
    return _answer(report)


def ask_batch(rooms: Rooms, batch: Batch, request: Once | None = None) -> Answer:
    """Receive rows that came as JSON; with a request they are received once."""
    from trivium.mlops.endpoints.receiving import given_of, receive_batch

    given = given_of(batch.endpoint, batch.version)
    report = receive_batch(
        PREDICTIONS, batch.predictions, given=given, head=lambda: rooms.ledger.head().sequence, lake=rooms.lake,
        enter=entering(rooms, request, _answer),
    )  # fmt: skip
    tidy(rooms, PREDICTIONS)
    return _answer(report)


def _answer(report: Received) -> Answer:
    return Answer(**receipt(report), counted=counted(report))
