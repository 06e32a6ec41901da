"""Artifacts: stored at a path, and removed from it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.keys import AssetKey, run_key
from trivium.facts.tracking import ArtifactsRemoved, ArtifactStored, Change
from trivium.intake.mlflow.checks import invalid
from trivium.ledger.direct import fetch
from trivium.mlops.artifacts.reading import bounds_of, is_folder
from trivium.mlops.changing import DEFAULT_EXPERIMENT, Decision, experiment_key

REMOVED_TOGETHER: Final = 1_000
"""Paths that one fact removes at most."""
_FILES = text("SELECT path FROM tracking_artifacts WHERE path IN (SELECT value FROM json_each(:paths)) LIMIT 1")
_BELOW = text("SELECT path FROM tracking_artifacts WHERE path = :path OR (path >= :first AND path < :last)")
_RUN = text("SELECT 1 FROM tracking_runs WHERE id = :run")
_EXPERIMENT = text("SELECT experiment, name FROM tracking_experiments WHERE experiment = :number")


class StoreArtifact(Decision):
    """Lets an artifact stand at a path: a blob that is in its place, durably, with its size in bytes."""

    def __init__(self, path: str, blob: str, size: int) -> None:
        super().__init__()
        self._stored = ArtifactStored(path=path, blob=blob, bytes=size)

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a file where a folder is, and below a file."""
        path = self._stored.path
        folders = list(accumulate(path.split("/")[:-1], lambda above, part: f"{above}/{part}"))
        files = fetch(connection, _FILES, paths=_listed(folders)) if folders else []
        if files:
            raise invalid(f"'{files[0][0]}' is an artifact, so nothing can stand below it.", where="path")
        if is_folder(connection, path):
            raise invalid(f"'{path}' is a directory of artifacts, not a file.", where="path")
        return [(subject_of(connection, path), self._stored)]


class RemoveArtifacts(Decision):
    """Removes the artifact at a path, and those below it; where there is none it changes nothing."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Name all that is removed."""
        first, last = bounds_of(self._path)
        found = [row[0] for row in fetch(connection, _BELOW, path=self._path, first=first, last=last)]
        subject = subject_of(connection, self._path)
        return [
            (subject, ArtifactsRemoved(paths=tuple(found[start : start + REMOVED_TOGETHER])))
            for start in range(0, len(found), REMOVED_TOGETHER)
        ]


def subject_of(connection: Connection, path: str) -> str:
    """Say whose artifact stands at a path: a run's, a logged model's, or else an experiment's."""
    experiment, _, rest = path.partition("/")
    owner, _, rest = rest.partition("/")
    if owner == "models" and rest:
        return str(AssetKey("model", rest.partition("/")[0]))
    if owner and fetch(connection, _RUN, run=owner):
        return run_key(owner)
    number = int(experiment) if experiment.isascii() and experiment.isdigit() and len(experiment) < 10 else 0
    rows = fetch(connection, _EXPERIMENT, number=number)
    return experiment_key(*rows[0]) if rows else DEFAULT_EXPERIMENT


def _listed(texts: Sequence[str]) -> str:
    return msgspec.json.encode(texts).decode()
