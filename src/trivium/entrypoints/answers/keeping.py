"""What a checkpoint, a backup and a restore did: answers of commands that work on files only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.ledger_verify import no_ledger
from trivium.entrypoints.answers.terms import words, written
from trivium.facts.instants import Instant
from trivium.facts.problem import refuse, shown
from trivium.ledger.backup import backup
from trivium.ledger.checkpoint import write_checkpoint
from trivium.ledger.restore import restore

Root = Annotated[str, Meta(description="The Merkle root over all facts, hexadecimal.")]
HomeId = Annotated[str, Meta(description="The id of the home.")]
Newest = Annotated[int, Meta(description="The sequence of the newest fact; 0 when there is none.")]
Recorded = Annotated[
    str | None,
    Meta(
        description="When the newest fact was recorded; null when there is none.",
        extra=words(absent="there is no fact yet"),
    ),
]


class CheckpointAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that was written."""

    file: Annotated[str, Meta(description="The file; keep it where the home's owner cannot change it.")]
    home_id: HomeId
    sequence: Newest
    root: Root
    recorded_at: Recorded


class BackupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was written."""

    file: Annotated[str, Meta(description="The archive.")]
    checkpoint_file: Annotated[str, Meta(description="The checkpoint beside it, to be kept apart.")]
    bytes: Annotated[int, Meta(description="The archive's size in bytes.")]
    files: Annotated[int, Meta(description="How many files it holds.")]
    home_id: HomeId
    sequence: Newest
    root: Root
    recorded_at: Recorded


class RestoreAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A home that was made out of a backup and verified."""

    home: Annotated[str, Meta(description="The home.")]
    files: Annotated[int, Meta(description="How many files were written.")]
    home_id: HomeId
    sequence: Newest
    root: Root
    recorded_at: Recorded


def take_checkpoint(home: Path, file: Path) -> CheckpointAnswer:
    """Write a checkpoint of a home into a file outside it."""
    if not file.parent.is_dir():
        title = f"There is no folder {shown(str(file.parent))}."
        raise refuse("no_folder", title, status=404, where=str(file), fix="Make the folder first, or name another.")
    try:
        made = write_checkpoint(home, file)
    except FileNotFoundError as fault:
        raise no_ledger(home, fault) from fault
    return CheckpointAnswer(
        file=str(file), home_id=made.home_id, sequence=made.sequence, root=made.root,
        recorded_at=_recorded(made.sequence, made.recorded_at),
    )  # fmt: skip


def take_backup(home: Path, file: Path) -> BackupAnswer:
    """Write a home into one file, while a server may be writing to it."""
    try:
        made = backup(home, file)
    except FileNotFoundError as fault:
        raise no_ledger(home, fault) from fault
    return BackupAnswer(
        file=made.file, checkpoint_file=made.checkpoint_file, bytes=made.bytes, files=made.files,
        home_id=made.home_id, sequence=made.sequence, root=made.root,
        recorded_at=_recorded(made.sequence, made.recorded_at),
    )  # fmt: skip


def bring_back(file: Path, home: Path) -> RestoreAnswer:
    """Make a home out of a backup; it appears only once it has verified."""
    try:
        made = restore(file, home)
    except FileNotFoundError as fault:
        raise no_ledger(file, fault) from fault
    return RestoreAnswer(
        home=made.home, files=made.files, home_id=made.home_id, sequence=made.sequence, root=made.root,
        recorded_at=_recorded(made.sequence, made.recorded_at),
    )  # fmt: skip


def _recorded(sequence: int, at: Instant) -> str | None:
    """Write when the newest fact was recorded; an empty ledger has none."""
    return written(at) if sequence else None
