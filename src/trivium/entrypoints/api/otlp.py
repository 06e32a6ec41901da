"""`POST /v1/traces`: OTLP over HTTP, protobuf and JSON, answered once the spans are durable."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from trivium.entrypoints.api.body import read_body
from trivium.entrypoints.api.log import log_fault
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.problems import problem_of, retry_after
from trivium.entrypoints.policies import INGEST_SPANS
from trivium.facts.instants import now
from trivium.facts.problem import Problem
from trivium.intake.otlp.lexicon import Lexicon
from trivium.intake.otlp.reader import JSON, PROTOBUF, Request, read
from trivium.intake.otlp.reply import export_response, status
from trivium.mlops.traces.committer import Committer

PATH: Final = "/v1/traces"
_ASIDE: Final = 16 * 1024
"""Bytes of a body that is read on the reading thread; a smaller one is read at once.

There is one such thread: reading keeps the interpreter, so that several would only take it from one another.
"""
_EXPERIMENT: Final = b"x-mlflow-experiment-id"
_LONGEST: Final = 256


class Traces:
    """200 with an ExportTraceServiceResponse; 400 for what is no request, 503 and Retry-After under overload."""

    def __init__(self, committer: Committer, metrics: Metrics) -> None:
        self._committer, self._metrics = committer, metrics
        self._lexicon = Lexicon()
        self._aside = ThreadPoolExecutor(1, "span-reader")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        media_type, experiment = _sent(scope)
        try:
            self._committer.check_room()
            body = await read_body(scope, receive, INGEST_SPANS.max_body)
            found = await self._read(body, media_type, experiment)
            new = await asyncio.wrap_future(self._committer.submit(found, len(body)))
        except Exception as fault:
            problem = problem_of(fault)
            if problem.status == 500:
                log_fault(scope["method"], scope["path"], fault)
            await refusal(media_type, problem)(scope, receive, send)
            return
        self._metrics.spans["written"] += new
        self._metrics.spans["known"] += len(found.rows) - new
        self._metrics.spans["refused"] += found.refused
        answer = export_response(media_type, found.refused, found.message)
        await Response(answer, media_type=media_type)(scope, receive, send)

    async def _read(self, body: bytes, media_type: str, experiment: str) -> Request:
        """Read the body: a large one aside, so that it keeps nobody else waiting."""
        how = partial(read, body, media_type, self._lexicon, at=now(), experiment=experiment)
        return how() if len(body) < _ASIDE else await asyncio.get_running_loop().run_in_executor(self._aside, how)


def refusal(media_type: str, problem: Problem) -> Response:
    """Refuse in the protocol's own shape: a google.rpc.Status in the request's encoding."""
    body = status(media_type, problem)
    return Response(body, status_code=problem.status, headers=retry_after(problem), media_type=media_type)


def _sent(scope: Scope) -> tuple[str, str]:
    """Read the encoding and MLflow's experiment from the headers."""
    media_type, experiment = PROTOBUF, ""
    for name, value in scope["headers"]:
        if name == b"content-type" and value.partition(b";")[0].strip().lower() == JSON.encode():
            media_type = JSON
        elif name == _EXPERIMENT:
            experiment = value.decode("latin-1").strip()[:_LONGEST]
    return media_type, experiment
