"""Which artifacts does a run have?"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.ledger.direct import fetch

SCHEME: Final = "mlflow-artifacts:/"
_BELOW: Final = "FROM tracking_artifacts WHERE path >= :first AND path < :last"
_LISTED = text(f"SELECT path, bytes {_BELOW} ORDER BY path LIMIT :limit")
_COUNTED = text(f"SELECT count(*), coalesce(sum(bytes), 0) {_BELOW}")


class Artifact(msgspec.Struct, frozen=True):
    """A file: its path below the run's own place, and its size."""

    path: str
    bytes: int


class Artifacts(msgspec.Struct, frozen=True):
    """The first files of a run by path, how many there are, and how large they are together."""

    files: tuple[Artifact, ...] = ()
    count: int = 0
    bytes: int = 0


def artifacts_below(connection: Connection, uri: str, limit: int) -> Artifacts:
    """List what stands below an artifact URI; nothing where it lies with somebody else."""
    if not uri.startswith(SCHEME):
        return Artifacts()
    place = uri.removeprefix(SCHEME).strip("/") + "/"
    asked = {"first": place, "last": place[:-1] + "0"}
    rows = fetch(connection, _LISTED, limit=limit, **asked)
    ((count, size),) = fetch(connection, _COUNTED, **asked)
    return Artifacts(tuple(Artifact(path[len(place) :], of) for path, of in rows), count, size)
