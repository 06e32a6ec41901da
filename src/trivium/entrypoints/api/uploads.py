"""A bill over HTTP: streamed to a file beside the lake, then imported like any other."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from trivium.entrypoints.answers import import_focus
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.body import too_large
from trivium.entrypoints.api.commands import UploadParams
from trivium.entrypoints.api.questions import read_params
from trivium.facts.problem import refuse

_CHUNK: Final = 1 << 20
_FILES: Final = 1_000


def upload_endpoint(rooms: Rooms) -> Callable[[Request], Awaitable[Response]]:
    """Make the handler of `POST /import/focus`."""

    async def endpoint(request: Request) -> Response:
        params = read_params(request, UploadParams)
        assert isinstance(params, UploadParams)
        folder = Path(tempfile.mkdtemp(prefix="upload-", dir=rooms.home))
        try:
            body = folder / "body"
            await _receive(request, body, rooms.upload_bytes)
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            answer = await run_in_threadpool(_import, rooms, params, body, kind == "application/x-tar")
        finally:
            await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return endpoint


async def _receive(request: Request, path: Path, limit: int) -> None:
    """Write the body to a file; refuses (413) what is longer than the limit, and a body without a byte."""
    if request.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        fix = "Send the file as it is; gzipped CSV is recognised by its content."
        raise refuse("bad_encoding", "Uploads are not decoded here.", status=415, where="Content-Encoding", fix=fix)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise too_large(limit)
    size = 0
    with path.open("xb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            await run_in_threadpool(file.write, chunk)
    if not size:
        raise refuse("no_file", "The body is empty.", status=400, where="$", fix="Send the file as the body.")


def _import(rooms: Rooms, params: UploadParams, body: Path, packed: bool) -> import_focus.Answer:
    asked = import_focus.Params(add=params.add)
    if not packed:
        return import_focus.ask(rooms, asked, [body], [params.name or "upload"])
    paths, names = _unpack(body, rooms.upload_bytes)
    return import_focus.ask(rooms, asked, paths, names)


def _unpack(body: Path, limit: int) -> tuple[list[Path], list[str]]:
    """Take the regular files out of a tar; their names are kept as text and never become paths."""
    paths: list[Path] = []
    names: list[str] = []
    left = limit
    try:
        with tarfile.open(body, "r:") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    continue
                left -= member.size
                if left < 0 or len(paths) == _FILES:
                    raise too_large(limit)
                path = body.with_name(f"file-{len(paths)}")
                _copy(content, path)
                paths.append(path)
                names.append(member.name.rpartition("/")[2] or "upload")
    except tarfile.TarError as fault:
        fix = "Send a plain tar of FOCUS files, or one file as application/octet-stream."
        raise refuse("bad_archive", f"The body is no tar: {fault}.", status=400, where="$", fix=fix) from fault
    return paths, names


def _copy(content: IO[bytes], path: Path) -> None:
    with path.open("xb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
