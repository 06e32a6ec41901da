"""Keeping projections up with the facts: cursors, batches, and what to do with a fold that raises."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy import delete as delete_from

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import refuse
from trivium.facts.protocols import Fold
from trivium.ledger.digest import projection_digest
from trivium.ledger.reads import newest_by_kind, read_batch
from trivium.ledger.storage import Storage
from trivium.ledger.tables import fold_cursors
from trivium.ledger.tallies import Tallies

BATCH_FACTS: Final = 500
FOLLOWS: Final = -1
"""The stored cursor of a fold inside the transaction: always at the head, so it need not be written each time."""


class FoldFault(msgspec.Struct, frozen=True):
    """A fold that raised: it stands still before fact `sequence` until the ledger is opened anew or it is rebuilt."""

    fold: str
    sequence: int
    sentence: str


class Folding:
    """All folds of one ledger. Every method that takes a connection runs in the writer's transaction.

    Cursors are kept in memory as well; `committed` or `rolled_back` must follow each transaction.
    """

    def __init__(self, storage: Storage, folds: Sequence[Fold]) -> None:
        self._storage = storage
        self.folds: dict[str, Fold] = {"tallies": Tallies()}
        for fold in folds:
            assert fold.name not in self.folds, f"two folds are called {fold.name}"
            self.folds[fold.name] = fold
        self.faults: dict[str, FoldFault] = {}
        self._cursors: dict[str, int] = {}
        self._staged: dict[str, int] = {}
        self._newest: dict[str, int] = {}
        self._staged_newest: dict[str, int] = {}

    def open(self, connection: Connection) -> None:
        """Make missing tables, start changed folds anew, and bring the folds inside up to the head.

        A stored cursor of `FOLLOWS` belongs to a fold that was inside until the head as it is now.
        """
        head = self._storage.head(connection).sequence
        stored = {row.name: (row.version, row.sequence) for row in connection.execute(select(fold_cursors))}
        self._staged_newest = newest_by_kind(connection)
        for name, (_, sequence) in stored.items():
            assert FOLLOWS <= sequence <= head, f"the fold {name} is not ahead of the facts"
            if sequence == FOLLOWS:
                self._store_cursor(connection, name, head)
        for name, fold in self.folds.items():
            version, sequence = stored.get(name, (None, 0))
            if version == fold.version:
                fold.create(connection)
                self._staged[name] = head if sequence == FOLLOWS else sequence
            else:
                self.restart(connection, fold)
        for name, fold in self.folds.items():
            if fold.inside:
                self._catch_up_fully(connection, fold, head)
                self._store_cursor(connection, name, FOLLOWS)

    def restart(self, connection: Connection, fold: Fold) -> None:
        """Empty a fold's tables and put its cursor at the beginning."""
        fold.drop(connection)
        fold.create(connection)
        connection.execute(delete_from(fold_cursors).where(fold_cursors.c.name == fold.name))
        connection.execute(fold_cursors.insert(), {"name": fold.name, "version": fold.version, "sequence": 0})
        self._staged[fold.name] = 0

    def fold_inside(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Fold facts that have just been appended into every fold inside the transaction."""
        assert facts, "there is something to fold"
        kinds = {recorded.fact.kind for recorded in facts}
        for fold in self.folds.values():
            if not fold.inside:
                continue
            wanted = facts if kinds <= fold.kinds else [one for one in facts if one.fact.kind in fold.kinds]
            if wanted:
                fold.apply(connection, wanted)
        for recorded in facts:
            self._staged_newest[recorded.fact.kind] = recorded.sequence

    def committed(self) -> None:
        """Take what the transaction did to cursors as true."""
        self._cursors |= self._staged
        self._newest |= self._staged_newest
        self._staged, self._staged_newest = {}, {}

    def rolled_back(self) -> None:
        """Forget what the transaction did to cursors."""
        self._staged, self._staged_newest = {}, {}

    def newest(self, kinds: Collection[Kind]) -> int:
        """Give the sequence of the newest fact of some kinds, 0 when there is none."""
        return max((self._newest.get(kind, 0) for kind in kinds), default=0)

    def cursor(self, name: str) -> int:
        """Say how far a fold has come; for a fold inside, how far it was brought when the ledger was opened."""
        return self._cursors.get(name, 0)

    def named(self, names: Collection[str] | None) -> list[Fold]:
        """Give the folds of these names, or all; refuses a name that is none."""
        for name in names or ():
            if name not in self.folds:
                raise refuse("unknown_fold", f"There is no projection {name!r}.", status=404, where="name")
        return [fold for name, fold in self.folds.items() if names is None or name in names]

    def behind(self, fold: Fold, to: int) -> bool:
        """Say whether a fold has yet to see a fact up to `to`, and can."""
        return fold.name not in self.faults and self.lags(fold, to)

    def lags(self, fold: Fold, to: int) -> bool:
        """Say whether a fold has yet to see a fact up to `to`; a fold inside has seen all."""
        cursor = self.cursor(fold.name)
        return not fold.inside and cursor < to and any(self._newest.get(kind, 0) > cursor for kind in fold.kinds)

    def step(self, connection: Connection, fold: Fold, to: int, limit: int = BATCH_FACTS) -> None:
        """Fold one batch and put the cursor behind it, both in the caller's transaction."""
        after = self._staged.get(fold.name, self.cursor(fold.name))
        facts, reach = read_batch(connection, [str(kind) for kind in fold.kinds], after, to, limit)
        assert after <= reach <= to, "a batch goes forward and not too far"
        if facts:
            fold.apply(connection, facts)
        self._put_cursor(connection, fold, reach)

    def step_singly(self, connection: Connection, fold: Fold, to: int) -> None:
        """Fold a batch fact by fact, after it has raised as a whole; stops before the fact that raises, and says so."""
        facts, reach = read_batch(
            connection, [str(kind) for kind in fold.kinds], self.cursor(fold.name), to, BATCH_FACTS
        )
        for recorded in facts:
            try:
                with connection.begin_nested():
                    fold.apply(connection, [recorded])
            except Exception as error:
                if self._storage.trouble(error):
                    raise
                self.fail(fold, recorded.sequence, error)
                reach = recorded.sequence - 1
                break
        self._put_cursor(connection, fold, reach)

    def fail(self, fold: Fold, sequence: int, error: Exception) -> None:
        """Note that a fold cannot go beyond the facts before `sequence`."""
        self.faults[fold.name] = FoldFault(fold.name, sequence, f"{type(error).__name__}: {error}")

    def rebuild(self, connection: Connection, fold: Fold) -> tuple[str, str]:
        """Make a fold's tables again from all facts up to the head; gives their digests before and after.

        The digest before is empty when the fold had raised: there is nothing to compare with.
        """
        head = self._storage.head(connection).sequence
        before = ""
        if fold.name not in self.faults:
            if not fold.inside:
                self._catch_up_fully(connection, fold, head)
            before = projection_digest(connection, fold)
        self.restart(connection, fold)
        self._catch_up_fully(connection, fold, head)
        if fold.inside:
            self._store_cursor(connection, fold.name, FOLLOWS)
        return before, projection_digest(connection, fold)

    def _put_cursor(self, connection: Connection, fold: Fold, sequence: int) -> None:
        assert sequence >= self._staged.get(fold.name, self.cursor(fold.name)), "a cursor never goes back"
        self._store_cursor(connection, fold.name, sequence)
        self._staged[fold.name] = sequence

    def _store_cursor(self, connection: Connection, name: str, sequence: int) -> None:
        connection.execute(fold_cursors.update().where(fold_cursors.c.name == name).values(sequence=sequence))

    def _catch_up_fully(self, connection: Connection, fold: Fold, to: int) -> None:
        while self._staged.get(fold.name, self.cursor(fold.name)) < to:
            self.step(connection, fold, to)
