"""A checkpoint: the size and root of the tree at one moment, to be kept where the home's owner cannot change it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.problem import refuse
from trivium.facts.syncing import sync
from trivium.ledger.verify import verify


class Checkpoint(msgspec.Struct, frozen=True):
    """What a ledger was at one moment; `root` is the Merkle root over its first `sequence` facts, in hexadecimal."""

    home_id: str
    sequence: int
    root: str
    recorded_at: Instant


def take_checkpoint(home: Path) -> Checkpoint:
    """Read every fact back, hash it again and, if all is as recorded, give the checkpoint; refuses (409) otherwise."""
    found = verify(home)
    if not found.ok:
        title = f"No checkpoint is made of a ledger that does not verify: {found.problems[0]}"
        raise refuse("damaged", title, status=409, where="ledger.db", fix="Run `trivium ledger verify`.")
    assert len(found.root) == 64, "a root is a SHA-256 in hexadecimal"
    return Checkpoint(found.home_id, found.sequence, found.root, found.recorded_at)


def write_checkpoint(home: Path, file: Path) -> Checkpoint:
    """Take a checkpoint into a file outside the home, whole or not at all."""
    if file.resolve().is_relative_to(home.resolve()):
        title = f"The checkpoint {str(file)!r} would stand in the home that it is to witness."
        raise refuse("bad_place", title, where="file", fix="Name a file outside the home, best on another machine.")
    checkpoint = take_checkpoint(home)
    save_checkpoint(checkpoint, file)
    return checkpoint


def save_checkpoint(checkpoint: Checkpoint, file: Path) -> None:
    """Write a checkpoint's JSON, synced, then renamed into place."""
    part = file.with_name(f"{file.name}.part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(checkpoint)) + b"\n")
    sync(part)
    part.rename(file)
    sync(file.parent)
