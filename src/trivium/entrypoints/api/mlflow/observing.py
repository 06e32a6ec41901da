"""Metrics on their way in: observations that need no decision, only a run that is active.

Once a client's request was taken, others like it come the short way (`entrypoints.api.short`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.body import read_body
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.mlflow.answering import Answering, told
from trivium.entrypoints.api.short import TAKEN
from trivium.facts.bounds import MAX_BODY
from trivium.facts.fact import Fact
from trivium.facts.keys import run_key
from trivium.facts.problem import refuse
from trivium.intake.mlflow import requests as ask
from trivium.intake.mlflow.checks import invalid
from trivium.intake.mlflow.names import BATCH_BYTES_MAX
from trivium.intake.mlflow.reader import read_body as read_asked
from trivium.intake.mlflow.reader import read_measured
from trivium.ledger.group import Check
from trivium.ledger.requests import Outcome
from trivium.mlops.changing import fact_of
from trivium.mlops.tracking.logging import LogMany, check_measured, measured

_DONE: Final = b"{}"


class Observing(Answering):
    """Takes what a run measured; `path` is its route, under which it is counted."""

    answer = _DONE

    def __init__(self, rooms: Rooms, metrics: Metrics, path: str) -> None:
        super().__init__(rooms)
        self._metrics, self._path = metrics, path

    def take(self, body: bytes, loop: asyncio.AbstractEventLoop, told: Callable[[int], None]) -> None:
        """Take one body without an ASGI call; `told` hears 200, or 0: it was refused."""
        begun = time.perf_counter()
        facts, check = self.observed(body)

        def answered(outcome: Outcome) -> None:
            status = 0 if isinstance(outcome, Exception) else 200
            if status:
                self._metrics.took(self._path, status, time.perf_counter() - begun)
            told(status)

        self.rooms.ledger.append_told(facts, None, loop, answered, check)

    def observed(self, body: bytes) -> tuple[list[Fact], Check]:
        """Make the facts of a body, and what must hold for them; refuses what is no observation."""
        raise NotImplementedError

    async def respond(self, request: Request) -> Response:
        """Append the facts if their run is active."""
        facts, check = self.observed(await read_body(request.scope, request.receive, MAX_BODY))
        await self.rooms.ledger.append_async(facts, check=check)
        request.scope[TAKEN] = self
        return told(None)


class LogsMetric(Observing):
    """`POST runs/log-metric`: one metric."""

    def observed(self, body: bytes) -> tuple[list[Fact], Check]:
        """Make the fact of one metric."""
        fact, change = measured(read_measured(body, ask.LogMetric))
        return [fact], partial(check_measured, change)


class LogsBatch(Observing):
    """`POST runs/log-batch`: metrics alone are observed; with params or tags the run decides."""

    def observed(self, body: bytes) -> tuple[list[Fact], Check]:
        """Make the fact of a batch of metrics."""
        return self._of(self._command(body))

    async def respond(self, request: Request) -> Response:
        """Append metrics if their run is active, or carry the command out."""
        raw = await read_body(request.scope, request.receive, MAX_BODY)
        command = self._command(raw)
        if command.plain is None:
            await self.rooms.ledger.execute_async(command)
        else:
            facts, check = self._of(command)
            await self.rooms.ledger.append_async(facts, check=check)
            request.scope[TAKEN] = self
        return told(None)

    def _of(self, command: LogMany) -> tuple[list[Fact], Check]:
        plain = command.plain
        if plain is None:
            raise refuse("decides", "The batch holds params or tags.", where="$", fix="Let the run decide.")
        facts = [fact_of(plain, run_key(command.run), command.at)] if plain.metrics else []
        return facts, partial(check_measured, plain)

    def _command(self, raw: bytes) -> LogMany:
        if len(raw) > BATCH_BYTES_MAX:
            title = f"Batched logging API requests must be at most {BATCH_BYTES_MAX} bytes, got {len(raw)}."
            raise invalid(title, where="$", fix="Send it in smaller parts.")
        asked = read_measured(raw, ask.LogBatch)
        return LogMany(read_asked(raw, ask.LogBatch) if asked.params or asked.tags else asked)
