"""Where a model says that it lies: URIs taken apart, never opened (mlflow/server/handlers.py of 3.17).

A place of the server's own machine, of another host that it would have to call, or outside of what the named run or
logged model stored, is none that a version may be made of.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit
from urllib.request import url2pathname

import msgspec

from trivium.facts.problem import ProblemError
from trivium.intake.mlflow.checks import check_length, invalid
from trivium.intake.mlflow.names import SOURCE_MAX

_CALLED: Final = frozenset({"ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"})
"""Schemes whose URIs name a host that is called when they are opened."""
_OWN_HOSTS: Final = (".", "localhost", "127.0.0.1")
_ARTIFACTS: Final = ("api", "2.0", "mlflow-artifacts", "artifacts")


class ModelPlace(msgspec.Struct, frozen=True):
    """What a `models:/` URI names: a logged model, or a registered model's version, stage or alias, or its latest."""

    model_id: str = ""
    name: str = ""
    version: str = ""
    stage: str = ""
    alias: str = ""


def refused_place(source: str, why: str) -> ProblemError:
    """Make the refusal of a place."""
    return invalid(f"Invalid model version source: '{source}'. {why}", where="source")


def foreign_place(source: str, field: str) -> ProblemError:
    """Make the refusal of a place that does not lie in what `field` names."""
    return refused_place(source, f"The {field} request parameter must identify the resource that contains the source.")


def split_place(source: str) -> SplitResult:
    """Take a source apart; refuses what is no URI, and a host that the server would have to call."""
    check_length("source", SOURCE_MAX, source)
    try:
        parts = urlsplit(source)
        host = parts.hostname
    except ValueError as fault:
        raise refused_place(source, f"It is no URI: {fault}.") from fault
    scheme = parts.scheme.lower()
    if scheme in _CALLED and (parts.netloc or scheme != "mlflow-artifacts"):
        raise refused_place(source, f"The scheme '{scheme}' names a host that the server would have to call.")
    if scheme == "file" and host and not host.startswith(_OWN_HOSTS):
        raise refused_place(source, f"The file lies on another machine, {host}.")
    return parts


def is_local(parts: SplitResult) -> bool:
    """Say whether a place is one of the server's own machine."""
    return parts.scheme in {"", "file"}


def model_place(source: str) -> ModelPlace:
    """Read a `models:/` URI; refuses what is none."""
    parts = urlsplit(source)
    name, slash, suffix = parts.path.lstrip("/").partition("/")
    if parts.netloc or not parts.path.startswith("/") or "/" in suffix or not name.strip():
        raise foreign_place(source, "model_id")
    if slash:
        if not suffix.strip():
            raise foreign_place(source, "model_id")
        if suffix.isdigit():
            return ModelPlace(name=name, version=suffix)
        return ModelPlace(name=name, stage="" if suffix.lower() == "latest" else suffix)
    named, at, alias = name.rpartition("@")
    if not at:
        return ModelPlace(model_id=name)
    if not alias.strip():
        raise foreign_place(source, "model_id")
    return ModelPlace(name=named, alias=alias)


def check_place(source: str, field: str, identity: str, root: Callable[[], str]) -> None:
    """Refuse a place that lies elsewhere than what `identity`, the value of `field`, stored below `root()`.

    `field` is `run_id` or `model_id`; `root` gives where the run or logged model stores, empty where it is unknown.
    """
    parts = split_place(source)
    if is_local(parts):
        if not (identity and _holds_local(root(), source)):
            raise refused_place(source, f"A local path must lie within the artifacts of the {field}.")
        return
    _check_absolute(source)
    if parts.scheme in {"runs", "models"} and parts.netloc:
        raise foreign_place(source, field)
    if parts.scheme == "runs" and not (field == "run_id" and identity and parts.path.split("/")[1] == identity):
        raise foreign_place(source, field)
    if parts.scheme == "models":
        model = model_place(source).model_id
        if model and not (field == "model_id" and model == identity):
            raise foreign_place(source, "model_id")
    if _is_artifact(source) and not (identity and _holds(root(), source)):
        raise foreign_place(source, field)


def _check_absolute(source: str) -> None:
    """Refuse a place whose path is not written out, however it is escaped."""
    plain = _unquoted(source, unquote_plus)
    path = re.sub(r"/+", "/", urlsplit(plain).path.rstrip("/"))
    if "\x00" in path or ".." in plain.split("/") or not path.startswith("/") or posixpath.normpath(path) != path:
        raise refused_place(source, "Its path must be absolute, without relative references.")


def _holds_local(root: str, source: str) -> bool:
    if not root or not is_local(urlsplit(root)):
        return False
    above, place = _local_path(root), _local_path(source)
    return place == above or place.startswith(above.rstrip("/") + "/")


def _local_path(uri: str) -> str:
    path = urlsplit(uri).path if uri.startswith("file:") else uri
    return posixpath.normpath(url2pathname(path))


def _holds(root: str, source: str) -> bool:
    """Say whether a place lies below a root: same scheme and host, and its path begins with the root's."""
    above, place = _parts(root), _parts(source)
    return bool(above[2]) and above[:2] == place[:2] and place[2][: len(above[2])] == above[2]


def _is_artifact(source: str) -> bool:
    scheme, _, parts = _parts(source)
    if scheme == "mlflow-artifacts":
        return True
    length = len(_ARTIFACTS)
    return scheme in {"http", "https"} and any(
        parts[place : place + length] == _ARTIFACTS for place in range(len(parts) - length + 1)
    )


def _parts(uri: str) -> tuple[str, str, tuple[str, ...]]:
    split = urlsplit(uri)
    path = tuple(_unquoted(part, unquote) for part in split.path.split("/") if part)
    return split.scheme.lower(), split.netloc.lower(), path


def _unquoted(text: str, once: Callable[[str], str]) -> str:
    while (plain := once(text)) != text:
        text = plain
    return text
