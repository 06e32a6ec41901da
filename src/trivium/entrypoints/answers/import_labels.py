"""What became of labels that were sent?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.received import EndpointGiven, Receipt, entering, receipt, tidy
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.predictions import LABELS

if TYPE_CHECKING:
    from trivium.intake.files.child import Progress
    from trivium.ledger.answers import Once
    from trivium.mlops.endpoints.receiving import Received


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all rows of the files."""

    endpoint: EndpointGiven = ""


class Batch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Labels as JSON."""

    labels: Annotated[
        list[dict[str, Any]],
        Meta(
            description="One label: `prediction_id`, `label`, `at`, and `endpoint` where several endpoints use one id."
        ),
    ]
    endpoint: EndpointGiven = ""


class Answer(Receipt, frozen=True, kw_only=True):
    """What became of labels: rows = received + repeated + refused."""


def ask(
    rooms: Rooms, params: Params, paths: Sequence[Path], names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Answer:  # fmt: skip
    """Receive files as one delivery, and report; `names` stand for the names of the files."""
    from trivium.mlops.endpoints.receiving import given_of, receive_files

    given = given_of(params.endpoint, "")
    report = receive_files(
        LABELS, paths, given=given, head=lambda: rooms.ledger.head().sequence, lake=rooms.lake,
        enter=entering(rooms, None, _answer), names=names, progress=progress,
    )  # fmt: skip
    return _answer(report)


def ask_batch(rooms: Rooms, batch: Batch, request: Once | None = None) -> Answer:
    """Receive rows that came as JSON; with a request they are received once."""
    from trivium.mlops.endpoints.receiving import given_of, receive_batch

    given = given_of(batch.endpoint, "")
    report = receive_batch(
        LABELS, batch.labels, given=given, head=lambda: rooms.ledger.head().sequence, lake=rooms.lake,
        enter=entering(rooms, request, _answer),
    )  # fmt: skip
    tidy(rooms, LABELS)
    return _answer(report)


def _answer(report: Received) -> Answer:
    return Answer(**receipt(report))
