"""What clients tell of traces on its way in: contents into one file of the lake, the rest into one fact a group."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Connection

from trivium.facts.charges import TIME
from trivium.facts.fact import Fact, Receipt
from trivium.facts.instants import Instant, now
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError
from trivium.facts.protocols import Command
from trivium.facts.trace_infos import COLUMNS, INFO, TABLE, Assessed, TraceInfo, TracesTold, encode_told
from trivium.lake.compaction import compact
from trivium.lake.grouping import Grouping, Limits
from trivium.lake.lake import Lake
from trivium.mlops.changing import SOURCE
from trivium.mlops.trace_infos.reading import find_info
from trivium.mlops.tracking.experiments import find_experiment

LIMITS: Final = Limits(waiting_rows=20_000, waiting_bytes=128 << 20, group_rows=5_000)
_LOOKED_FOR: Final = 64
"""After so many groups it is looked whether there are many files."""
Outcome = ProblemError | None


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What one request tells: a trace, or what somebody thinks of one; each with its content."""

    info: TraceInfo | None = None
    content: dict[str, Any] = {}
    assessments: tuple[tuple[Assessed, dict[str, Any]], ...] = ()

    def check(self, connection: Connection) -> None:
        """Refuse a trace of an experiment that there is not or that is deleted, and thoughts on no trace."""
        if self.info is not None:
            find_experiment(connection, str(self.info.experiment)).check_active()
            return
        for assessed, _ in self.assessments:
            find_info(connection, assessed.trace)


class Book(Protocol):
    """What telling needs of the ledger."""

    def append(self, facts: Sequence[Fact]) -> list[Receipt]:
        """Append facts and wait until they are durable."""
        ...

    def execute(self, command: Command) -> list[Receipt]:
        """Run a command in the writer and wait until its facts are durable."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a read connection."""
        ...


class Teller:
    """Commits what is told in groups; the future of a request is done once it is durable, or holds its refusal."""

    def __init__(self, ledger: Book, lake: Lake) -> None:
        self._ledger, self._lake, self._groups = ledger, lake, 0
        self._grouping = Grouping[Telling, Outcome]("traces", LIMITS, self._commit, self._tidy)

    def submit(self, telling: Telling, size: int) -> Future[Outcome]:
        """Queue what one request of a size in bytes tells; the future holds the refusal, or nothing."""
        return self._grouping.submit(telling, 1 + len(telling.assessments), size)

    def close(self) -> None:
        """Commit what waits, then stop; call it before the lake and the ledger are closed."""
        self._grouping.close()

    def _commit(self, group: list[Telling]) -> list[Outcome]:
        return tell(group, self._ledger, self._lake)

    def _tidy(self) -> None:
        self._groups += 1
        if self._groups % _LOOKED_FOR == 0:
            compact(self._lake, self._ledger, TABLE)


class _Tell:
    """Decides which of a group may be told, and states that."""

    def __init__(self, group: Sequence[Telling], files: Any) -> None:
        self._group, self._files, self._at = group, files, now()
        self.outcomes: list[Outcome] = []

    def decide(self, connection: Connection) -> Sequence[Fact]:
        """Give the group's fact, unless all of it is refused."""
        self.outcomes = _outcomes(connection, self._group)
        taken = [one for one, outcome in zip(self._group, self.outcomes, strict=True) if outcome is None]
        told = TracesTold(
            files=self._files,
            infos=tuple(one.info for one in taken if one.info is not None),
            assessments=tuple(assessed for one in taken for assessed, _ in one.assessments),
        )
        traces = {info.trace for info in told.infos} | {one.trace for one in told.assessments}
        key = self._files[0].sha256 if self._files else ""
        return [_fact(told, self._at, key)] if traces else []


def tell(group: Sequence[Telling], ledger: Book, lake: Lake) -> list[Outcome]:
    """Keep what a group tells; gives for each its refusal, or None. Raises when nothing of it was kept."""
    with ledger.reading() as connection:
        outcomes = _outcomes(connection, group)
    taken = [one for one, outcome in zip(group, outcomes, strict=True) if outcome is None]
    if not taken:
        return outcomes
    stage = lake.stage()
    try:
        path = stage.path(TABLE, 0)
        rows = _write(taken, path)
        files = stage.publish([(TABLE, path, rows)])
        command = _Tell(taken, files)
        if not ledger.execute(command):
            lake.withdraw(stage)
    except BaseException as fault:
        lake.give_up(stage, fault)
        raise
    stage.discard()
    again = iter(command.outcomes)
    return [outcome or next(again) for outcome in outcomes]


def _outcomes(connection: Connection, group: Sequence[Telling]) -> list[Outcome]:
    found: list[Outcome] = []
    for one in group:
        try:
            one.check(connection)
        except ProblemError as fault:
            found.append(fault)
        else:
            found.append(None)
    return found


def _write(group: Sequence[Telling], path: Any) -> int:
    """Write the contents of a group as a Parquet file; gives its rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    told_at = now()
    rows = [row for one in group for row in _rows(one, told_at)]
    types = {name: pa.timestamp("us") if kind == TIME else pa.string() for name, kind in COLUMNS}
    columns = zip(*rows, strict=True)
    table = {name: pa.array(values, types[name]) for (name, _), values in zip(COLUMNS, columns, strict=True)}
    pq.write_table(pa.table(table), path, compression="zstd", compression_level=1)
    return len(rows)


def _rows(one: Telling, told_at: Instant) -> list[tuple[str, str, Instant, Instant, str]]:
    rows = []
    if one.info is not None:
        rows.append((one.info.trace, INFO, one.info.request_ms * 1_000, told_at, _json(one.content)))
    for assessed, content in one.assessments:
        rows.append((assessed.trace, assessed.assessment, assessed.at_ms * 1_000, told_at, _json(content)))
    return rows


def _json(content: dict[str, Any]) -> str:
    return msgspec.json.encode(content).decode()


def _fact(told: TracesTold, at: Instant, key: str) -> Fact:
    return Fact(
        kind=Kind.TRACES_TOLD, subject="", happened_at=at, source=SOURCE, key=f"sha256:{key}", body=encode_told(told)
    )
