"""Content-addressed blobs: bytes under their own SHA-256, written once (design.md §6, Artifacts)."""

from __future__ import annotations

import hashlib
import re
import uuid
from pathlib import Path

from trivium.facts.problem import refuse, shown
from trivium.facts.syncing import sync

_NAME = re.compile(r"[0-9a-f]{64}")


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
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        aside = path.with_name(f".{uuid.uuid4().hex}")
        try:
            aside.write_bytes(content)
            sync(aside)
            aside.rename(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        sync(path.parent)
        return name

    def sweep(self) -> int:
        """Remove what a kill left half written, and say how many; call it once at start, while nobody else writes."""
        left = list(self._folder.glob("sha256/*/.*"))
        for path in left:
            path.unlink()
        return len(left)

    def get(self, name: str) -> bytes:
        """Read bytes back; a blob that is missing or changed is refused with a sentence."""
        if not _NAME.fullmatch(name):
            raise refuse("bad_blob", f"{shown(name)} is no SHA-256.", where="blob")
        path = self._path(name)
        if not path.exists():
            raise refuse(
                "blob_missing", f"The blob {name} is missing from the home.", status=500, fix="Restore a backup."
            )
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise refuse("blob_changed", f"The blob {name} was changed on disk.", status=500, fix="Restore a backup.")
        return content

    def _path(self, name: str) -> Path:
        return self._folder / "sha256" / name[:2] / name[2:]
