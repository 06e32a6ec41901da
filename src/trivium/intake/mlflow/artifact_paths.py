"""What clients call their artifacts: paths that are texts, read as MLflow's server reads them, and never opened.

A path that would leave the place of all artifacts is refused, however it is written or escaped
(`validate_path_is_safe` in mlflow/utils/uri.py of 3.17).
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final
from urllib.parse import unquote, urlsplit, urlunparse
from urllib.parse import urlparse as parsed
from urllib.request import url2pathname

from trivium.facts.problem import ProblemError
from trivium.facts.redaction import redact
from trivium.intake.mlflow.checks import invalid

PATH_MAX: Final = 4_096
"""Bytes of a path: what the file systems take that MLflow's own server writes to."""
PART_MAX: Final = 255
_RESERVED: Final = ".artifact.uploading."
_ROUTE: Final = "/mlflow-artifacts/artifacts/"
_TIMES: Final = 10
"""How often a path may have been escaped."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def safe_path(path: str) -> str:
    """Give a path without its escapes; control characters stay escaped. Refuses one that leads elsewhere."""
    plain = _CONTROL.sub(lambda found: f"%{ord(found[0]):02x}", _unescaped(path))
    if "#" in plain:
        raise _bad_path()
    if parsed(plain).scheme == "file":
        plain = url2pathname(parsed(plain).path)
    absolute = PureWindowsPath(plain).is_absolute() or PurePosixPath(plain).is_absolute()
    if ".." in plain.split("/") or absolute:
        raise _bad_path()
    if len(plain.encode("utf-8", "replace")) > PATH_MAX:
        raise invalid(f"Invalid path: it has more than {PATH_MAX} bytes.", where="path", fix="Take a shorter one.")
    return plain


def folder_path(path: str) -> str:
    """Give the place of a folder as it stands in the table: without a `/` at its end, empty for that of all."""
    plain = posixpath.normpath(safe_path(path)) if path else "."
    return "" if plain == "." else plain


def some_path(path: str) -> str:
    """Give the place of a file or folder as it stands in the table; refuses that of all artifacts."""
    plain = folder_path(path)
    if not plain:
        raise invalid("Invalid path: it names the place of all artifacts.", where="path", fix="Name an artifact.")
    return plain


def new_path(path: str) -> str:
    """Give the place at which a file is to stand; refuses a path that has a shorter form, and one that names a folder.

    What is kept in the ledger stays there: a path that holds a known secret is refused too.
    """
    plain = safe_path(path)
    folder, name = posixpath.split(plain)
    if not name:
        title = "Artifact path must include a filename (cannot end with '/')."
        raise invalid(title, where="path", fix="Name the file.")
    if name == "." or (folder and folder != posixpath.normpath(folder)) or folder == ".":
        title = f"Invalid artifact path: '{folder}'. It would resolve to {posixpath.normpath(folder)!r}."
        raise invalid(title, where="path", fix="Write its shortest form.")
    if name.startswith(_RESERVED):
        title = f"Invalid artifact file name: '{name}'. Artifact names starting with '{_RESERVED}' are reserved."
        raise invalid(title, where="path", fix="Take another name.")
    plain = posixpath.join(folder, name)
    if any(len(part.encode("utf-8", "replace")) > PART_MAX for part in plain.split("/")):
        raise invalid(f"Invalid path: a part has more than {PART_MAX} bytes.", where="path", fix="Take a shorter name.")
    if redact(plain.encode("utf-8", "replace")) != plain.encode("utf-8", "replace"):
        raise invalid("The path holds what looks like a secret.", where="path", fix="Take another name.")
    return plain


def place_of(uri: str) -> str | None:
    """Give the place below which a run's or logged model's artifacts stand here; None where they lie elsewhere."""
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts":
        return unquote(parts.path).strip("/")
    if parts.scheme in {"http", "https"} and _ROUTE in parts.path:
        return unquote(parts.path.partition(_ROUTE)[2]).strip("/")
    return None


def _unescaped(path: str) -> str:
    """Take escapes away until none is left; refuses what has no end, and what is no URL."""
    for _ in range(_TIMES):
        try:
            plain = urlunparse(parsed(unquote(path)))
        except ValueError as fault:
            raise _bad_path() from fault
        if plain == path:
            return path
        path = plain
    raise _bad_path()


def _bad_path() -> ProblemError:
    fix = "Name it below the place of the artifacts, without `..` and `#`."
    return invalid("Invalid path", where="path", fix=fix)
