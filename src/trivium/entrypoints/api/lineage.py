"""The OpenLineage protocol at its own paths: single events and batches, answered once they are durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from trivium.entrypoints.api.body import read_body
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.problems import retry_after
from trivium.entrypoints.api.short import TAKEN
from trivium.entrypoints.policies import INGEST
from trivium.facts.problem import Problem, ProblemError
from trivium.intake.openlineage.reader import BatchFailure, accept, accept_batch, body_hash
from trivium.ledger.book import Ledger
from trivium.ledger.requests import Outcome

PATH: Final = "/api/v1/lineage"
_EMPTY: Final[Any] = {"type": "http.response.body", "body": b""}
_WRITTEN: Final[Any] = {"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"0")]}
_KNOWN: Final[Any] = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}


class Lineage:
    """`POST /api/v1/lineage`: one RunEvent, DatasetEvent or JobEvent. 201 once durable, 200 when it was known."""

    answer = b""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger, self._metrics = ledger, metrics
        self._events = metrics.events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one event."""
        try:
            fact = accept(await read_body(scope, receive, INGEST.max_body))
            (receipt,) = await self._ledger.append_async([fact], hashes=[body_hash(fact)])
        except ProblemError as fault:
            self._events["refused"] += 1
            await refusal(fault.problem)(scope, receive, send)
            return
        self._events["written" if receipt.written else "known"] += 1
        scope[TAKEN] = self
        await send(dict(_WRITTEN if receipt.written else _KNOWN))
        await send(_EMPTY)

    def take(self, body: bytes, loop: asyncio.AbstractEventLoop, told: Callable[[int], None]) -> None:
        """Take one event without an ASGI call; `told` hears the status, 201 or 200, or 0: it was refused.

        Raises ProblemError for an event that is none. What is refused is neither counted nor told why: who asks sends
        it through the application.
        """
        begun = time.perf_counter()
        fact = accept(body)

        def answered(outcome: Outcome) -> None:
            status = 0
            if not isinstance(outcome, Exception):
                status = 201 if outcome[0].written else 200
                self._events["written" if outcome[0].written else "known"] += 1
                self._metrics.took(PATH, status, time.perf_counter() - begun)
            told(status)

        self._ledger.append_told([fact], [body_hash(fact)], loop, answered)


class LineageBatch:
    """`POST /api/v1/lineage/batch`: a JSON array. 204 when all were taken, 200 with the refused ones, else 400."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger = ledger
        self._events = metrics.events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a batch of events."""
        try:
            facts, failures = accept_batch(await read_body(scope, receive, INGEST.max_body))
            receipts = await self._ledger.append_async(facts, hashes=[*map(body_hash, facts)]) if facts else []
        except ProblemError as fault:
            await refusal(fault.problem)(scope, receive, send)
            return
        written = sum(receipt.written for receipt in receipts)
        self._events["written"] += written
        self._events["known"] += len(receipts) - written
        self._events["refused"] += len(failures)
        response = batch_report(len(facts), failures) if failures else Response(status_code=204)
        await response(scope, receive, send)


def batch_report(taken: int, failures: list[BatchFailure]) -> Response:
    """Say which events of a batch were refused, as OpenLineage's batch endpoint does."""
    report = {
        "status": "partial_success" if taken else "failure",
        "summary": {
            "received": taken + len(failures),
            "successful": taken,
            "failed": len(failures),
            "retriable": sum(failure.retriable for failure in failures),
            "non_retriable": sum(not failure.retriable for failure in failures),
        },
        "failed_events": failures,
    }
    return Response(msgspec.json.encode(report), status_code=200, media_type="application/json")


def refusal(problem: Problem) -> Response:
    """Refuse in the protocol's own shape: `{"code", "message"}`, as Marquez answers."""
    message = {"code": problem.status, "message": problem.sentence()}
    return Response(
        msgspec.json.encode(message),
        status_code=problem.status,
        headers=retry_after(problem),
        media_type="application/json",
    )
