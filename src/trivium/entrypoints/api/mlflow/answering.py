"""How a request of MLflow's API is answered: read, decided in the ledger or looked up, told in MLflow's JSON.

What is refused has MLflow's own shape: `{"error_code", "message"}`; nothing known is a 500, which clients would repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from trivium.entrypoints.answers.remedies import completed
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.body import read_body
from trivium.entrypoints.api.problems import problem_of, retry_after
from trivium.entrypoints.policies import INGEST, READ, REMOVE, guarded_route
from trivium.facts.bounds import MAX_BODY
from trivium.facts.problem import Problem, ProblemError
from trivium.intake.mlflow.names import CODES
from trivium.intake.mlflow.reader import read_body as read_asked
from trivium.intake.mlflow.reader import read_query
from trivium.mlops.changing import Decision

Asked = TypeVar("Asked", bound=msgspec.Struct)
Path = dict[str, Any]
PREFIX: Final = "/api/2.0/mlflow"
_JSON: Final = "application/json"
_BY_STATUS: Final = {
    401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "ENDPOINT_NOT_FOUND", 409: "RESOURCE_CONFLICT",
    429: "REQUEST_LIMIT_EXCEEDED", 500: "INTERNAL_ERROR", 501: "NOT_IMPLEMENTED", 503: "TEMPORARILY_UNAVAILABLE",
}  # fmt: skip


def told(value: Any) -> Response:
    """Answer with JSON; nothing is `{}`."""
    return Response(msgspec.json.encode({} if value is None else value), media_type=_JSON)


def refusal(problem: Problem) -> Response:
    """Refuse in MLflow's shape."""
    code = problem.code.upper() if problem.code in CODES else _BY_STATUS.get(problem.status, "INVALID_PARAMETER_VALUE")
    status = 400 if problem.status == 422 else problem.status
    message = {"error_code": code, "message": problem.sentence()}
    return Response(msgspec.json.encode(message), status_code=status, headers=retry_after(problem), media_type=_JSON)


class Answering:
    """An ASGI application for one route; what a subclass refuses is told in MLflow's shape."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await self.respond(Request(scope, receive))
        except ProblemError as fault:
            response = refusal(completed(fault.problem))
        except Exception as fault:
            problem = problem_of(fault)
            if problem.status == 500:
                raise
            response = refusal(problem)
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """Give the response."""
        raise NotImplementedError


class Deciding(Answering):
    """A request that changes something: `decide` makes the command of what was asked, and of the path if it varies."""

    def __init__(self, rooms: Rooms, asked: type[msgspec.Struct], decide: Callable[..., Decision]) -> None:
        super().__init__(rooms)
        self._asked, self._decide = asked, decide

    async def respond(self, request: Request) -> Response:
        """Carry the command out, and tell what came of it."""
        asked = await asked_of(request, self._asked)
        command = self._decide(asked, request.path_params) if request.path_params else self._decide(asked)
        await self.rooms.ledger.execute_async(command)
        return told(command.told)


class Looking(Answering):
    """A request that only reads: `look` finds the answer in a snapshot."""

    def __init__(self, rooms: Rooms, asked: type[Asked], look: Callable[[Connection, Asked, Path], Any]) -> None:
        super().__init__(rooms)
        self._asked, self._look = asked, look

    async def respond(self, request: Request) -> Response:
        """Look in a thread."""
        asked = await asked_of(request, self._asked, kept=False)
        return told(await run_in_threadpool(self._found, asked, request.path_params))

    def _found(self, asked: Any, path: Path) -> Any:
        with self.rooms.ledger.reading() as connection:
            return self._look(connection, asked, path)


def changing(
    rooms: Rooms, path: str, asked: type[msgspec.Struct], decide: Callable[..., Decision], method: str = "POST"
) -> Route:
    """Make the route of a request that changes something; clients delete without a body and its content type."""
    return guarded_route(path, Deciding(rooms, asked, decide), REMOVE if method == "DELETE" else INGEST, [method])


def looking(
    rooms: Rooms, path: str, asked: type[Asked], look: Callable[[Connection, Asked, Path], Any], *methods: str
) -> Route:
    """Make the route of a request that only reads; by POST where its question is long."""
    return guarded_route(path, Looking(rooms, asked, look), INGEST if "POST" in methods else READ, methods or ("GET",))


async def asked_of(request: Request, kind: type[Asked], *, kept: bool = True) -> Asked:
    """Read what is asked, from the query string of a GET or else from the body; what is `kept` loses known secrets."""
    if request.method == "GET" and request.url.query:
        return read_query(request.query_params.multi_items(), kind)
    return read_asked(await read_body(request.scope, request.receive, MAX_BODY), kind, kept=kept)
