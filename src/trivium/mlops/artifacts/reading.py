"""What stands at a path, what stands in a folder, and which blobs the facts name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.tracking import ArtifactStored, decode_change
from trivium.intake.mlflow.checks import absent, invalid
from trivium.ledger.direct import fetch

_ONE = text("SELECT path, blob, bytes FROM tracking_artifacts WHERE path = :path")
_ANY_BELOW = text("SELECT 1 FROM tracking_artifacts WHERE path >= :first AND path < :last LIMIT 1")
_SLASH: Final = "instr(substr(step.path, :length + 1), '/')"
_ENTRIES = text(
    "WITH RECURSIVE step(path) AS (SELECT min(path) FROM tracking_artifacts WHERE path >= :first AND path < :last"
    " UNION ALL SELECT (SELECT min(t.path) FROM tracking_artifacts t WHERE t.path < :last AND t.path >="
    f" iif({_SLASH}, substr(step.path, 1, :length + {_SLASH} - 1) || '0', step.path || char(1)))"
    " FROM step WHERE path IS NOT NULL)"
    f" SELECT iif({_SLASH}, substr(path, :length + 1, {_SLASH} - 1), substr(path, :length + 1)) AS name,"
    f" iif({_SLASH}, NULL, (SELECT t.bytes FROM tracking_artifacts t WHERE t.path = step.path))"
    " FROM step WHERE path IS NOT NULL ORDER BY name"
)
"""One seek for each entry, however much stands below it: from a file to what follows, from a folder to after it."""
_BLOBS = text("SELECT DISTINCT blob, bytes FROM tracking_artifacts ORDER BY blob")
_PAGE: Final = 5_000
_AFTER_SLASH: Final = chr(ord("/") + 1)
_LAST: Final = "\U0010ffff"

Pages = Callable[[int, int, Collection[Kind]], Sequence[RecordedFact]]
"""Reads facts: after a sequence, so many at most, of some kinds."""


class StoredArtifact(msgspec.Struct, frozen=True):
    """An artifact: its path, the SHA-256 of its content, its size."""

    path: str
    blob: str
    bytes: int


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands in a folder, as MLflow tells it: a folder has no size, and neither has an empty file."""

    path: str
    is_dir: bool
    file_size: int = 0


def bounds_of(folder: str) -> tuple[str, str]:
    """Give the bounds of the paths below a folder; empty is the place of all."""
    return (f"{folder}/", f"{folder}{_AFTER_SLASH}") if folder else ("", _LAST)


def is_folder(connection: Connection, path: str) -> bool:
    """Say whether anything stands below a path."""
    first, last = bounds_of(path)
    return bool(fetch(connection, _ANY_BELOW, first=first, last=last))


def find_artifact(connection: Connection, path: str) -> StoredArtifact:
    """Find the artifact at a path; refuses a folder, and a path at which nothing stands."""
    rows = fetch(connection, _ONE, path=path)
    if rows:
        return StoredArtifact(*rows[0])
    if is_folder(connection, path):
        title = f"Artifact path refers to a directory, not a file: '{path}'"
        raise invalid(title, where="path", fix="Ask for a file in it.")
    raise absent(f"No such artifact: '{path}'", where="path")


def entries(connection: Connection, folder: str, named: str = "") -> list[Entry]:
    """List what stands in a folder, in order of name; each is told below `named`. Nothing for a file."""
    first, last = bounds_of(folder)
    rows = fetch(connection, _ENTRIES, first=first, last=last, length=len(first))
    above = f"{named.rstrip('/')}/" if named else ""
    return [Entry(above + name, size is None, size or 0) for name, size in rows]


def standing_blobs(connection: Connection) -> list[tuple[str, int]]:
    """List the blobs of all artifacts that stand, each with its size."""
    return [(blob, size) for blob, size in fetch(connection, _BLOBS)]


def blobs_named(read: Pages, blobs: Collection[str]) -> set[str]:
    """Say which of some blobs are named by a fact, also of an artifact that was removed or replaced."""
    return {change.blob for change in _stored(read) if change.blob in blobs}


def _stored(read: Pages) -> Iterator[ArtifactStored]:
    after = 0
    while page := read(after, _PAGE, frozenset({Kind.ARTIFACT_STORED})):
        for recorded in page:
            change = decode_change(recorded.fact.body)
            assert isinstance(change, ArtifactStored)
            yield change
        after = page[-1].sequence
