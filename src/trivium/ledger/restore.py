"""A home out of one file: what a backup holds, checked to the last byte before it is called restored."""

from __future__ import annotations

import os
import shutil
import uuid
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.facts.syncing import sync
from trivium.ledger.backup import CHECKPOINT, FOLDERS, FORMAT, LEDGER, MANIFEST, SETTINGS, Manifest, Member, chunks
from trivium.ledger.verify import verify

_MANIFEST_MAX: Final = 256 * 1024 * 1024


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore made and verified."""

    home: str
    files: int
    home_id: str
    sequence: int
    root: str
    recorded_at: Instant


def restore(file: Path, home: Path) -> Restored:
    """Unpack a backup into a home that is absent or an empty folder; it appears there only once it has verified.

    Refuses an archive that is damaged, holds names that lead elsewhere, or whose facts do not verify against the
    archive's own checkpoint.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        title = f"The home {str(home)!r} is not empty; nothing is overwritten."
        raise refuse("not_empty", title, status=409, where="home", fix="Name an absent or empty folder.")
    place = home.resolve()
    if place.is_mount():
        title = f"{str(home)!r} is where a disk is mounted; a home is put in place by a rename, which that forbids."
        raise refuse("bad_place", title, status=409, where="home", fix="Name a folder below it.")
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    aside.mkdir(mode=0o700)
    try:
        manifest = _unpack(file, aside)
        _verify(aside, manifest)
        _sync_folders(aside)
        aside.rename(place)
        sync(place.parent)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    taken = manifest.checkpoint
    return Restored(
        home=str(home),
        files=len(manifest.files),
        home_id=taken.home_id,
        sequence=taken.sequence,
        root=taken.root,
        recorded_at=taken.recorded_at,
    )


def _unpack(file: Path, aside: Path) -> Manifest:
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive)
            for member in manifest.files:
                _extract(archive, member, aside)
    except FileNotFoundError:
        raise refuse("no_file", f"There is no file {str(file)!r}.", status=404, where="file") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as fault:
        raise _damaged(f"The backup {str(file)!r} cannot be read: {fault}.") from fault
    return manifest


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    """Read the list of files, and refuse it before anything is written if it names what it must not."""
    if archive.getinfo(MANIFEST).file_size > _MANIFEST_MAX:
        raise _damaged(f"{MANIFEST} is larger than {_MANIFEST_MAX} bytes.")
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except msgspec.DecodeError as fault:
        raise _damaged(f"{MANIFEST} is not what a backup writes: {fault}.") from fault
    if manifest.format != FORMAT:
        raise _damaged(f"The backup has format {manifest.format}; this version reads {FORMAT}.")
    names = [member.name for member in manifest.files]
    if sorted([*names, MANIFEST]) != sorted(archive.namelist()) or len(set(names)) != len(names):
        raise _damaged(f"The archive does not hold exactly the files that {MANIFEST} lists.")
    for name in names:
        _check_name(name)
    if LEDGER not in names:
        raise _damaged(f"The archive holds no {LEDGER}.")
    return manifest


def _check_name(name: str) -> None:
    """Take only plain names below the home's own folders."""
    path = PurePosixPath(name)
    plain = str(path) == name and not path.is_absolute() and not {"..", "."} & set(path.parts)
    plain = plain and "\\" not in name and "\x00" not in name
    placed = name in (LEDGER, CHECKPOINT, SETTINGS) or (len(path.parts) > 1 and path.parts[0] in FOLDERS)
    if not (plain and placed):
        raise _damaged(f"The archive holds a file {shown(name)}, which is no place in a home.")


def _extract(archive: zipfile.ZipFile, member: Member, aside: Path) -> None:
    """Write one file, hashing on the way; never more bytes than the list says."""
    target = aside / member.name
    assert target.resolve().is_relative_to(aside.resolve()), "a checked name stays below the home"
    target.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    digest, size = sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with archive.open(member.name) as source, os.fdopen(handle, "wb") as stream:
        for chunk in chunks(source):
            size += len(chunk)
            if size > member.bytes:
                break
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if size != member.bytes or digest.hexdigest() != member.sha256:
        raise _damaged(f"The file {shown(member.name)} in the backup is not the one that was backed up.")


def _verify(aside: Path, manifest: Manifest) -> None:
    """Hash every fact again, against the checkpoint that the backup took."""
    file = aside / CHECKPOINT
    file.write_bytes(msgspec.json.encode(manifest.checkpoint))
    found = verify(aside, file)
    file.unlink()
    if not found.ok:
        raise _damaged(f"The backup's ledger does not verify: {found.problems[0]}")


def _sync_folders(aside: Path) -> None:
    for folder in [path for path in aside.rglob("*") if path.is_dir()]:
        sync(folder)
    sync(aside)


def _damaged(title: str) -> ProblemError:
    return refuse("damaged", title, status=422, where="file", fix="Use another backup.")
