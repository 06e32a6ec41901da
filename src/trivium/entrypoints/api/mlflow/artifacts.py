"""The routes of artifacts: stored, given, listed, removed; their content lies in blobs, their paths in a table."""

from __future__ import annotations

import posixpath
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.body import too_large
from trivium.entrypoints.api.mlflow.answering import PREFIX, Answering, Path, looking, told
from trivium.entrypoints.api.mlflow.attachments import CHUNK, attachment
from trivium.entrypoints.policies import INGEST, INGEST_FILE, READ, REMOVE, guarded_route
from trivium.facts.problem import refuse
from trivium.intake.mlflow import requests as ask
from trivium.intake.mlflow.artifact_paths import folder_path, new_path, place_of, safe_path, some_path
from trivium.intake.mlflow.checks import invalid, required
from trivium.lake.blobs import Incoming
from trivium.mlops.artifacts.reading import StoredArtifact, entries, find_artifact
from trivium.mlops.artifacts.storing import RemoveArtifacts, StoreArtifact
from trivium.mlops.tracking.logged_models import find_logged_model
from trivium.mlops.tracking.runs import find_run, id_of

BASE: Final = "/api/2.0/mlflow-artifacts"
_ONE: Final = f"{BASE}/artifacts/{{path:path}}"
_UNSUPPORTED: Final = "is not supported for the current artifact repository"
_PARTS: Final = ("create", "complete", "abort")


def artifact_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes."""
    return [
        looking(rooms, f"{BASE}/artifacts", ask.Folder, _folder),
        guarded_route(_ONE, Uploading(rooms), INGEST_FILE, ["PUT"]),
        guarded_route(_ONE, Downloading(rooms), READ, ["GET"]),
        guarded_route(_ONE, Removing(rooms), REMOVE, ["DELETE"]),
        looking(rooms, f"{PREFIX}/artifacts/list", ask.RunFolder, _run_folder),
        looking(rooms, f"{PREFIX}/logged-models/{{model_id}}/artifacts/directories", ask.ModelFolder, _model_folder),
        *(
            guarded_route(f"{BASE}/mpu/{part}/{{path:path}}", Unsupported(rooms, "Multipart upload"), INGEST, ["POST"])
            for part in _PARTS
        ),
        guarded_route(f"{BASE}/presigned/{{path:path}}", Unsupported(rooms, "Multipart download"), READ, ["GET"]),
        looking(
            rooms, f"{PREFIX}/artifacts/presigned-upload-url", ask.Presigned, partial(_no_presigned, "upload"), "POST"
        ),
        looking(
            rooms,
            f"{PREFIX}/artifacts/presigned-download-url",
            ask.Presigned,
            partial(_no_presigned, "download"),
            "POST",
        ),
    ]


class Uploading(Answering):
    """`PUT artifacts/<path>`: streamed to a blob, answered once blob and fact are durable."""

    async def respond(self, request: Request) -> Response:
        """Take a file in; what breaks off on the way leaves nothing."""
        path = new_path(request.path_params["path"])
        limit = _announced(request, self.rooms.upload_bytes)
        incoming = await run_in_threadpool(self.rooms.blobs.receive)
        try:
            await _take(request, incoming, limit)
            blob = await run_in_threadpool(incoming.publish)
            await self.rooms.ledger.execute_async(StoreArtifact(path, blob, incoming.size))
            await run_in_threadpool(incoming.settle)
        except ClientDisconnect as fault:
            raise refuse("disconnected", "The client went away before the file's end.", status=400) from fault
        finally:
            await run_in_threadpool(incoming.discard)
        return Response(status_code=200)


class Downloading(Answering):
    """`GET artifacts/<path>`: an attachment."""

    async def respond(self, request: Request) -> Response:
        """Find the artifact, then stream it."""
        path = some_path(request.path_params["path"])
        return await attachment(request, self.rooms.blobs, await run_in_threadpool(self._found, path))

    def _found(self, path: str) -> StoredArtifact:
        with self.rooms.ledger.reading() as connection:
            return find_artifact(connection, path)


class Removing(Answering):
    """`DELETE artifacts/<path>`: a file, or a folder with all that stands in it."""

    async def respond(self, request: Request) -> Response:
        """Remove; what is not there is no fault."""
        await self.rooms.ledger.execute_async(RemoveArtifacts(some_path(request.path_params["path"])))
        return told(None)


class Unsupported(Answering):
    """A way to exchange files that needs a store of another kind; clients then take the plain way."""

    def __init__(self, rooms: Rooms, what: str) -> None:
        super().__init__(rooms)
        self._what = what

    async def respond(self, request: Request) -> Response:
        """Refuse a bad path, and else say that this is not done here."""
        safe_path(request.path_params["path"])
        fix = f"Use PUT and GET of {BASE}/artifacts."
        raise refuse("not_implemented", f"{self._what} {_UNSUPPORTED}", status=501, where="address", fix=fix)


async def _take(request: Request, incoming: Incoming, limit: int) -> None:
    """Write the body, gathered to pieces that are worth a thread; refuses (413) what is longer than the limit."""
    waiting = bytearray()
    left = limit
    async for chunk in request.stream():
        left -= len(chunk)
        if left < 0:
            raise too_large(limit)
        waiting += chunk
        if len(waiting) >= CHUNK:
            await run_in_threadpool(incoming.write, bytes(waiting))
            waiting.clear()
    if waiting:
        await run_in_threadpool(incoming.write, bytes(waiting))


def _announced(request: Request, limit: int) -> int:
    """Refuse what is encoded, or announced to be longer than the limit, before any of it is read; gives the limit."""
    if request.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        fix = "Send the file as it is."
        raise refuse("bad_encoding", "Artifacts are not decoded here.", status=415, where="Content-Encoding", fix=fix)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise too_large(limit)
    return limit


def _folder(connection: Connection, asked: ask.Folder, _: Path) -> Any:
    return _files(connection, folder_path(asked.path))


def _run_folder(connection: Connection, asked: ask.RunFolder, _: Path) -> Any:
    safe = safe_path(asked.path) if asked.path else ""
    return _below(connection, find_run(connection, id_of(asked)).artifact_uri, safe)


def _model_folder(connection: Connection, asked: ask.ModelFolder, path: Path) -> Any:
    safe = safe_path(asked.artifact_directory_path) if asked.artifact_directory_path else ""
    row = find_logged_model(connection, path["model_id"], deleted=False)
    return _below(connection, row.artifact_location, safe)


def _below(connection: Connection, root_uri: str, path: str) -> dict[str, Any]:
    """List a folder of a run or logged model: paths below its root, and the root."""
    place = place_of(root_uri)
    if place is None:
        title = f"The artifacts lie at {root_uri}, which is not kept here and is never opened from here."
        raise invalid(title, where="artifact_uri", fix="List them with a client that may read that place.")
    return _files(connection, folder_path(posixpath.join(place, path)), path) | {"root_uri": root_uri}


def _files(connection: Connection, folder: str, named: str = "") -> dict[str, Any]:
    found = entries(connection, folder, named)
    return {"files": found} if found else {}


def _no_presigned(way: str, connection: Connection, asked: ask.Presigned, _: Path) -> Any:
    """Refuse an address at which a client would exchange files with a store in a cloud: none stands behind this one."""
    required(asked.path, "path")
    if bool(asked.run_id) == bool(asked.model_id):
        raise invalid("Exactly one of run_id and model_id must be provided.", where="run_id")
    safe_path(asked.path)
    uri = find_run(connection, asked.run_id).artifact_uri if asked.run_id else ""
    uri = uri or find_logged_model(connection, asked.model_id, deleted=False).artifact_location
    scheme = uri.partition(":")[0]
    raise invalid(
        f"Presigned {way} is not supported for proxied artifact storage (artifact URI scheme: {scheme}).",
        where="artifact_uri",
        fix=f"Use {BASE}/artifacts.",
    )
