"""What of MLflow's API is not served here, said in MLflow's own shape, as its clients read it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.mlflow.answering import PREFIX, Answering
from trivium.entrypoints.policies import READ, REMOVE, guarded_route
from trivium.facts.problem import refuse, shown

_CHANGING: Final = ("POST", "PUT", "PATCH", "DELETE")
_BELOW: Final = (PREFIX, "/api/3.0/mlflow", "/api/2.0/mlflow-artifacts")


def unserved_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes; they come last, for they match whatever lies below MLflow's prefixes."""
    hooks = f"{PREFIX}/webhooks"
    return [
        *_of_all_methods(hooks, Webhooks(rooms)),
        *_of_all_methods(f"{hooks}/{{rest:path}}", Webhooks(rooms)),
        *(route for prefix in _BELOW for route in _of_all_methods(f"{prefix}/{{rest:path}}", Nowhere(rooms))),
    ]


def _of_all_methods(path: str, answering: Answering) -> list[BaseRoute]:
    return [guarded_route(path, answering, READ, ["GET"]), guarded_route(path, answering, REMOVE, _CHANGING)]


class Webhooks(Answering):
    """MLflow's webhooks: the server calls no address that a client gave it."""

    async def respond(self, request: Request) -> Response:
        """Refuse."""
        title = "Webhooks of MLflow's registry are not served: this server calls no address that a client gives it."
        fix = "Ask for what changed, by a search ordered by last_updated_timestamp."
        raise refuse("not_implemented", title, status=501, where=request.url.path, fix=fix)


class Nowhere(Answering):
    """An address below MLflow's prefixes that is none."""

    async def respond(self, request: Request) -> Response:
        """Refuse."""
        title = f"Nothing answers {request.method} {shown(request.url.path)}."
        fix = "Traces, experiments, runs, models and artifacts of MLflow's API are served."
        raise refuse("endpoint_not_found", title, status=404, where="address", fix=fix)
