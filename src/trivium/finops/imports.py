"""How a bill comes in: read apart, staged in the lake, and entered with its rows in one transaction of the ledger."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Connection

from trivium.facts.deliveries import Batch, Delivery, Source, Trouble, decode_delivery, encode_delivery
from trivium.facts.fact import Fact, Receipt, RecordedFact
from trivium.facts.instants import now
from trivium.facts.kinds import Kind
from trivium.facts.money import add as sum_exactly
from trivium.facts.money import plain
from trivium.facts.problem import ProblemError, refuse
from trivium.intake.files.limits import Limits
from trivium.intake.files.sandbox import read_apart
from trivium.intake.focus.reader import Job
from trivium.intake.focus.report import FileReport
from trivium.lake.lake import Lake
from trivium.lake.manifest import counts, current_part, delivery_of, known_sizes, parts, replaced_by, replaced_key
from trivium.lake.staging import Stage

SOURCE: Final = "focus"
"""The source of the fact: one key of a bill is unique below it."""
Progress = Callable[[int, int, int], None]
"""Told now and then: rows so far, bytes read, bytes in all."""
_NAME: Final = 255
_CHILD: Final = "trivium.intake.focus.child"


class Book(Protocol):
    """What an import needs of the ledger."""

    def append(
        self, facts: Sequence[Fact], *, within: Callable[[Any, Sequence[RecordedFact]], None] | None = None
    ) -> list[Receipt]:
        """Append facts and run `within` in the same transaction."""
        ...

    def fact(self, sequence: int) -> RecordedFact:
        """Read one fact."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a read connection."""
        ...


class Sum(msgspec.Struct, frozen=True):
    """Exact money in one currency, as decimal text."""

    billed_cost: str
    effective_cost: str


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """What an import replaced: rows and money of earlier deliveries (their sequences), by currency."""

    rows: int = 0
    totals: dict[str, Sum] = {}
    deliveries: tuple[int, ...] = ()


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a bill. Money is exact decimal text, and is that of the rows that were read and not refused.

    `rows` are the rows of the files, `imported` those newly entered, `repaired` those of them in which anything was
    put right, `refused` those left out; `problems` says why. `currency`, `billed_cost` and `effective_cost` are empty
    where there are several currencies; `totals` has each. `sequence` is that of the delivery's fact, None when nothing
    was entered. `already_known` says that the same content was imported before and stands; nothing was done then.
    """

    rows: int
    imported: int
    refused: int
    repaired: int
    billed_cost: str
    effective_cost: str
    currency: str
    totals: dict[str, Sum]
    problems: tuple[Trouble, ...]
    replaced: Replaced
    sources: tuple[Source, ...]
    sequence: int | None
    already_known: bool


def import_focus(
    path: Path,
    *,
    ledger: Book,
    lake: Lake,
    source_name: str = "",
    add: bool = False,
    progress: Progress | None = None,
    actor: str = "",
    limits: Limits | None = None,
) -> ImportReport:
    """Import one FOCUS file as one delivery; see `import_focus_files`. `source_name` stands for the file's name."""
    names = [source_name] if source_name else None
    return import_focus_files(
        [path], ledger=ledger, lake=lake, source_names=names, add=add, progress=progress, actor=actor, limits=limits
    )


def import_focus_files(
    paths: Sequence[Path],
    *,
    ledger: Book,
    lake: Lake,
    source_names: Sequence[str] | None = None,
    add: bool = False,
    progress: Progress | None = None,
    actor: str = "",
    limits: Limits | None = None,
) -> ImportReport:
    """Import FOCUS files as one delivery: all of them or none.

    Earlier rows of the same issuer, billing account, billing period and source name are replaced, unless `add`. The
    same files again change nothing while their rows stand; once replaced, they are entered anew. Raises ProblemError
    when a file is refused whole.
    """
    bills = _bills(paths, source_names)
    with lake.importing:
        bills = _hashed(bills, lake)
        known = _known(bills, lake, add=add)
        if known is not None:
            return _already_known(ledger.fact(known), lake)
        stage = lake.stage()
        try:
            reports = _read(bills, lake, stage, limits or Limits(), progress)
            bills = [_read_as(bill, report) for bill, report in zip(bills, reports, strict=True)]
            known = _known(bills, lake, add=add)
            if known is not None:
                report = _already_known(ledger.fact(known), lake)
            else:
                report = _enter(
                    bills, reports, stage, _Order(ledger, lake, _fresh_key(bills, lake, add=add), add, actor)
                )
        except BaseException as fault:
            lake.give_up(stage, fault)
            raise
        stage.discard()
        return report


class _Bill(msgspec.Struct, frozen=True):
    """One file to import: `skip` says that the same content stands earlier in the same command.

    `sha256` is empty until the file is read.
    """

    path: Path
    name: str
    bytes: int
    sha256: str = ""
    skip: bool = False


class _Order(msgspec.Struct, frozen=True):
    """Where a delivery goes and how."""

    ledger: Book
    lake: Lake
    key: str
    add: bool
    actor: str


def _bills(paths: Sequence[Path], names: Sequence[str] | None) -> list[_Bill]:
    if not paths:
        raise refuse("no_file", "No file was given.", where="FILE", fix="Name the FOCUS files to import.")
    bills: list[_Bill] = []
    for path, name in zip(paths, names or [path.name for path in paths], strict=True):
        shown_name = "".join(
            letter if letter.isprintable() else "�" for letter in name.encode("utf-8", "replace").decode()
        )
        with _opened(path) as file:
            bills.append(_Bill(path, shown_name[:_NAME], os.fstat(file.fileno()).st_size))
    return bills


def _hashed(bills: Sequence[_Bill], lake: Lake) -> list[_Bill]:
    """Hash before reading what may have been read before: files of a size that an imported one has, or another here.

    All others are hashed by the child while it reads them.
    """
    sizes = [bill.bytes for bill in bills]
    with lake.reading() as connection:
        known = known_sizes(connection, sizes)
    repeat = known >= set(sizes)
    hashed: list[_Bill] = []
    for bill in bills:
        sha256 = _hash(bill.path) if repeat or sizes.count(bill.bytes) > 1 else ""
        same = any(sha256 and other.sha256 == sha256 for other in hashed)
        hashed.append(msgspec.structs.replace(bill, sha256=sha256, skip=same))
    return hashed


def _read_as(bill: _Bill, report: FileReport) -> _Bill:
    """Take over the hash and size of what was read."""
    return bill if bill.skip else msgspec.structs.replace(bill, sha256=report.sha256, bytes=report.bytes)


def _known(bills: Sequence[_Bill], lake: Lake, *, add: bool) -> int | None:
    """Find the delivery of the same contents that still stands.

    Once a part of it was replaced, the same bill is the way back to it; one that was added stands while any part does,
    for what is left of it would count twice.
    """
    if not all(bill.sha256 for bill in bills):
        return None
    with lake.reading() as connection:
        known = delivery_of(connection, _key(bills, add=add))
        return known if known is not None and _stands(connection, known, add=add) else None


def _stands(connection: Connection, delivery: int, *, add: bool) -> bool:
    held, all_parts = current_part(connection, delivery), parts(connection, delivery)
    assert held <= all_parts, "what holds was entered"
    return held > 0 if add else held == all_parts


def _fresh_key(bills: Sequence[_Bill], lake: Lake, *, add: bool) -> str:
    """Give the idempotency key for entering these contents: their own, or one for entering them anew."""
    key = _key(bills, add=add)
    with lake.reading() as connection:
        before = delivery_of(connection, key)
        return key if before is None else replaced_key(connection, key, before)


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as fault:
        title = f"{path} cannot be read: {fault.strerror}."
        raise refuse("unreadable_file", title, where=str(path), fix="Check the path and its permissions.") from fault


def _hash(path: Path) -> str:
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key(bills: Sequence[_Bill], *, add: bool) -> str:
    """Make the idempotency key: the hash of the contents, whatever their order and names, and of `add`."""
    digest = hashlib.sha256("\n".join(sorted({bill.sha256 for bill in bills})).encode())
    return f"sha256:{digest.hexdigest()}" + ("+add" if add else "")


def _read(
    bills: Sequence[_Bill], lake: Lake, stage: Stage, limits: Limits, progress: Progress | None
) -> list[FileReport]:
    """Read each file apart into the stage; batches and resources are numbered on from file to file."""
    with lake.reading() as connection:
        first = counts(connection).batches + 1
        known = [str(path) for path in lake.resource_files(connection)]
    reports: list[FileReport] = []
    size, before = sum(bill.bytes for bill in bills), 0
    for number, bill in enumerate(bills):
        if bill.skip:
            reports.append(FileReport())
            continue
        job = Job(
            path=str(bill.path.resolve()),
            charges=str(stage.path("charges", number)),
            resources=str(stage.path("resources", number)),
            known=tuple(known),
            first_batch=first,
        )
        rows = sum(report.rows for report in reports)
        report = _placed(bill, job, limits, _shifted(progress, rows, before, size))
        reports.append(report)
        first += len(report.batches)
        before += bill.bytes
        if report.new_resources:
            known.append(job.resources)
    return reports


def _placed(bill: _Bill, job: Job, limits: Limits, progress: Progress | None) -> FileReport:
    """Read one file; a refusal names the file."""
    try:
        return read_apart(_CHILD, job, FileReport, limits, progress)
    except ProblemError as fault:
        where = fault.problem.where
        named = bill.name if not where or where == bill.path.name else f"{bill.name}: {where}"
        raise ProblemError(msgspec.structs.replace(fault.problem, where=named)) from fault


def _shifted(progress: Progress | None, rows: int, read: int, size: int) -> Progress | None:
    """Count progress over several files."""
    if progress is None:
        return None
    tell = progress
    return lambda more_rows, more_read, _: tell(rows + more_rows, read + more_read, size)


def _enter(bills: Sequence[_Bill], reports: Sequence[FileReport], stage: Stage, order: _Order) -> ImportReport:
    """Publish the files and enter the delivery; without a single row there is nothing to enter."""
    sources = tuple(_source(bill, report) for bill, report in zip(bills, reports, strict=True))
    troubles = tuple(_troubles(bills, reports))
    batches = tuple(_batches(bills, reports))
    assert sum(batch.rows for batch in batches) == sum(report.imported for report in reports)
    if not batches:
        return _report(sources, troubles, batches, Replaced(), None)
    with order.lake.reading() as connection:
        replaced = Replaced() if order.add else _replaced(replaced_by(connection, batches))
        resources = counts(connection).resources + sum(report.new_resources for report in reports)
    delivery = Delivery(
        add=order.add,
        sources=sources,
        batches=batches,
        files=stage.publish(_staged(stage, reports)),
        problems=troubles,
        resources=resources,
    )
    fact = Fact(
        kind=Kind.CHARGES_IMPORTED,
        subject="",
        happened_at=now(),
        source=SOURCE,
        key=order.key,
        body=encode_delivery(delivery),
        actor=order.actor,
    )
    receipt = order.ledger.append([fact], within=order.lake.manifest.apply)[0]
    assert receipt.written, "a delivery that is not known is written"
    return _report(sources, troubles, batches, replaced, receipt.sequence)


def _staged(stage: Stage, reports: Sequence[FileReport]) -> list[tuple[str, Path, int]]:
    """List the staged files that hold rows."""
    staged = []
    for number, report in enumerate(reports):
        if report.imported:
            staged.append(("charges", stage.path("charges", number), report.imported))
        if report.new_resources:
            staged.append(("resources", stage.path("resources", number), report.new_resources))
    return staged


def _source(bill: _Bill, report: FileReport) -> Source:
    assert report.rows == report.imported + report.refused, "each row of a file was taken or refused"
    assert bill.sha256, "a file that was read was hashed"
    return Source(
        name=bill.name,
        sha256=bill.sha256,
        bytes=bill.bytes,
        format=report.format,
        version=report.version,
        rows=report.rows,
        imported=report.imported,
        refused=report.refused,
        repaired=report.repaired,
    )


def _troubles(bills: Sequence[_Bill], reports: Sequence[FileReport]) -> Iterable[Trouble]:
    for bill, report in zip(bills, reports, strict=True):
        if bill.skip:
            done = "The file was left out: the same content was given twice."
            yield Trouble(reason="same_file", column="", outcome="noted", count=1, source=bill.name, done=done)
        for trouble in report.problems:
            yield msgspec.structs.replace(trouble, source=bill.name)


def _batches(bills: Sequence[_Bill], reports: Sequence[FileReport]) -> Iterable[Batch]:
    for bill, report in zip(bills, reports, strict=True):
        for total in report.batches:
            yield Batch(
                batch=total.batch,
                issuer=total.issuer,
                account=total.account,
                period=total.period,
                currency=total.currency,
                source=bill.name,
                rows=total.rows,
                billed_cost=plain(total.billed_cost),
                effective_cost=plain(total.effective_cost),
            )


def _report(
    sources: tuple[Source, ...],
    troubles: tuple[Trouble, ...],
    batches: Sequence[Batch],
    replaced: Replaced,
    sequence: int | None,
    *,
    known: bool = False,
) -> ImportReport:
    totals = _totals((batch.currency, batch.billed_cost, batch.effective_cost) for batch in batches)
    assert all(source.refused <= source.rows for source in sources)
    assert known or sum(batch.rows for batch in batches) <= sum(source.rows for source in sources)
    one = next(iter(totals.values())) if len(totals) == 1 else None if totals else Sum("0", "0")
    return ImportReport(
        rows=sum(source.rows for source in sources),
        imported=0 if known else sum(batch.rows for batch in batches),
        refused=sum(source.refused for source in sources),
        repaired=sum(source.repaired for source in sources),
        billed_cost=one.billed_cost if one else "",
        effective_cost=one.effective_cost if one else "",
        currency=next(iter(totals)) if len(totals) == 1 else "",
        totals=totals,
        problems=troubles,
        replaced=replaced,
        sources=sources,
        sequence=sequence,
        already_known=known,
    )


def _already_known(recorded: RecordedFact, lake: Lake) -> ImportReport:
    """Report a repeat from what was entered then; says so if its rows were replaced since."""
    delivery = decode_delivery(recorded.fact.body)
    with lake.reading() as connection:
        current = current_part(connection, recorded.sequence)
    troubles = delivery.problems
    ended = len(delivery.batches) - current
    if ended:
        done = (
            f"Nothing was done: this content is delivery {recorded.sequence}; a later one replaced a part of its rows."
        )
        fix = "Import the newest bill, or this one without --add to go back to its rows."
        troubles = (
            *troubles,
            Trouble(reason="replaced_since", column="", outcome="noted", count=ended, done=done, fix=fix),
        )
    return _report(delivery.sources, troubles, delivery.batches, Replaced(), recorded.sequence, known=True)


def _replaced(rows: Sequence[Any]) -> Replaced:
    return Replaced(
        rows=sum(row["rows"] for row in rows),
        totals=_totals((row["currency"], row["billed_cost"], row["effective_cost"]) for row in rows),
        deliveries=tuple(sorted({row["delivery"] for row in rows})),
    )


def _totals(amounts: Iterable[tuple[str, str, str]]) -> dict[str, Sum]:
    """Sum exactly, currency by currency, in alphabetical order."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for currency, billed, effective in amounts:
        before = sums.get(currency, (Decimal(0), Decimal(0)))
        sums[currency] = (sum_exactly(before[0], Decimal(billed)), sum_exactly(before[1], Decimal(effective)))
    return {name: Sum(plain(sums[name][0]), plain(sums[name][1])) for name in sorted(sums)}
