"""What became of a bill that was imported?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import words

if TYPE_CHECKING:
    from trivium.finops.imports import ImportReport, Progress

Add = Annotated[bool, Meta(description="Add the rows instead of replacing earlier ones of the same bill.")]

Name = Annotated[str, Meta(description="What the file is called; the name is part of what a later bill replaces.")]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    add: Add = False


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Rows with one fault in one column."""

    reason: Annotated[str, Meta(description="A stable word for the fault.")]
    column: Annotated[str, Meta(description="The column of FOCUS that it is in; empty for whole rows.")]
    outcome: Annotated[str, Meta(description="`refused`, `repaired`, or `noted` where nothing was changed.")]
    count: Annotated[int, Meta(description="How many rows have it.")]
    source: Annotated[str, Meta(description="The file.")]
    lines: Annotated[tuple[int, ...], Meta(description="The first lines that have it.")]
    example: Annotated[str, Meta(description="The value on one of them.")]
    done: Annotated[str, Meta(description="What was done.")]
    fix: Annotated[str, Meta(description="What to do about it.")]


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """Exact money in one currency."""

    currency: Annotated[str, Meta(description="The currency.")]
    billed_cost: Annotated[str, Meta(description="Σ BilledCost, exact decimal text.")]
    effective_cost: Annotated[str, Meta(description="Σ EffectiveCost, exact decimal text.")]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the import."""

    name: Annotated[str, Meta(description="The file's name.")]
    sha256: Annotated[str, Meta(description="The SHA-256 of its content.")]
    bytes: Annotated[int, Meta(description="Its size in bytes.")]
    format: Annotated[str, Meta(description="csv, csv.gz, parquet or jsonl.")]
    version: Annotated[str, Meta(description="The version of FOCUS that its columns are of.")]
    rows: Annotated[int, Meta(description="Its rows.")]
    imported: Annotated[int, Meta(description="Rows that were entered.")]
    refused: Annotated[int, Meta(description="Rows that were left out.")]
    repaired: Annotated[int, Meta(description="Rows in which anything was put right.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the bill."""

    rows: Annotated[int, Meta(description="Rows of the files.")]
    imported: Annotated[int, Meta(description="Rows newly entered; 0 when the content was imported before.")]
    refused: Annotated[int, Meta(description="Rows left out; `problems` says why.")]
    repaired: Annotated[int, Meta(description="Rows in which anything was put right; `problems` says what.")]
    billed_cost: Annotated[str, Meta(description="Σ BilledCost, exact; empty when there are several currencies.")]
    effective_cost: Annotated[str, Meta(description="Σ EffectiveCost, exact; empty when there are several currencies.")]
    currency: Annotated[str, Meta(description="The currency; empty when there are several.")]
    totals: Annotated[tuple[Sum, ...], Meta(description="The sums of each currency.")]
    problems: Annotated[tuple[Problem, ...], Meta(description="Why rows were refused, repaired or noted.")]
    replaced_rows: Annotated[int, Meta(description="Rows of earlier deliveries that this one replaced.")]
    replaced: Annotated[tuple[Sum, ...], Meta(description="Their money.")]
    sources: Annotated[tuple[Source, ...], Meta(description="The files.")]
    sequence: Annotated[
        int | None,
        Meta(
            description="The fact of this delivery; null when nothing was entered.",
            extra=words(absent="nothing was entered"),
        ),
    ]
    already_known: Annotated[bool, Meta(description="Whether the same content was imported before.")]


def ask(
    rooms: Rooms, params: Params, paths: Sequence[Path], names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Answer:  # fmt: skip
    """Import files as one delivery, and report; `names` stand for the names of the files."""
    from trivium.finops.imports import import_focus_files

    report = import_focus_files(
        paths, ledger=rooms.ledger, lake=rooms.lake, source_names=names, add=params.add, progress=progress
    )
    return _answer(report)


def _answer(report: ImportReport) -> Answer:
    return Answer(
        rows=report.rows,
        imported=report.imported,
        refused=report.refused,
        repaired=report.repaired,
        billed_cost=report.billed_cost,
        effective_cost=report.effective_cost,
        currency=report.currency,
        totals=_sums({name: (one.billed_cost, one.effective_cost) for name, one in report.totals.items()}),
        problems=tuple(msgspec.convert(msgspec.structs.asdict(one), Problem) for one in report.problems),
        replaced_rows=report.replaced.rows,
        replaced=_sums({name: (one.billed_cost, one.effective_cost) for name, one in report.replaced.totals.items()}),
        sources=tuple(msgspec.convert(msgspec.structs.asdict(one), Source) for one in report.sources),
        sequence=report.sequence,
        already_known=report.already_known,
    )


def _sums(totals: dict[str, tuple[str, str]]) -> tuple[Sum, ...]:
    return tuple(
        Sum(currency=name, billed_cost=billed, effective_cost=effective) for name, (billed, effective) in totals.items()
    )
