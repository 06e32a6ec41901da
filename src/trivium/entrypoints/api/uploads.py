"""A file over HTTP (a bill, predictions, labels): streamed beside the lake, then imported like any other."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from trivium.entrypoints.answers.rooms import UPLOAD, Rooms
from trivium.entrypoints.api.body import too_large
from trivium.entrypoints.api.questions import read_params
from trivium.facts.problem import ProblemError, refuse, shown

_CHUNK: Final = 1 << 20
_FILES: Final = 1_000
_REGULAR: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)


Ask = Callable[[Rooms, Any, list[Path], list[str]], msgspec.Struct]
"""Imports files under names, as the parameters say, and gives the answer."""


def upload_endpoint(rooms: Rooms, params: type[msgspec.Struct], ask: Ask) -> Callable[[Request], Awaitable[Response]]:
    """Make the handler of an upload, whose query is a record with `name`, the file's."""

    async def endpoint(request: Request) -> Response:
        asked = read_params(request, params)
        folder = Path(tempfile.mkdtemp(prefix=UPLOAD, dir=rooms.home))
        try:
            body = folder / "body"
            await _receive(request, body, rooms.upload_bytes)
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            packed = kind == "application/x-tar"
            paths, names = await run_in_threadpool(_files, body, asked, rooms.upload_bytes, packed)
            answer = await run_in_threadpool(ask, rooms, asked, paths, names)
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


def _files(body: Path, asked: Any, limit: int, packed: bool) -> tuple[list[Path], list[str]]:
    return _unpack(body, limit) if packed else ([body], [asked.name or "upload"])


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
    fix = "Send a plain tar of files, or one file as application/octet-stream."
    return refuse("bad_archive", title, status=400, where="$", fix=fix)
