"""`/health` for people and monitors, `/metrics` for Prometheus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from trivium.entrypoints.answers import health
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.metrics import Metrics

Endpoint = Callable[[Request], Awaitable[Response]]


def health_endpoint(rooms: Rooms) -> Endpoint:
    """Make the handler of `/health`: 200 while facts can be written, else 503; JSON when it is asked for."""

    async def endpoint(request: Request) -> Response:
        found = await run_in_threadpool(health.ask, rooms, health.Params())
        status = 503 if found.state == "read_only" else 200
        if "application/json" in request.headers.get("accept", ""):
            return Response(msgspec.json.encode(found), status_code=status, media_type="application/json")
        lines = [
            found.state.upper(),
            f"head {found.sequence}",
            f"oldest unprocessed {found.oldest_unprocessed_age_s:.3f} s",
            *([f"read-only: {found.read_only}"] if found.read_only else ()),
            *found.degraded,
        ]
        return PlainTextResponse("\n".join(lines) + "\n", status_code=status)

    return endpoint


def metrics_endpoint(metrics: Metrics) -> Endpoint:
    """Make the handler of `/metrics`."""

    async def endpoint(request: Request) -> Response:  # noqa: ARG001 - handlers are called alike
        return Response(await run_in_threadpool(metrics.text), headers={"content-type": CONTENT_TYPE_LATEST})

    return endpoint
