"""The files that pages load: names with a hash of their content, kept by browsers for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from trivium.entrypoints.web.headers import security_headers

PREFIX: Final = "/-/static"
FOLDER: Final = Path(__file__).parent / "static" / "bundle"
TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


class BundleMissingError(RuntimeError):
    """Raised at start when the page bundle was not built."""


@dataclass(frozen=True)
class Bundle:
    """The built files: `names` maps `pages.js` to `pages-4F2A….js`; `files` are all that may be sent."""

    folder: Path
    names: Mapping[str, str]
    files: frozenset[str]

    def address(self, name: str) -> str:
        """Give the address of a file by the name that templates use; raises KeyError for an unknown one."""
        return f"{PREFIX}/{self.names[name]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file, as an ASGI application mounted at PREFIX; the path only picks from the known names."""
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        name = str(scope["path"]).rpartition("/")[2]
        if name not in self.files:
            raise HTTPException(404, f"There is no file {name!r} in the page bundle.")
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, "Files of the page bundle can only be read.", {"allow": "GET, HEAD"})
        headers = {**security_headers(), **_FOR_GOOD, "etag": f'"{name}"'}
        if Headers(scope=scope).get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return FileResponse(self.folder / name, media_type=TYPES[Path(name).suffix], headers=headers)


def read_bundle(folder: Path = FOLDER) -> Bundle:
    """Read which files the installed package holds; raises BundleMissingError with what to do when it holds none."""
    manifest = folder / "manifest.json"
    try:
        names = msgspec.json.decode(manifest.read_bytes(), type=dict[str, str])
    except FileNotFoundError as fault:
        raise BundleMissingError(f"The page bundle is missing: {manifest} does not exist. Run `make setup`.") from fault
    files = frozenset(path.name for path in folder.iterdir() if path.suffix in TYPES)
    return Bundle(folder, names, files)
