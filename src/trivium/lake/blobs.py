"""Content-addressed blobs: bytes under their own SHA-256, written once (design.md §6, Artifacts)."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import IO

from trivium.facts.problem import ProblemError, refuse, shown
from trivium.facts.syncing import sync

_NAME = re.compile(r"[0-9a-f]{64}")
Known = Callable[[Collection[str]], Collection[str]]
"""Says which of some blobs a fact names."""


class Incoming:
    """One blob on its way in, of any size: written aside and hashed as it comes, then published under its hash.

    Before it is published, an empty file of its name is synced beside it, the intent: a crash between the move and the
    ledger's commit leaves a blob that the next start finds by the intent, and removes when no fact names it.
    Publish it, append the fact that names it, settle it; or discard it.
    """

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._blobs = folder
        self._staging = folder / "staging"
        _make(self._staging)
        self._aside = self._staging / uuid.uuid4().hex
        self._intent: Path | None = None
        self._digest = hashlib.sha256()
        self._file = self._aside.open("xb", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        left = memoryview(chunk)
        while left:
            left = left[self._file.write(left) :]
        self._digest.update(chunk)
        self.size += len(chunk)

    def publish(self) -> str:
        """Move what came to its place, durably, and give its SHA-256; what stood there had the same content."""
        os.fsync(self._file.fileno())
        self._file.close()
        name = self._digest.hexdigest()
        self._intent = self._staging / name
        self._intent.touch(mode=0o600)
        sync(self._staging)
        _move(self._aside, place(self._blobs, name))
        return name

    def settle(self) -> None:
        """Forget the intent, once a fact names the blob."""
        if self._intent is not None:
            self._intent.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove what came if it was not published; else a start removes it that finds no fact of its name."""
        self._file.close()
        self._aside.unlink(missing_ok=True)


class Blobs:
    """A folder of blobs, `sha256/ab/cdef…`. No client text ever becomes a path: names are digests of the content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Store bytes durably and give their SHA-256; bytes that are there already are not written again."""
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        if path.exists():
            return name
        _make(path.parent)
        aside = path.with_name(f".{uuid.uuid4().hex}")
        try:
            aside.write_bytes(content)
            sync(aside)
            _move(aside, path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        return name

    def receive(self) -> Incoming:
        """Begin to take a blob in."""
        return Incoming(self._folder)

    def sweep(self, known: Known) -> int:
        """Remove what a kill left, half written or published without a fact, and say how many files.

        Call it once at start, while nobody else writes; it makes the folders too. `known` is asked only about what was
        on its way.
        """
        for part in ("sha256", "staging"):
            _make(self._folder / part)
        left = list(self._folder.glob("sha256/*/.*"))
        staged = list((self._folder / "staging").glob("*"))
        intended = {path.name for path in staged if _NAME.fullmatch(path.name)}
        orphans = [path for name in intended.difference(known(intended) if intended else ())
                   if (path := self._path(name)).exists()]  # fmt: skip
        for path in (*left, *orphans):
            path.unlink()
        for folder in {path.parent for path in orphans}:
            sync(folder)
        for path in staged:
            path.unlink()
        return len(left) + len(orphans) + len(staged)

    def get(self, name: str) -> bytes:
        """Read bytes back; a blob that is missing or changed is refused with a sentence."""
        with self.open(name) as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != name:
            raise changed(name)
        return content

    def open(self, name: str) -> IO[bytes]:
        """Open a blob for reading; one that is missing is refused, one that is changed is for the reader to find."""
        if not _NAME.fullmatch(name):
            raise refuse("bad_blob", f"{shown(name)} is no SHA-256.", where="blob")
        try:
            return self._path(name).open("rb")
        except FileNotFoundError as fault:
            title = f"The blob {name} is missing from the home."
            raise refuse("blob_missing", title, status=500, fix="Restore a backup.") from fault

    def faults(self, named: Iterable[tuple[str, int]], *, hashes: bool = False) -> list[str]:
        """Say which of some blobs, each with its size, are missing, of another size or, with `hashes`, changed."""
        found = (_fault(self._path(name), name, size, hashes=hashes) for name, size in named)
        return [fault for fault in found if fault]

    def _path(self, name: str) -> Path:
        return place(self._folder, name)


def place(folder: Path, name: str) -> Path:
    """Say where a blob of a name stands below a folder of blobs."""
    return folder / "sha256" / name[:2] / name[2:]


def changed(name: str) -> ProblemError:
    """Make the refusal of a blob whose content is another than its name says."""
    return refuse("blob_changed", f"The blob {name} was changed on disk.", status=500, fix="Restore a backup.")


def _move(source: Path, target: Path) -> None:
    """Give a synced file its place, durably; its folder may be one that another thread has just made."""
    _make(target.parent)
    source.rename(target)
    sync(target.parent)
    sync(target.parent.parent)


def _make(folder: Path) -> None:
    """Make a folder and those above it, durably."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync(folder.parent)


def _fault(path: Path, name: str, size: int, *, hashes: bool) -> str:
    """Say what is wrong with a blob; nothing when it is as it was stored."""
    try:
        found = path.stat().st_size
        if found != size:
            return f"the blob {name} has {found} bytes instead of {size}"
        if hashes:
            with path.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != name:
                    return f"the blob {name} was changed"
    except OSError as fault:
        return f"the blob {name} cannot be read: {fault.strerror}"
    return ""
