"""How predictions and labels come in: read apart, staged in the lake, and entered with their rows as one fact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from trivium.facts.deliveries import LakeFile, Source, Trouble
from trivium.facts.fact import Fact, Receipt
from trivium.facts.instants import now
from trivium.facts.kinds import Kind
from trivium.facts.predictions import (
    LABELS,
    PREDICTIONS,
    LabelsReceived,
    PredictionsReceived,
    encode_received,
)
from trivium.facts.problem import ProblemError, refuse
from trivium.facts.traffic import Traffic
from trivium.intake.files.child import Progress
from trivium.intake.files.limits import Limits
from trivium.intake.files.sandbox import read_apart
from trivium.intake.files.troubles import NOTED, REFUSED, REPAIRED
from trivium.intake.predictions.names import SPELLINGS
from trivium.intake.predictions.reader import Job, read_batch
from trivium.intake.predictions.report import Part, RowsReport
from trivium.intake.predictions.rows import Given, endpoint_key, version_key
from trivium.lake.lake import Lake
from trivium.lake.staging import Stage
from trivium.mlops.endpoints.repeats import Repeats, repeats, troubles_of, without
from trivium.mlops.endpoints.traffic import traffic_of

SOURCE: Final = "trivium."
"""What stands before the table in the source of the fact."""
KINDS: Final = {PREDICTIONS: Kind.PREDICTIONS_RECEIVED, LABELS: Kind.LABELS_RECEIVED}
MOST_ROWS: Final = 100_000
"""Rows of one batch of JSON at most."""
_CHILD: Final = "trivium.intake.predictions.child"
_NAME: Final = 255
_ORDER: Final = (REFUSED, REPAIRED, NOTED)
Told = Callable[[Sequence[Receipt]], "Received"]
Enter = Callable[[Sequence[Fact], Told], "Received"]
"""Appends the facts, none where nothing is new, and gives what is told of their receipts."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery: `rows` = `received` + `repeated` + `refused`.

    `repeated` rows stood already, or stand twice in the delivery. `sequence` is that of the delivery's fact, None when
    nothing was entered. `traffic` is what the received predictions add up to.
    """

    rows: int
    received: int
    repeated: int
    refused: int
    repaired: int
    problems: tuple[Trouble, ...]
    sources: tuple[Source, ...]
    traffic: tuple[Traffic, ...]
    sequence: int | None


class Delivered(msgspec.Struct, frozen=True):
    """One file, or batch, that was read: its name and report."""

    name: str
    report: RowsReport


class Stated:
    """The command that appends facts as they are."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._facts = facts

    def decide(self, connection: Any) -> Sequence[Fact]:  # noqa: ARG002 - commands are called alike
        """Give the facts."""
        return self._facts


def given_of(endpoint: str, version: str) -> Given:
    """Read the endpoint and the version that hold for a whole delivery; empty where they are not given."""
    found = Given(
        endpoint=(endpoint_key(endpoint) or "") if endpoint else "",
        version=(version_key(version) or "") if version else "",
    )
    if endpoint and not found.endpoint:
        fix = "Write the endpoint's name, or endpoint:NAME."
        raise refuse("bad_key", f"{endpoint[:80]!a} names no endpoint.", where="endpoint", fix=fix)
    if version and not found.version:
        fix = "Write NAME/VERSION or model:NAME/VERSION."
        raise refuse("bad_key", f"{version[:80]!a} names no model version.", where="version", fix=fix)
    return found


def receive_files(
    table: str, paths: Sequence[Path], *, given: Given, head: Callable[[], int], lake: Lake, enter: Enter,
    names: Sequence[str] | None = None, progress: Progress | None = None, limits: Limits | None = None,
) -> Received:  # fmt: skip
    """Receive files as one delivery, all of them or none; raises ProblemError when one is refused whole.

    `head` gives the sequence of the ledger's last fact. What stands already adds nothing.
    """
    if not paths:
        raise refuse("no_file", "No file was given.", where="FILE", fix=f"Name the files of {table}.")
    called = [_printable(name) for name in names or [path.name for path in paths]]

    def read(stage: Stage, after: int) -> list[Delivered]:
        delivered: list[Delivered] = []
        for path, name in zip(paths, called, strict=True):
            first = sum(len(one.report.parts) for one in delivered)
            job = Job(
                table=table, path=str(path.resolve()), stem=str(stage.folder / table), given=given, first_part=first,
                after=after,
            )  # fmt: skip
            delivered.append(Delivered(name, _read(path, name, job, limits, progress)))
        return delivered

    return _received(table, read, given, head, lake, enter)


def receive_batch(
    table: str, rows: Sequence[dict[str, Any]], *, given: Given, head: Callable[[], int], lake: Lake, enter: Enter
) -> Received:
    """Receive rows that came as JSON objects as one delivery."""
    if not rows:
        fix = f"Send objects with {SPELLINGS[table]['id'][0]} and what belongs to it."
        raise refuse("no_rows", f"The batch holds no {table}.", where=table, fix=fix)
    if len(rows) > MOST_ROWS:
        title = f"The batch holds {len(rows):,} {table}; at most {MOST_ROWS:,} are taken at once."
        raise refuse("too_many_rows", title, status=413, where=table, fix="Send them in parts, or as a file.")

    def read(stage: Stage, after: int) -> list[Delivered]:
        job = Job(table=table, path="", stem=str(stage.folder / table), given=given, after=after)
        return [Delivered("batch", read_batch(job, rows))]

    return _received(table, read, given, head, lake, enter)


def _received(
    table: str, read: Callable[[Stage, int], list[Delivered]], given: Given, head: Callable[[], int], lake: Lake,
    enter: Enter,
) -> Received:  # fmt: skip
    """Stage a delivery, leave out what stands, publish the rest, and enter it."""
    with lake.receiving:
        stage = lake.stage()
        try:
            delivered = read(stage, head())
            parts, left_out = _fresh(table, delivered, lake, stage)
            report = _report(table, delivered, left_out, traffic_of(lake, table, [path for path, _ in parts]))
            files = stage.publish([(table, path, rows) for path, rows in parts]) if parts else ()
            facts = [_fact(table, delivered, given, files, report)] if files else []
            told = enter(facts, lambda receipts: _sequenced(report, receipts))
        except BaseException as fault:
            lake.give_up(stage, fault)
            raise
        stage.discard()
        return told


def _read(path: Path, name: str, job: Job, limits: Limits | None, progress: Progress | None) -> RowsReport:
    """Read one file in a child; a refusal names the file."""
    try:
        with path.open("rb"):
            pass
        return read_apart(_CHILD, job, RowsReport, limits, progress)
    except ProblemError as fault:
        where = fault.problem.where
        named = name if not where or where == path.name else f"{name}: {where}"
        raise ProblemError(msgspec.structs.replace(fault.problem, where=named)) from fault
    except OSError as fault:
        title = f"{path} cannot be read: {fault.strerror}."
        raise refuse("unreadable_file", title, where=str(path), fix="Check the path and its permissions.") from fault


def _fresh(
    table: str, delivered: Sequence[Delivered], lake: Lake, stage: Stage
) -> tuple[list[tuple[Path, int]], dict[int, Repeats]]:
    """Give the staged parts with what is new in them, written again where something was left out."""
    parts = [part for one in delivered for part in one.report.parts]
    if not parts:
        return [], {}
    left_out = repeats(lake, table, [stage.path(table, part.number) for part in parts])
    kept = [_kept(table, part, left_out.get(part.number), stage, len(parts)) for part in parts]
    return [(path, rows) for path, rows in kept if rows], left_out


def _kept(table: str, part: Part, left_out: Repeats | None, stage: Stage, parts: int) -> tuple[Path, int]:
    path = stage.path(table, part.number)
    if left_out is None:
        return path, part.rows
    target = stage.path(table, part.number + parts)
    return target, without(path, left_out, target)


def _report(
    table: str, delivered: Sequence[Delivered], left_out: dict[int, Repeats], traffic: tuple[Traffic, ...]
) -> Received:
    """Say what became of each file; the sequence comes with the receipt."""
    sources: list[Source] = []
    problems: list[Trouble] = []
    repeated = 0
    for one in delivered:
        found = [left_out[part.number] for part in one.report.parts if part.number in left_out]
        same, other = sum(len(each.same) for each in found), sum(len(each.other) for each in found)
        repeated += same
        sources.append(_source(one, same, other))
        troubles = sorted(
            (*one.report.problems, *troubles_of(found)), key=lambda trouble: _ORDER.index(trouble.outcome)
        )
        problems += [msgspec.structs.replace(trouble, source=one.name) for trouble in troubles]
    received = sum(source.imported for source in sources)
    assert table == LABELS or sum(day.requests for day in traffic) == received, "each prediction is counted once"
    return Received(
        rows=sum(source.rows for source in sources), received=received, repeated=repeated,
        refused=sum(source.refused for source in sources), repaired=sum(source.repaired for source in sources),
        problems=tuple(problems), sources=tuple(sources), traffic=traffic, sequence=None,
    )  # fmt: skip


def _source(one: Delivered, same: int, other: int) -> Source:
    report = one.report
    return Source(
        name=one.name, sha256=report.sha256, bytes=report.bytes, format=report.format, version="", rows=report.rows,
        imported=report.taken - same - other, refused=report.refused + other, repaired=report.repaired,
    )  # fmt: skip


def _fact(
    table: str, delivered: Sequence[Delivered], given: Given, files: tuple[LakeFile, ...], report: Received
) -> Fact:
    """Make the fact of a delivery; what stood in the rows stays out of it, examples too."""
    problems = tuple(msgspec.structs.replace(one, example="") for one in report.problems)
    body: PredictionsReceived | LabelsReceived = (
        LabelsReceived(files=files, labels=report.received, sources=report.sources, problems=problems)
        if table == LABELS
        else PredictionsReceived(
            files=files, predictions=report.received, sources=report.sources, traffic=report.traffic, problems=problems
        )
    )
    endpoints = {day.endpoint for day in report.traffic}
    return Fact(
        kind=KINDS[table], subject=endpoints.pop() if len(endpoints) == 1 else "", happened_at=now(),
        source=SOURCE + table, key=_key(delivered, given), body=encode_received(body),
    )  # fmt: skip


def _key(delivered: Sequence[Delivered], given: Given) -> str:
    """Make the idempotency key: the hash of the contents, whatever their order and names, and of what was given."""
    contents = sorted({one.report.sha256 for one in delivered})
    digest = hashlib.sha256("\n".join([*contents, given.endpoint, given.version]).encode())
    return f"sha256:{digest.hexdigest()}"


def _sequenced(report: Received, receipts: Sequence[Receipt]) -> Received:
    return msgspec.structs.replace(report, sequence=receipts[0].sequence if receipts else None)


def _printable(name: str) -> str:
    shown: Iterable[str] = name.encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "�" for letter in shown)[:_NAME]
