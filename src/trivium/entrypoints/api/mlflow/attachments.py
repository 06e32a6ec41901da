"""An artifact on its way out: as an attachment that no browser shows or runs, whole or one range, checked as it goes.

What is sent whole is hashed on the way; the last piece of a blob that was changed on disk is never sent, so that no
client takes it for the artifact.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
import unicodedata
from collections.abc import AsyncIterator
from typing import IO, Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trivium.lake.blobs import Blobs, changed
from trivium.mlops.artifacts.reading import StoredArtifact

CHUNK: Final = 1 << 20
POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_TEXTS: Final = frozenset({
    "txt", "log", "err", "cfg", "conf", "cnf", "cf", "ini", "properties", "prop", "hocon", "toml", "yaml", "yml", "xml",
    "json", "js", "py", "py3", "csv", "tsv", "md", "rst", "ipynb", "MLmodel", "mlproject",
})  # fmt: skip
"""Extensions, and names without one, of files that MLflow calls plain text (mlflow/utils/mime_type_utils.py)."""
_TYPES: Final = mimetypes.MimeTypes()
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def content_type(name: str) -> str:
    """Guess what a file is by its name, as MLflow does."""
    stem, dot, extension = name.rpartition(".")
    kind = extension if dot and stem.strip(".") else name
    if kind in _TEXTS:
        return "text/plain"
    return _TYPES.guess_type(f"/{name}")[0] or "application/octet-stream"


def disposition(name: str) -> str:
    """Write Content-Disposition of a file to save (RFC 6266); what is not ASCII is written twice (RFC 5987)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "download"
    if not _TOKEN.fullmatch(plain):
        plain = '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if name.isascii():
        return f"attachment; filename={plain}"
    return f"attachment; filename={plain}; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"


async def attachment(request: Request, blobs: Blobs, artifact: StoredArtifact) -> Response:
    """Answer with an artifact, with the range of it that is asked for, or that the client has it already (304)."""
    name = artifact.path.rpartition("/")[2]
    tag = f'"{artifact.blob}"'
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
        "content-disposition": disposition(name),
        "content-security-policy": POLICY,
        "content-type": content_type(name),
        "etag": tag,
        "x-content-type-options": "nosniff",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range", "") if request.headers.get("if-range", tag) == tag else ""
    span = span_of(asked, artifact.bytes)
    if span is None:
        return Response(status_code=416, headers={"content-range": f"bytes */{artifact.bytes}"})
    file = await run_in_threadpool(blobs.open, artifact.blob)
    start, stop = span
    if (start, stop) == (0, artifact.bytes):
        return await _whole(file, artifact, headers)
    headers |= {"content-range": f"bytes {start}-{stop - 1}/{artifact.bytes}", "content-length": str(stop - start)}
    return StreamingResponse(_part(file, start, stop), 206, headers)


def span_of(asked: str, size: int) -> tuple[int, int] | None:
    """Give what a Range header asks for as start and stop (RFC 9110 section 14); None where nothing of it is there.

    Several ranges, other units and what cannot be read are as if nothing was asked: the whole is given.
    """
    found = _RANGE.fullmatch(asked)
    if found is None or found[0] == "bytes=-":
        return 0, size
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) and size else None
    if last and int(last) < int(first):
        return 0, size
    return (int(first), min(int(last) + 1, size) if last else size) if int(first) < size else None


async def _whole(file: IO[bytes], artifact: StoredArtifact, headers: dict[str, str]) -> Response:
    """Send a file; one that fits into a piece is checked before anything is sent."""
    headers = {**headers, "content-length": str(artifact.bytes)}
    pieces = _checked(file, artifact)
    if artifact.bytes > CHUNK:
        return StreamingResponse(pieces, 200, headers)
    return Response(b"".join([piece async for piece in pieces]), 200, headers)


async def _checked(file: IO[bytes], artifact: StoredArtifact) -> AsyncIterator[bytes]:
    """Read a file piece by piece; raises instead of giving the last one if the whole is not what its name says."""
    digest = hashlib.sha256()
    try:
        held = b""
        while piece := await run_in_threadpool(_read, file, digest):
            if held:
                yield held
            held = piece
        if digest.hexdigest() != artifact.blob:
            raise changed(artifact.blob)
        yield held
    finally:
        file.close()


def _read(file: IO[bytes], digest: hashlib._Hash) -> bytes:
    piece = file.read(CHUNK)
    digest.update(piece)
    return piece


async def _part(file: IO[bytes], start: int, stop: int) -> AsyncIterator[bytes]:
    """Read a part of a file, piece by piece."""
    try:
        file.seek(start)
        while left := stop - start:
            piece = await run_in_threadpool(file.read, min(CHUNK, left))
            if not piece:
                return
            start += len(piece)
            yield piece
    finally:
        file.close()
