"""A home in one file: a consistent copy of the ledger, the files that belong to it, and a checkpoint."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import uuid
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.problem import refuse
from trivium.facts.syncing import sync
from trivium.ledger.checkpoint import Checkpoint, save_checkpoint, take_checkpoint
from trivium.ledger.sqlite import SQLiteStorage

FORMAT: Final = 1
MANIFEST: Final = "MANIFEST.json"
CHECKPOINT: Final = "checkpoint.json"
LEDGER: Final = "ledger.db"
FOLDERS: Final = ("lake", "blobs")
SETTINGS: Final = "trivium.toml"
_PASSING: Final = frozenset({"staging", "scratch"})
_CHUNK: Final = 1 << 20
_NAMED: Final = (
    ("lake_files", "SELECT 'lake/' || path, sha256 FROM lake_files ORDER BY path", "The lake's file"),
    (
        "tracking_artifacts",
        "SELECT DISTINCT 'blobs/sha256/' || substr(blob, 1, 2) || '/' || substr(blob, 3), blob FROM tracking_artifacts",
        "An artifact's content",
    ),
)
"""Tables of the snapshot that name files, how they name them with their SHA-256, and what those are."""


class Member(msgspec.Struct, frozen=True):
    """One file of the archive."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds: `MANIFEST.json`, its last member."""

    format: int
    checkpoint: Checkpoint
    files: tuple[Member, ...]


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup wrote. `checkpoint_file` stands beside the archive, to be kept apart from it."""

    file: str
    checkpoint_file: str
    bytes: int
    files: int
    home_id: str
    sequence: int
    root: str
    recorded_at: Instant


def backup(home: Path, file: Path) -> Backup:
    """Write a home into one new zip archive while a server may be writing to it; whole or not at all.

    The ledger's copy is one snapshot, read back and hashed again before the archive is called good; every file that
    the lake's manifest names in it, and every artifact's blob, must be there with its hash. Refuses an existing file,
    a place inside the home, and a home that does not verify.
    """
    _check_place(home, file)
    aside = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    aside.mkdir(mode=0o700)
    try:
        checkpoint = _copy_ledger(home, aside)
        part = aside / "archive"
        part.touch(mode=0o600)
        count = _write(home, aside, part, checkpoint)
        sync(part)
        size = part.stat().st_size
        part.rename(file)
        sync(file.parent)
    finally:
        shutil.rmtree(aside)
    checkpoint_file = file.with_name(f"{file.name}.checkpoint.json")
    save_checkpoint(checkpoint, checkpoint_file)
    return Backup(
        file=str(file),
        checkpoint_file=str(checkpoint_file),
        bytes=size,
        files=count,
        home_id=checkpoint.home_id,
        sequence=checkpoint.sequence,
        root=checkpoint.root,
        recorded_at=checkpoint.recorded_at,
    )


def _check_place(home: Path, file: Path) -> None:
    if not (home / LEDGER).is_file():
        raise refuse("no_home", f"There is no ledger in {str(home)!r}.", status=404, where="home")
    if file.exists():
        fix = "Name a new file."
        raise refuse("exists", f"{str(file)!r} is there already.", status=409, where="file", fix=fix)
    if not file.parent.is_dir():
        raise refuse("no_folder", f"There is no folder {str(file.parent)!r}.", status=404, where="file")
    if file.resolve().is_relative_to(home.resolve()):
        title = f"The backup {str(file)!r} would stand in the home that it backs up."
        raise refuse("bad_place", title, where="file", fix="Name a file outside the home, best on another disk.")


def _copy_ledger(home: Path, aside: Path) -> Checkpoint:
    """Copy the database, then verify the copy: the checkpoint is of what the archive holds."""
    storage = SQLiteStorage(home / LEDGER)
    try:
        storage.copy(aside / LEDGER)
    finally:
        storage.close()
    return take_checkpoint(aside)


def _write(home: Path, aside: Path, part: Path, checkpoint: Checkpoint) -> int:
    """Write the archive's members; gives how many."""
    save_checkpoint(checkpoint, aside / CHECKPOINT)
    sources = [(CHECKPOINT, aside / CHECKPOINT), (LEDGER, aside / LEDGER), *_files(home)]
    with zipfile.ZipFile(part, "w", compresslevel=1) as archive:
        members = [_add(archive, name, source) for name, source in sources]
        assert len({member.name for member in members}) == len(members), "every file stands in the archive once"
        _check_files(aside / LEDGER, {member.name: member.sha256 for member in members})
        manifest = msgspec.json.encode(Manifest(FORMAT, checkpoint, tuple(members)))
        archive.writestr(MANIFEST, msgspec.json.format(manifest), zipfile.ZIP_DEFLATED)
    return len(members) + 1


def _files(home: Path) -> Iterator[tuple[str, Path]]:
    """List the home's immutable files as they are now, after the snapshot; what is still being made is left out."""
    if (home / SETTINGS).is_file():
        yield SETTINGS, home / SETTINGS
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            parts = path.relative_to(home).parts
            passing = parts[1] in _PASSING or any(part.startswith(".") for part in parts)
            if path.is_file() and not path.is_symlink() and not passing:
                yield str(PurePosixPath(*parts)), path


def _add(archive: zipfile.ZipFile, name: str, source: Path) -> Member:
    """Stream one file into the archive, hashing on the way; Parquet and blobs are packed already."""
    packed = name not in (LEDGER, CHECKPOINT, SETTINGS)
    archive.compression = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    digest, size = sha256(), 0
    with source.open("rb") as stream, archive.open(name, "w", force_zip64=True) as target:
        for chunk in chunks(stream):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return Member(name, size, digest.hexdigest())


def _check_files(ledger: Path, hashes: dict[str, str]) -> None:
    """Require every file that the snapshot's lake and artifacts name, with the hash that it was given."""
    with contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro&immutable=1", uri=True)) as connection:
        for table, query, what in _NAMED:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is None:
                continue
            for name, expected in connection.execute(query):
                if hashes.get(name) != expected:
                    title = f"{what} {name!r}, which the ledger names, is missing or is not as it came in."
                    fix = "Restore that file from an earlier backup."
                    raise refuse("damaged", title, status=409, where=name.partition("/")[0], fix=fix)


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a stream in pieces of 1 MiB."""
    while chunk := stream.read(_CHUNK):
        yield chunk
