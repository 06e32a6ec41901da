"""All routes of MLflow's REST API that are answered here."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.mlflow.answering import told
from trivium.entrypoints.api.mlflow.artifacts import artifact_routes
from trivium.entrypoints.api.mlflow.registry import registry_routes
from trivium.entrypoints.api.mlflow.searches import search_routes
from trivium.entrypoints.api.mlflow.traces import trace_routes
from trivium.entrypoints.api.mlflow.tracking import tracking_routes
from trivium.entrypoints.api.mlflow.unserved import unserved_routes
from trivium.entrypoints.policies import OPEN, READ, guarded_route

_API: Final = "/api/"
_PAGES_API: Final = "/ajax-api/"
VERSION: Final = "3.17.2"
"""The MLflow whose behaviour is given: clients of 3.x send spans only to a server of at least 3.4.0."""
_SERVER: Final = {
    "store_type": "SqlStore", "workspaces_enabled": False, "trace_archival_enabled": False,
    "multipart_uploads_enabled": False, "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False, "presigned_upload_model_id_supported": False,
    "features_enabled": {"gateway": False},
}  # fmt: skip


def mlflow_routes(rooms: Rooms, metrics: Metrics) -> list[BaseRoute]:
    """List the routes, those that are asked most first."""
    routes = [
        *tracking_routes(rooms, metrics),
        *search_routes(rooms),
        *registry_routes(rooms),
        *artifact_routes(rooms),
        *trace_routes(rooms),
        guarded_route("/version", _version, OPEN, ["GET"]),
        guarded_route("/api/3.0/mlflow/server-info", _server_info, READ, ["GET"]),
        *unserved_routes(rooms),
    ]
    return [*routes, *(mirrored(route) for route in routes if getattr(route, "path", "").startswith(_API))]


def mirrored(route: Any) -> BaseRoute:
    """Serve a route once more below /ajax-api/, where MLflow's own pages ask for it."""
    return guarded_route(route.path.replace(_API, _PAGES_API, 1), route.endpoint, route.policy, route.methods)


async def _version(request: Request) -> Response:  # noqa: ARG001 - handlers are called alike
    """Answer `GET /version`."""
    return PlainTextResponse(VERSION)


async def _server_info(request: Request) -> Response:  # noqa: ARG001 - handlers are called alike
    """Answer `GET /api/3.0/mlflow/server-info`."""
    return told(_SERVER)
