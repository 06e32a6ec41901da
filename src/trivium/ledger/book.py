"""The ledger as everyone else sees it: append facts, read them, keep projections up, say how it is."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec
from sqlalchemy import Connection, select

from trivium.facts.fact import Fact, Receipt, RecordedFact
from trivium.facts.instants import SECOND, Instant, now
from trivium.facts.kinds import Kind
from trivium.facts.problem import refuse
from trivium.facts.protocols import Answering, Command, Fold
from trivium.facts.syncing import sync
from trivium.ledger import reads, tables
from trivium.ledger.answers import Keyed, Once, check_answered
from trivium.ledger.digest import projection_digest
from trivium.ledger.entry import entries_of
from trivium.ledger.folds import FoldFault, Folding
from trivium.ledger.group import Check, Wish, Within
from trivium.ledger.lock import Holder, HomeLock
from trivium.ledger.requests import AwaitedRequest, FutureRequest, LoopRequest, Outcome, Request
from trivium.ledger.rows import fact_of
from trivium.ledger.sqlite import SQLiteStorage
from trivium.ledger.storage import Storage
from trivium.ledger.writer import Writer

FILE = "ledger.db"


class Head(msgspec.Struct, frozen=True):
    """The newest fact's sequence, the Merkle root over all facts, and when the newest was recorded."""

    sequence: int
    root_hex: str
    recorded_at: Instant
    home_id: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the ledger is. `state` is `read_only` before `degraded` before `ok`; ages are in microseconds."""

    state: Literal["ok", "degraded", "read_only"]
    sequence: int
    waiting_facts: int
    oldest_unprocessed_age_us: int
    read_only: str = ""
    degraded: tuple[FoldFault, ...] = ()


class Rebuilt(msgspec.Struct, frozen=True):
    """One projection made again: its digest before and after, and whether they are equal."""

    fold: str
    before: str
    after: str
    equal: bool


class Ledger:
    """The book of facts in one home. Open it with `Ledger.open`; any thread may call any method."""

    def __init__(self, home: Path, storage: Storage, lock: HomeLock, folding: Folding, writer: Writer) -> None:
        self.home = home
        self._storage, self._lock, self._folding, self._writer = storage, lock, folding, writer
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, folds: Sequence[Fold] = (), clock: Callable[[], Instant] = now) -> Ledger:
        """Open the home folder `path` for reading and writing, make it when it is absent, and hold it.

        Refuses (ProblemError) with 423 `locked` when another process holds it, and with 409 `home_too_new`.
        """
        _make_home(path)
        lock = HomeLock(path)
        storage = SQLiteStorage(path / FILE)
        try:
            storage.migrate(uuid.uuid4().hex)
            folding = Folding(storage, folds)
            writer = Writer(storage, folding, clock)
        except BaseException:
            storage.close()
            lock.release()
            raise
        ledger = cls(path, storage, lock, folding, writer)
        ledger.announce("")
        return ledger

    def close(self) -> None:
        """Write what is queued, stop, and let others hold the home. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._storage.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, facts: Sequence[Fact], *, within: Within | None = None) -> list[Receipt]:
        """Append facts, all or none, and wait until they are durable; see `submit`."""
        request = Request(Wish(entries_of(facts), within=within))
        self._writer.submit(request)
        return request.wait()

    def submit(self, facts: Sequence[Fact], *, within: Within | None = None) -> Future[list[Receipt]]:
        """Queue facts that are to be appended together, all or none; the future holds once they are durable.

        A fact whose source and key stand already gets its old sequence and `written=False`; with other content, the
        whole call is refused (409 `key_conflict`). `within(connection, recorded)` runs in the same transaction, with
        the facts newly written, and only if there are any; if it raises, nothing of this call is written. It may run
        more than once and must not touch anything but the connection.
        """
        request = FutureRequest(Wish(entries_of(facts), within=within))
        self._writer.submit(request)
        return request.future

    async def append_async(
        self,
        facts: Sequence[Fact],
        *,
        within: Within | None = None,
        hashes: Sequence[bytes] | None = None,
        check: Check | None = None,
    ) -> list[Receipt]:
        """Append facts from an event loop: as `submit`, but a whole group's answers wake the loop once.

        `hashes` are the SHA-256 of the bodies, where the caller has them. `check(connection)` refuses the facts by what
        stands before them (ProblemError); it must look at nothing that other appended facts change, only commands.
        """
        wish = Wish(entries_of(facts, hashes), within=within, check=check)
        request = AwaitedRequest(wish, asyncio.get_running_loop())
        self._writer.submit(request)
        return await request.promise

    def append_told(
        self,
        facts: Sequence[Fact],
        hashes: Sequence[bytes] | None,
        loop: asyncio.AbstractEventLoop,
        told: Callable[[Outcome], None],
        check: Check | None = None,
    ) -> None:
        """Append facts as `append_async` does, without a task: the loop calls `told` with the receipts or the fault."""
        self._writer.submit(LoopRequest(Wish(entries_of(facts, hashes), check=check), loop, told))

    def execute(self, command: Command) -> list[Receipt]:
        """Run a command in the writer and wait until its facts are durable; raises what it refuses with."""
        return self.submit_command(command).result()

    async def execute_async(self, command: Answering) -> list[Receipt]:
        """Run a command from an event loop; once it is durable, the command holds its answer."""
        wish = Wish(decide=command.decide, answered=lambda connection, _: command.answer(connection))
        request = AwaitedRequest(wish, asyncio.get_running_loop())
        self._writer.submit(request)
        return await request.promise

    def execute_once(
        self, command: Command, request: Once, answer: Callable[[Sequence[Receipt]], bytes]
    ) -> list[Receipt]:
        """Run a command for a request with an idempotency key, and keep what it is answered with its facts.

        A request that stands is not carried out again: AnsweredError brings its answer. The key of another request is
        refused (409 `key_conflict`). `answer` may be called more than once and must not touch anything.
        """
        keyed = Keyed(command, request, answer)
        waiting = FutureRequest(Wish(decide=keyed.decide, answered=keyed.answered))
        self._writer.submit(waiting)
        return waiting.future.result()

    def check_answered(self, request: Once) -> None:
        """Raise AnsweredError when a request stands already; refuses (409) the key of another request."""
        with self.reading() as connection:
            check_answered(connection, request)

    def submit_command(self, command: Command) -> Future[list[Receipt]]:
        """Queue a command: it decides in the writer's transaction, in a savepoint of its own."""
        request = FutureRequest(Wish(decide=command.decide))
        self._writer.submit(request)
        return request.future

    def head(self) -> Head:
        """Give the head as of the last commit."""
        row = self._writer.head
        return Head(row.sequence, row.root.hex(), row.recorded_at, row.home_id)

    def newest(self, kinds: Collection[Kind]) -> int:
        """Give the sequence of the newest fact of some kinds as of the last commit, 0 when there is none."""
        return self._folding.newest(kinds)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a consistent snapshot of facts and projections: an SQLAlchemy connection that cannot write."""
        with self._storage.reading() as connection:
            yield connection

    def read(
        self,
        after: int = 0,
        limit: int = 1000,
        kinds: Collection[Kind] | None = None,
        subject: str | None = None,
        *,
        newest_first: bool = False,
    ) -> list[RecordedFact]:
        """Read at most `limit` facts with a sequence above `after`, in order.

        With `newest_first` it reads downwards, from below `after`, or from the newest fact when `after` is 0.
        """
        with self.reading() as connection:
            return reads.read_page(connection, after, limit, kinds, subject, newest_first=newest_first)

    def fact(self, sequence: int) -> RecordedFact:
        """Read one fact; refuses (404) a sequence that the ledger does not have."""
        with self.reading() as connection:
            row = connection.execute(select(tables.facts).where(tables.facts.c.sequence == sequence)).first()
        if row is None:
            title = f"There is no fact {sequence}; the newest is {self.head().sequence}."
            raise refuse("no_such_fact", title, status=404, where="sequence")
        return fact_of(row)

    def facts(self, sequences: Sequence[int]) -> list[RecordedFact]:
        """Read the facts of some sequences at once, in their order; one that the ledger does not have is left out."""
        with self.reading() as connection:
            found = reads.read_these(connection, sequences)
        return [found[sequence] for sequence in sequences if sequence in found]

    def counts_by_kind(self) -> dict[str, int]:
        """Count facts by kind; kinds without facts are absent."""
        with self.reading() as connection:
            return reads.counts_by_kind(connection)

    def sources_heard(self) -> list[reads.SourceHeard]:
        """List every source that has sent facts, and when it was last heard from."""
        with self.reading() as connection:
            return reads.sources_heard(connection)

    def catch_up(self, names: Sequence[str] | None = None, to: int | None = None) -> int:
        """Bring folds (all, or those named) up to the head as it is now, or to `to`; gives the sequence reached.

        A fold that has raised stays where it is: `health()` tells.
        """
        return self.submit_catch_up(names, to).result()

    def submit_catch_up(self, names: Sequence[str] | None = None, to: int | None = None) -> Future[int]:
        """As `catch_up`, without waiting; the future is done at once when nothing is behind."""
        head = self._writer.head.sequence
        target = head if to is None else min(to, head)
        folds = [fold for fold in self._folding.named(names) if self._folding.behind(fold, target)]
        if folds:
            return self._writer.do(self._writer.catch_up(folds, target))
        done: Future[int] = Future()
        done.set_result(target)
        return done

    def cursors(self) -> dict[str, int]:
        """Say how far each fold has come, by name."""
        head = self._writer.head.sequence
        return {name: head if fold.inside else self._folding.cursor(name) for name, fold in self._folding.folds.items()}

    def oldest_unprocessed_age(self) -> int:
        """Give the age, in microseconds, of the oldest fact that a fold has not seen; 0 when there is none.

        A group or a rebuild that the writer has in hand counts too, so that a wedged writer shows.
        """
        in_hand = int(self._writer.in_hand_s() * SECOND)
        head = self._writer.head.sequence
        late = [fold for fold in self._folding.folds.values() if self._folding.lags(fold, head)]
        if not late:
            return in_hand
        with self.reading() as connection:
            pending = [
                reads.oldest_beyond(connection, map(str, fold.kinds), self._folding.cursor(fold.name)) for fold in late
            ]
        ages = [self._writer.clock() - recorded_at for recorded_at in pending if recorded_at is not None]
        return max([in_hand, *ages])

    def health(self) -> Health:
        """Say how the ledger is: what is queued, late, degraded, read-only."""
        trouble = self._writer.read_only
        faults = tuple(self._folding.faults.values())
        return Health(
            state="read_only" if trouble else "degraded" if faults else "ok",
            sequence=self._writer.head.sequence,
            waiting_facts=self._writer.waiting_facts(),
            oldest_unprocessed_age_us=self.oldest_unprocessed_age(),
            read_only=trouble.title if trouble else "",
            degraded=faults,
        )

    def rebuild(self, names: Sequence[str] | None = None) -> list[Rebuilt]:
        """Drop projections and make them again from the facts; each is compared with what it was at the head."""
        rebuilt = []
        for fold in self._folding.named(names):
            before, after = self._writer.do(self._writer.rebuild(fold)).result()
            rebuilt.append(Rebuilt(fold.name, before, after, equal=before == after))
        return rebuilt

    def projection_digest(self, name: str) -> str:
        """Hash all rows of a fold's tables in the order of their primary keys (SHA-256, hexadecimal)."""
        (fold,) = self._folding.named([name])
        with self.reading() as connection:
            return projection_digest(connection, fold)

    def copy(self, file: Path) -> None:
        """Write a consistent copy of the database into a new file, while others append."""
        self._storage.copy(file)

    def announce(self, address: str) -> None:
        """Write into the home where the server that holds it answers (empty: nowhere)."""
        head = self.head()
        self._lock.announce(Holder(os.getpid(), head.home_id, str(self.home.resolve()), address))


def _make_home(path: Path) -> None:
    """Make the folder, for its owner only, and its entry durable."""
    if path.is_dir():
        return
    try:
        path.mkdir(mode=0o700, parents=True)
        sync(path.parent)
    except OSError as fault:
        title = f"The home {path} cannot be made: {fault.strerror}."
        raise refuse("no_home", title, where="--home", fix="Name a folder that you may write to.") from fault
