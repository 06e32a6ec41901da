"""How files enter the lake: written aside, synced, renamed, and swept when the ledger never heard of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from trivium.facts.deliveries import LakeFile
from trivium.facts.syncing import sync

TABLES: Final = ("charges", "resources", "spans", "trace_contents", "predictions", "labels")
_INTENT: Final = "intent.json"
_CHUNK: Final = 1 << 20


class Stage:
    """One delivery's place below `staging/`: a reader writes Parquet here, `publish` moves it into the lake.

    Before a file is moved, its final name is written to `intent.json` and synced: a crash between the move and the
    ledger's commit leaves a file that the next start finds by the intent, and removes.
    """

    def __init__(self, lake: Path) -> None:
        self.token = uuid.uuid4().hex
        self.folder = lake / "staging" / self.token
        self.folder.mkdir(parents=True, mode=0o700)
        self.published = False
        self._lake = lake
        self._intended: set[str] = set()

    def path(self, table: str, number: int) -> Path:
        """Name the staged file of a table, one of TABLES."""
        return self.folder / f"{table}-{number}.parquet"

    def expect(self, table: str, count: int) -> None:
        """Say that files of a table will be published one after the other: one intent for the first `count` of them."""
        self._intend([self._final(table, self.path(table, number)) for number in range(count)])

    def publish(self, staged: Sequence[tuple[str, Path, int]]) -> tuple[LakeFile, ...]:
        """Sync and move (table, path, rows) into the lake; gives the files for the ledger's fact, with their hashes."""
        files = [
            LakeFile(
                path=self._final(table, path),
                table=table,
                rows=rows,
                bytes=path.stat().st_size,
                sha256=_synced_hash(path),
            )
            for table, path, rows in staged
        ]
        if not self._intended.issuperset(file.path for file in files):
            self._intend([file.path for file in files])
        made = [self._lake / file.path for file in files]
        for (_, source, _), target in zip(staged, made, strict=True):
            target.parent.mkdir(mode=0o700, exist_ok=True)
            source.rename(target)
        for folder in {path.parent for path in made}:
            sync(folder)
        if not self.published:
            sync(self._lake)
        self.published = True
        return tuple(files)

    def _final(self, table: str, path: Path) -> str:
        """Name a staged file as it will be called in the lake."""
        return f"{table}/{self.token}-{path.name}"

    def _intend(self, names: Sequence[str]) -> None:
        """Write down, durably, which files are going to be moved; an earlier intent is part of it."""
        self._intended.update(names)
        intent = self.folder / _INTENT
        intent.write_bytes(msgspec.json.encode(sorted(self._intended)))
        sync(intent)
        sync(self.folder)
        sync(self.folder.parent)

    def discard(self) -> None:
        """Remove the place and what is left in it; published files stay."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def withdraw(self, known: set[str]) -> list[str]:
        """Remove the place and the files published from it that are not `known` to the ledger; gives those removed."""
        return _withdraw(self._lake, self.folder, known)


def sweep(lake: Path, known: set[str]) -> list[str]:
    """Remove what unfinished deliveries left: staged files, and published ones that are not `known` to the ledger.

    Only files named by an intent are ever removed from the lake itself. Gives the paths removed there.
    """
    removed: list[str] = []
    for folder in sorted((lake / "staging").glob("*")):
        removed += _withdraw(lake, folder, known)
    return removed


def _withdraw(lake: Path, folder: Path, known: set[str]) -> list[str]:
    removed = []
    for path in _intended(folder):
        if path not in known and (lake / path).exists():
            (lake / path).unlink()
            removed.append(path)
    shutil.rmtree(folder, ignore_errors=True)
    return removed


def _intended(folder: Path) -> list[str]:
    """Read an intent; a torn one was never followed by a move, so it names nothing."""
    try:
        names = msgspec.json.decode((folder / _INTENT).read_bytes(), type=list[str])
    except (OSError, msgspec.DecodeError):
        return []
    return [name for name in names if name.count("/") == 1 and name.split("/")[0] in TABLES and ".." not in name]


def _synced_hash(path: Path) -> str:
    """Sync a file and give its SHA-256, read from the same descriptor."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        os.fsync(file.fileno())
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
