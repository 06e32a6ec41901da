"""The whole server as one ASGI application: foreign protocols, our questions and commands, health, pages."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from trivium.entrypoints import policies
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
from trivium.entrypoints.answers.questions import PREFIX, QUESTIONS
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.commands import (
    CLOSE,
    COMMANDS,
    DECLARE,
    IMPORT,
    IMPORT_LABELS,
    IMPORT_PREDICTIONS,
    IMPORT_REFERENCE,
    LABELS,
    PREDICTIONS,
    REBUILD,
    VERIFY,
    command_endpoint,
)
from trivium.entrypoints.api.description import openapi
from trivium.entrypoints.api.fixed import FixedFirst
from trivium.entrypoints.api.frame import Frame
from trivium.entrypoints.api.health import health_endpoint, metrics_endpoint
from trivium.entrypoints.api.lineage import PATH, Lineage, LineageBatch
from trivium.entrypoints.api.marquez import marquez_routes
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.mlflow.routes import mlflow_routes
from trivium.entrypoints.api.otlp import PATH as TRACES
from trivium.entrypoints.api.otlp import Traces
from trivium.entrypoints.api.questions import question_endpoint, table_endpoint
from trivium.entrypoints.api.tables import FORMATS
from trivium.entrypoints.api.uploads import upload_endpoint
from trivium.entrypoints.web.routes import page_of_problems, page_routes

_POLICIES: Final = {"open": policies.OPEN, "read": policies.READ, "change": policies.CHANGE}


def create_app(rooms: Rooms) -> ASGIApp:
    """Build the application over open rooms; raises PolicyMissingError when a route has no policy."""
    metrics = Metrics(rooms.ledger)
    routes = routes_of(rooms, metrics)
    policies.check_policies(routes)
    router = Router(routes, redirect_slashes=False, default=_nothing_here)
    return Frame(FixedFirst(routes, router), rooms.hosts, metrics, page_of_problems())


def routes_of(rooms: Rooms, metrics: Metrics) -> list[BaseRoute]:
    """List every route of the server, the busiest first."""
    return [
        policies.guarded_route(PATH, Lineage(rooms.ledger, metrics), policies.INGEST, ["POST"]),
        policies.guarded_route(f"{PATH}/batch", LineageBatch(rooms.ledger, metrics), policies.INGEST, ["POST"]),
        policies.guarded_route(TRACES, Traces(rooms.spans, metrics), policies.INGEST_SPANS, ["POST"]),
        policies.guarded_route("/health", health_endpoint(rooms), policies.OPEN, ["GET"]),
        policies.guarded_route("/metrics", metrics_endpoint(metrics), policies.READ, ["GET"]),
        *mlflow_routes(rooms, metrics),
        *marquez_routes(rooms),
        Mount(PREFIX, our_interface(rooms)),
        *page_routes(rooms),
    ]


def our_interface(rooms: Rooms) -> Router:
    """Make the application below PREFIX: questions, their tables, commands, and the OpenAPI document."""
    routes = [policies.guarded_route("/openapi.json", _describe, policies.READ, ["GET"])]
    for question in QUESTIONS:
        policy = _POLICIES[question.policy]
        routes.append(policies.guarded_route(question.path, question_endpoint(question, rooms), policy, ["GET"]))
        for form in FORMATS if question.table else ():
            endpoint = table_endpoint(question, rooms, form)
            routes.append(policies.guarded_route(f"{question.path}.{form}", endpoint, policy, ["GET"]))
    endpoints = {
        DECLARE.name: command_endpoint(DECLARE, rooms, declare.ask),
        CLOSE.name: command_endpoint(CLOSE, rooms, close_month.ask),
        REBUILD.name: command_endpoint(REBUILD, rooms, lambda rooms, params, _: ledger_rebuild.ask(rooms, params)),
        VERIFY.name: command_endpoint(VERIFY, rooms, lambda rooms, params, _: ledger_verify.ask(rooms, params)),
        IMPORT.name: upload_endpoint(rooms, IMPORT.params, import_focus.ask),
        IMPORT_PREDICTIONS.name: upload_endpoint(rooms, IMPORT_PREDICTIONS.params, import_predictions.ask),
        IMPORT_LABELS.name: upload_endpoint(rooms, IMPORT_LABELS.params, import_labels.ask),
        IMPORT_REFERENCE.name: upload_endpoint(rooms, IMPORT_REFERENCE.params, import_reference.ask),
        PREDICTIONS.name: command_endpoint(PREDICTIONS, rooms, import_predictions.ask_batch),
        LABELS.name: command_endpoint(LABELS, rooms, import_labels.ask_batch),
    }
    routes += [
        policies.guarded_route(command.path, endpoints[command.name], command.policy, ["POST"]) for command in COMMANDS
    ]
    return Router(routes, redirect_slashes=False, default=_nothing_here)


async def _describe(request: Request) -> Response:  # noqa: ARG001 - handlers are called alike
    """Answer `GET /openapi.json`."""
    return Response(await run_in_threadpool(_document), media_type="application/json")


@cache
def _document() -> bytes:
    """Write the OpenAPI document, which takes a while, when it is first asked for."""
    return msgspec.json.encode(openapi())


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the shape of ASGI
    raise HTTPException(404)
