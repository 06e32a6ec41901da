"""Are the facts the ones that were recorded?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms, Verified
from trivium.entrypoints.answers.terms import words
from trivium.facts.instants import format_instant, now
from trivium.facts.problem import refuse, shown
from trivium.ledger.verify import verify


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the ledger is whole."""

    ok: Annotated[bool, Meta(description="Whether no changed, dropped or swapped fact was found.")]
    home_id: Annotated[str, Meta(description="The id of the home.")]
    sequence: Annotated[int, Meta(description="How many facts were read.")]
    root: Annotated[str, Meta(description="The Merkle root over them (RFC 6962, SHA-256, hexadecimal).")]
    recorded_at: Annotated[
        str | None,
        Meta(
            description="When the newest was recorded; null when there is none.",
            extra=words(absent="there is no fact yet"),
        ),
    ]
    problems: Annotated[tuple[str, ...], Meta(description="What is wrong, a sentence each.")]
    not_excluded: Annotated[tuple[str, ...], Meta(description="What this check cannot exclude.")]


def ask(rooms: Rooms, params: Params) -> Answer:  # noqa: ARG001 - all questions are asked alike
    """Hash every fact of the open home again."""
    answer = of(rooms.home)
    rooms.verified.last = Verified(sequence=answer.sequence, whole=answer.ok, at=now())
    return answer


def of(home: Path, checkpoint: Path | None = None) -> Answer:
    """Hash every fact of a home's files again, and compare with a checkpoint that was kept elsewhere."""
    try:
        found = verify(home, checkpoint)
    except FileNotFoundError as fault:
        if checkpoint is not None and fault.filename and Path(fault.filename) == checkpoint:
            raise _bad_checkpoint(f"{shown(str(checkpoint))} does not exist.", 404) from fault
        raise no_ledger(home, fault) from fault
    except (ValueError, OSError) as fault:
        raise _bad_checkpoint(f"{shown(str(checkpoint))} is no checkpoint, or cannot be read.", 422) from fault
    return Answer(
        ok=found.ok,
        home_id=found.home_id,
        sequence=found.sequence,
        root=found.root,
        recorded_at=format_instant(found.recorded_at) if found.sequence else None,
        problems=found.problems,
        not_excluded=found.not_excluded,
    )


def _bad_checkpoint(title: str, status: int) -> Exception:
    fix = "Name a file that `trivium ledger checkpoint` or `trivium backup` wrote."
    return refuse("bad_checkpoint", title, status=status, where="--checkpoint", fix=fix)


def no_ledger(home: Path, fault: FileNotFoundError) -> Exception:
    """Say that a home, or a checkpoint, is not there."""
    missing = fault.filename or home
    title = f"{str(missing)!r} does not exist."
    return refuse("no_ledger", title, status=404, where=str(home), fix="Name a home that holds a ledger with --home.")
