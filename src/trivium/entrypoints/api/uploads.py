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
from trivium.entrypoints.answers.rooms import UPLOAD, Rooms
from trivium.entrypoints.api.body import too_large
from trivium.entrypoints.api.commands import UploadParams
from trivium.entrypoints.api.questions import read_params
from trivium.facts.problem import ProblemError, refuse, shown

_CHUNK: Final = 1 << 20
_FILES: Final = 1_000
_REGULAR: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)


def upload_endpoint(rooms: Rooms) -> Callable[[Request], Awaitable[Response]]:
    """Make the handler of `POST /import/focus`."""

    async def endpoint(request: Request) -> Response:
        params = read_params(request, UploadParams)
        assert isinstance(params, UploadParams)
        folder = Path(tempfile.mkdtemp(prefix=UPLOAD, dir=rooms.home))
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
    """Take the regular files out of a tar; their names are kept as text and never become paths.

    What they unpack to is counted as it is written: together not more than `limit` bytes.
    """
    paths: list[Path] = []
    names: list[str] = []
    left = limit
    try:
        with tarfile.open(body, "r:") as archive:
            for member in archive:
                content = _content(archive, member)
                if content is None:
                    continue
                if len(paths) == _FILES:
                    raise too_large(limit)
                path = body.with_name(f"file-{len(paths)}")
                left -= _copy(content, path, left, limit)
                paths.append(path)
                names.append(member.name.rpartition("/")[2] or "upload")
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as fault:
        raise _bad_archive(f"The body is no tar: {str(fault)[:200]}.") from fault
    return paths, names


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes] | None:
    """Open a regular file of a tar; None for folders and links, and a refusal of a file with holes."""
    if member.issparse():
        raise _bad_archive(f"The tar holds a sparse file, {shown(member.name)}, which may unpack to anything.")
    return archive.extractfile(member) if member.type in _REGULAR else None


def _copy(content: IO[bytes], path: Path, left: int, limit: int) -> int:
    """Write a file of at most `left` bytes and give its size; refuses (413) a longer one."""
    size = 0
    with path.open("xb") as file:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise too_large(limit)
            file.write(chunk)
    return size


def _bad_archive(title: str) -> ProblemError:
    fix = "Send a plain tar of FOCUS files, or one file as application/octet-stream."
    return refuse("bad_archive", title, status=400, where="$", fix=fix)
