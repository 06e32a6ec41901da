"""What became of training rows that predictions shall be compared with?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import AssetText, words
from trivium.facts.keys import parse
from trivium.facts.kinds import Kind
from trivium.facts.problem import refuse, shown

if TYPE_CHECKING:
    from trivium.intake.files.child import Progress


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """Which version was trained on the rows."""

    version: Annotated[
        str, Meta(description="The model version: NAME/VERSION, or model:NAME/VERSION.", extra={"required": True})
    ] = ""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    name: Annotated[str, Meta(description="The file's name.")]
    sha256: Annotated[str, Meta(description="The SHA-256 of its content.")]
    bytes: Annotated[int, Meta(description="Its size in bytes.")]
    format: Annotated[str, Meta(description="csv, csv.gz, parquet, jsonl or jsonl.gz.")]
    rows: Annotated[int, Meta(description="Its rows.")]
    refused: Annotated[int, Meta(description="Rows that could not be read.")]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the kept profile."""

    column: Annotated[str, Meta(description="The column.")]
    shape: Annotated[str, Meta(description="number, category, time, empty, or other.")]
    missing: Annotated[float, Meta(description="The share of rows without a value, 0 to 1.")]
    points: Annotated[int, Meta(description="Numbers kept of its distribution, each standing for at least ten rows.")]
    values: Annotated[int, Meta(description="Values kept with their counts: those of at least ten rows.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The reference of a version: no row of it is kept, only the profile."""

    asset: AssetText
    rows: Annotated[int, Meta(description="Rows that were profiled.")]
    files: Annotated[tuple[File, ...], Meta(description="The files.")]
    columns: Annotated[tuple[Kept, ...], Meta(description="The columns, by name.", extra=words(absent="none"))]
    sequence: Annotated[int, Meta(description="The fact that keeps the profile.")]
    already_known: Annotated[
        bool, Meta(description="Whether the same files were its reference already: nothing was written.")
    ]


def ask(
    rooms: Rooms, params: Params, paths: Sequence[Path], names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Answer:  # fmt: skip
    """Profile files of training rows, keep the profile, and report."""
    from trivium.mlops.drift.reference import is_reference, read_reference, reference_fact

    version = _version(params.version)
    found = read_reference(version, paths, names, progress)
    newest = next(iter(rooms.ledger.read(0, 1, {Kind.REFERENCE_PROFILED}, version, newest_first=True)), None)
    known = newest if newest is not None and is_reference(found, newest) else None
    sequence = known.sequence if known else rooms.ledger.append([reference_fact(found, newest)])[0].sequence
    return Answer(
        asset=version,
        rows=found.profile.rows,
        files=tuple(File(**msgspec.structs.asdict(one)) for one in found.files),
        columns=tuple(
            Kept(
                column=one.name,
                shape=one.shape,
                missing=one.missing_share,
                points=len(one.ranks.values) if one.ranks else 0,
                values=len(one.categories.counts) if one.categories else 0,
            )
            for one in found.profile.columns
        ),
        sequence=sequence,
        already_known=known is not None,
    )


def _version(text: str) -> str:
    """Read the version; refuses (422) what names none."""
    named = text if text.startswith("model:") else f"model:{text}"
    fix = "Give --version NAME/VERSION."
    if not text:
        raise refuse("no_version", "No model version was given.", where="version", fix=fix)
    if not parse(named).version:
        raise refuse("no_version", f"{shown(text)} is no model version.", where="version", fix=fix)
    return named
