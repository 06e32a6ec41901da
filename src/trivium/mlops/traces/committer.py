"""Brings spans in: what waits is written as one Parquet file and one fact, then everybody is answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Final, Protocol

from sqlalchemy import Connection

from trivium.facts.fact import Fact, Receipt
from trivium.facts.instants import now
from trivium.facts.kinds import Kind
from trivium.facts.spans import TABLE, SpansReceived, encode_spans
from trivium.intake.otlp.names import SOURCE
from trivium.intake.otlp.reader import Request
from trivium.intake.otlp.rows import Row
from trivium.lake.grouping import Grouping, Limits
from trivium.lake.lake import Lake
from trivium.lake.staging import Stage
from trivium.mlops.traces.standing import standing_spans
from trivium.mlops.traces.summary import Summary, resources_of
from trivium.mlops.traces.tidying import Tidying

WAITING_SPANS: Final = 200_000
"""Spans that wait at most; more are refused (503)."""
WAITING_BYTES: Final = 128 * 1024 * 1024
"""Bytes of requests that wait at most."""
GROUP_SPANS: Final = 50_000
"""Spans of one file and fact, at least one request's."""
AT_ONE_PLACE: Final = 64
"""Groups that one place of the lake serves."""


class Book(Protocol):
    """What the committer needs of the ledger."""

    def append(self, facts: Sequence[Fact]) -> list[Receipt]:
        """Append facts and wait until they are durable."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a read connection."""
        ...


class Committer:
    """Commits requests in groups, and keeps their files few. The future of a request holds how many spans are new."""

    def __init__(self, ledger: Book, lake: Lake) -> None:
        self.tidying = Tidying(ledger, lake)
        limits = Limits(WAITING_SPANS, WAITING_BYTES, GROUP_SPANS)
        self._desk = Desk(ledger, lake)
        self._groups = Grouping[Request, int]("spans", limits, self._desk.commit, self.tidying)

    def check_room(self) -> None:
        """Refuse (503) more requests while too much waits: asked before a body is read."""
        self._groups.check_room()

    def submit(self, request: Request, size: int) -> Future[int]:
        """Queue a request of a size in bytes; the future is done once its spans are durable."""
        if not request.rows:
            nothing: Future[int] = Future()
            nothing.set_result(0)
            return nothing
        return self._groups.submit(request, len(request.rows), size)

    def close(self) -> None:
        """Commit what waits, then stop; call it before the lake and the ledger are closed."""
        self._groups.close()
        self._desk.close()
        self.tidying.close()


class Desk:
    """Where groups are written: one place of the lake serves many, so that its intent is synced once for them."""

    def __init__(self, ledger: Book, lake: Lake) -> None:
        self._ledger, self._lake = ledger, lake
        self._stage: Stage | None = None
        self._number = 0

    def commit(self, requests: Sequence[Request]) -> list[int]:
        """Write the spans that do not stand yet, with one fact; gives how many of each request were new.

        Raises ProblemError when nothing of it was kept.
        """
        with self._ledger.reading() as connection:
            known = standing_spans(connection, {row[0] for one in requests for row in one.rows})
        rows: list[Row] = []
        counts: list[int] = []
        for request in requests:
            before = len(rows)
            rows += _new(request.rows, known)
            counts.append(len(rows) - before)
        if rows:
            self._enter(rows, _resources(requests))
        return counts

    def close(self) -> None:
        """Remove the place; what was published from it stays."""
        if self._stage is not None:
            self._stage.discard()
            self._stage = None

    def _enter(self, rows: list[Row], named: dict[str, set[str]]) -> None:
        """Write one file, and append its fact."""
        from trivium.mlops.traces.filing import table_of, write_file

        summary = Summary()
        summary.add(rows)
        stage = self._place()
        try:
            path = stage.path(TABLE, self._number)
            self._number += 1
            write_file(table_of(rows), path)
            received = SpansReceived(
                files=stage.publish([(TABLE, path, len(rows))]),
                spans=len(rows),
                traces=summary.traces(),
                usage=summary.usage(),
                traffic=summary.traffic(),
                resources=resources_of(named),
            )
            self._ledger.append([_fact(received)])
        except BaseException as fault:
            self._stage = None
            self._lake.give_up(stage, fault)
            raise

    def _place(self) -> Stage:
        """Give a place in which a file more is expected."""
        if self._stage is None or self._number >= AT_ONE_PLACE:
            self.close()
            self._stage, self._number = self._lake.stage(), 0
            self._stage.expect(TABLE, AT_ONE_PLACE)
        return self._stage


def commit(requests: Sequence[Request], ledger: Book, lake: Lake) -> list[int]:
    """Commit one group; see `Desk.commit`."""
    desk = Desk(ledger, lake)
    try:
        return desk.commit(requests)
    finally:
        desk.close()


def _new(rows: Iterable[Row], known: dict[str, set[bytes]]) -> Iterable[Row]:
    """Give the rows that do not stand, and remember them."""
    for row in rows:
        spans = known.setdefault(row[0], set())
        span = bytes.fromhex(row[1])
        if span not in spans:
            spans.add(span)
            yield row


def _resources(requests: Iterable[Request]) -> dict[str, set[str]]:
    named: dict[str, set[str]] = {}
    for request in requests:
        for service, resource in request.resources:
            named.setdefault(service, set()).add(resource)
    return named


def _fact(received: SpansReceived) -> Fact:
    endpoints = {one.endpoint for one in received.traffic} | {one.at.endpoint for one in received.usage}
    return Fact(
        kind=Kind.SPANS_RECEIVED,
        subject=endpoints.pop() if len(endpoints) == 1 else "",
        happened_at=max((one.end for one in received.traces), default=now()),
        source=SOURCE,
        key=f"sha256:{received.files[0].sha256}",
        body=encode_spans(received),
    )
