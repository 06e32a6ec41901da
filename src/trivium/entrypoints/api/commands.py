"""What changes something over HTTP: declaring, closing a month, importing a bill; each with the answer it gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from trivium.entrypoints.answers import (
    close_month,
    declare,
    import_focus,
    import_labels,
    import_predictions,
    import_reference,
    ledger_rebuild,
    ledger_verify,
)
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.body import read_body
from trivium.entrypoints.api.questions import bad_parameter, read_params
from trivium.entrypoints.policies import CHANGE, INGEST, UPLOAD, Policy
from trivium.facts.bounds import check_bounds, decode, malformed, without_mark
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.ledger.answers import AnsweredError, Once, once

Endpoint = Callable[[Request], Awaitable[Response]]
_KEY_MAX: Final = 256


@dataclass(frozen=True)
class Command:
    """One command: `body` is the record of its JSON body, None where bytes are sent; `keyed` takes Idempotency-Key."""

    name: str
    path: str
    summary: str
    params: type[msgspec.Struct]
    body: type[msgspec.Struct] | None
    answer: type[msgspec.Struct]
    policy: Policy
    keyed: bool = True


class Nothing(msgspec.Struct, frozen=True):
    """No query parameter."""


DECLARE: Final = Command(
    "declare", "/declare", "State what no client can know; the difference to what holds is applied, or only shown.",
    Nothing, declare.Params, declare.Answer, CHANGE,
)  # fmt: skip
CLOSE: Final = Command(
    "cost_close", "/cost/close", "Close a month: it never moves again.",
    Nothing, close_month.Params, close_month.Answer, CHANGE,
)  # fmt: skip

REBUILD: Final = Command(
    "ledger_rebuild", "/ledger/rebuild", "Make the projections again from the facts, and compare.",
    Nothing, ledger_rebuild.Params, ledger_rebuild.Answer, CHANGE, keyed=False,
)  # fmt: skip
VERIFY: Final = Command(
    "ledger_verify", "/ledger/verify", "Hash every fact again: whether the facts are those that were recorded.",
    Nothing, ledger_verify.Params, ledger_verify.Answer, CHANGE, keyed=False,
)  # fmt: skip


FileName = Annotated[str, Meta(description="What the file is called.")]


class UploadParams(import_focus.Params, frozen=True, kw_only=True):
    """How the uploaded bytes are to be read."""

    name: import_focus.Name = ""


IMPORT: Final = Command(
    "import_focus", "/import/focus", "Import a FOCUS bill; the body is the file, or a tar of several files.",
    UploadParams, None, import_focus.Answer, UPLOAD, keyed=False,
)  # fmt: skip


class PredictionsUpload(import_predictions.Params, frozen=True, kw_only=True):
    """How the uploaded predictions are to be read."""

    name: FileName = ""


class LabelsUpload(import_labels.Params, frozen=True, kw_only=True):
    """How the uploaded labels are to be read."""

    name: FileName = ""


class ReferenceUpload(import_reference.Params, frozen=True, kw_only=True):
    """Whose training rows are uploaded."""

    name: FileName = ""


IMPORT_REFERENCE: Final = Command(
    "import_reference", "/import/reference",
    "Profile the rows that a version was trained on; the body is the file, or a tar of several files.",
    ReferenceUpload, None, import_reference.Answer, UPLOAD, keyed=False,
)  # fmt: skip
IMPORT_PREDICTIONS: Final = Command(
    "import_predictions", "/import/predictions",
    "Receive files of predictions; the body is the file, or a tar of several files.",
    PredictionsUpload, None, import_predictions.Answer, UPLOAD, keyed=False,
)  # fmt: skip
IMPORT_LABELS: Final = Command(
    "import_labels", "/import/labels", "Receive files of labels; the body is the file, or a tar of several files.",
    LabelsUpload, None, import_labels.Answer, UPLOAD, keyed=False,
)  # fmt: skip
PREDICTIONS: Final = Command(
    "predictions", "/predictions", "Receive a batch of predictions.",
    Nothing, import_predictions.Batch, import_predictions.Answer, INGEST,
)  # fmt: skip
LABELS: Final = Command(
    "labels", "/labels", "Receive a batch of labels, late or corrected as they come.",
    Nothing, import_labels.Batch, import_labels.Answer, INGEST,
)  # fmt: skip
COMMANDS: Final = (
    DECLARE, CLOSE, REBUILD, VERIFY, IMPORT, IMPORT_PREDICTIONS, IMPORT_LABELS, IMPORT_REFERENCE, PREDICTIONS, LABELS,
)  # fmt: skip


def command_endpoint(
    command: Command, rooms: Rooms, ask: Callable[[Rooms, Any, Once | None], msgspec.Struct]
) -> Endpoint:
    """Make the handler of a command that takes a JSON body.

    With an Idempotency-Key a request is carried out once: a repeat gets the same answer, also after a restart, and the
    key with another body is refused (409).
    """
    assert command.body is not None
    decoder = msgspec.json.Decoder(command.body)

    def decide(raw: bytes, key: str) -> bytes:
        check_bounds(raw)
        try:
            asked = decoder.decode(raw)
        except msgspec.ValidationError as fault:
            raise bad_parameter(fault, decode(raw), "$") from fault
        except (msgspec.DecodeError, RecursionError) as fault:
            raise malformed(raw, fault) from fault
        if not key or not command.keyed:
            return msgspec.json.encode(ask(rooms, asked, None))
        return _answered_once(_request(command, key, raw), asked)

    def _answered_once(request: Once, asked: Any) -> bytes:
        try:
            rooms.ledger.check_answered(request)
            try:
                return msgspec.json.encode(ask(rooms, asked, request))
            except ProblemError:
                rooms.ledger.check_answered(request)
                raise
        except AnsweredError as known:
            return known.answer

    async def endpoint(request: Request) -> Response:
        read_params(request, command.params)
        raw = without_mark(await read_body(request.scope, request.receive, command.policy.max_body))
        answer = await run_in_threadpool(decide, raw, request.headers.get("idempotency-key", ""))
        return Response(answer, media_type="application/json", headers={"cache-control": "private, no-store"})

    return endpoint


def _request(command: Command, key: str, raw: bytes) -> Once:
    if len(key) > _KEY_MAX or not key.isprintable():
        raise refuse("bad_key", f"{shown(key)} is no idempotency key.", where="Idempotency-Key")
    return once(command.name, key, raw)
