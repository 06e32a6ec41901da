"""The whole server as one ASGI application: foreign protocols, our questions and commands, health, pages."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from trivium import __version__
from trivium.entrypoints import policies
from trivium.entrypoints.answers import close_month, declare, ledger_rebuild
from trivium.entrypoints.answers.questions import PREFIX, QUESTIONS
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.commands import CLOSE, COMMANDS, DECLARE, IMPORT, REBUILD, command_endpoint
from trivium.entrypoints.api.description import openapi
from trivium.entrypoints.api.fixed import FixedFirst
from trivium.entrypoints.api.frame import Frame
from trivium.entrypoints.api.health import health_endpoint, metrics_endpoint
from trivium.entrypoints.api.lineage import Lineage, LineageBatch
from trivium.entrypoints.api.marquez import marquez_routes
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.problems import problem_of, problem_response
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
        policies.guarded_route("/api/v1/lineage", Lineage(rooms.ledger, metrics), policies.INGEST, ["POST"]),
        policies.guarded_route("/api/v1/lineage/batch", LineageBatch(rooms.ledger, metrics), policies.INGEST, ["POST"]),
        policies.guarded_route("/health", health_endpoint(rooms), policies.OPEN, ["GET"]),
        policies.guarded_route("/metrics", metrics_endpoint(metrics), policies.READ, ["GET"]),
        *marquez_routes(rooms),
        Mount(PREFIX, our_interface(rooms)),
        *page_routes(rooms),
    ]


def our_interface(rooms: Rooms) -> FastAPI:
    """Make the application below PREFIX: questions, their tables, commands, and the OpenAPI document."""
    api = FastAPI(
        title="Trivium",
        version=__version__,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False},
    )
    described = openapi()
    api.openapi = lambda: described  # type: ignore[method-assign]
    by_path: dict[str, policies.Policy] = {"/openapi.json": policies.READ}
    for question in QUESTIONS:
        _add(api, question.path, question_endpoint(question, rooms), "GET")
        by_path[question.path] = _POLICIES[question.policy]
        for form in FORMATS if question.table else ():
            _add(api, f"{question.path}.{form}", table_endpoint(question, rooms, form), "GET")
            by_path[f"{question.path}.{form}"] = _POLICIES[question.policy]
    _add(api, DECLARE.path, command_endpoint(DECLARE, rooms, declare.ask), "POST")
    _add(api, CLOSE.path, command_endpoint(CLOSE, rooms, close_month.ask), "POST")
    rebuild = command_endpoint(REBUILD, rooms, lambda rooms, params, _: ledger_rebuild.ask(rooms, params))
    _add(api, REBUILD.path, rebuild, "POST")
    _add(api, IMPORT.path, upload_endpoint(rooms), "POST")
    by_path |= {command.path: command.policy for command in COMMANDS}
    for route in api.routes:
        policy = by_path.get(str(getattr(route, "path", "")))
        if policy is not None:
            policies.guard(route, policy)
    for kind in (Exception, HTTPException, 404, 405):
        api.add_exception_handler(kind, _tell)
    api.router.redirect_slashes = False
    return api


def _add(api: FastAPI, path: str, endpoint: Any, method: str) -> None:
    api.add_api_route(path, endpoint, methods=[method], response_class=Response, include_in_schema=False)


async def _tell(request: Request, fault: Exception) -> Response:  # noqa: ARG001 - handlers are called alike
    """Raise on to the frame what it tells and logs; answer what FastAPI would tell in its own shape."""
    if isinstance(fault, HTTPException):
        allow = (fault.headers or {}).get("Allow", "")
        return problem_response(problem_of(fault), {"allow": allow} if allow else None)
    raise fault


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the shape of ASGI
    raise HTTPException(404)
