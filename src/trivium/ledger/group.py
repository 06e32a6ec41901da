"""One transaction of the writer: many requests enter, each whole or not at all, under one new head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from trivium.facts.fact import Fact, Receipt, RecordedFact
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.ledger.entry import Entry, entries_of
from trivium.ledger.merkle import Frontier, leaf_hash
from trivium.ledger.storage import HeadRow, NewFact, Storage

Receipts = list[Receipt]
Within = Callable[[Any, Sequence[RecordedFact]], None]
Decide = Callable[[Any], Sequence[Fact]]
Answered = Callable[[Any, Sequence[Receipt]], None]
Check = Callable[[Any], object]
FoldInside = Callable[[Connection, Sequence[RecordedFact]], None]
Pair = tuple[str, str]


class Wish(msgspec.Struct, frozen=True):
    """What one request wants: facts already at hand, or a decision that gives them.

    `check` refuses facts at hand by what stands before them; no other facts at hand change what it looks at. `within`
    runs beside facts that are newly written, `answered` after all and whether or not there are any; it only reads.
    """

    entries: Sequence[Entry] = ()
    decide: Decide | None = None
    within: Within | None = None
    answered: Answered | None = None
    check: Check | None = None

    @property
    def plain(self) -> bool:
        """Say that the request's facts may go in together with those of others: they are new, known, or refused."""
        return self.decide is None and self.within is None and self.answered is None


class Group:
    """The facts of one transaction. Receipts hold only once the transaction has committed."""

    def __init__(self, storage: Storage, connection: Connection, now: int, fold: FoldInside) -> None:
        self._storage = storage
        self._connection = connection
        self._fold = fold
        self._start = storage.head(connection)
        self._recorded_at = max(now, self._start.recorded_at)
        self._leaves: list[bytes] = []

    def take(self, wishes: Sequence[Wish], *, careful: bool) -> list[Receipts | Exception]:
        """Enter requests in order and give each its receipts or its refusal.

        Runs of plain requests go in together, and decisions, which only read before their facts are entered, without a
        savepoint. `careful` gives every request one, so that a fold that raises refuses one request and not the group.
        """
        answers: list[Receipts | Exception] = []
        run: list[Wish] = []
        for wish in wishes:
            if wish.plain and not careful:
                run.append(wish)
                continue
            answers += self._enter(run)
            run = []
            answers.append(self._enter_alone(wish) if careful or wish.within else self._enter_lightly(wish))
        answers += self._enter(run)
        assert len(answers) == len(wishes), "every request has its answer"
        return answers

    def close(self) -> HeadRow:
        """Compute the tree over the group's facts and put the new head; gives the head that the commit makes true."""
        if not self._leaves:
            return self._start
        frontier = Frontier(self._start.sequence, self._start.frontier)
        frontier.extend(self._leaves)
        assert frontier.size == self._next - 1, "the tree has one leaf per fact"
        assert self._recorded_at >= self._start.recorded_at, "recording times never go back"
        head = HeadRow(self._start.home_id, frontier.size, self._recorded_at, frontier.root(), frontier.peaks())
        self._storage.put_head(self._connection, head)
        return head

    @property
    def _next(self) -> int:
        return self._start.sequence + len(self._leaves) + 1

    def _enter_alone(self, wish: Wish) -> Receipts | Exception:
        """Enter one request in a savepoint; whatever it raises, but trouble with the storage, is its own answer."""
        count = len(self._leaves)
        try:
            with self._connection.begin_nested():
                if wish.check is not None:
                    wish.check(self._connection)
                receipts, new = self._decided(wish)
                self._insert(new)
                if wish.within is not None and new:
                    wish.within(self._connection, [one.recorded for one in new])
                if wish.answered is not None:
                    wish.answered(self._connection, receipts)
                return receipts
        except Exception as fault:
            if self._storage.trouble(fault):
                raise
            del self._leaves[count:]
            return fault

    def _enter_lightly(self, wish: Wish) -> Receipts | Exception:
        """Enter one decision; what it refuses is its answer, and a fault after its facts are entered is the group's."""
        try:
            receipts, new = self._decided(wish)
        except Exception as fault:
            if self._storage.trouble(fault):
                raise
            return fault
        self._insert(new)
        if wish.answered is not None:
            wish.answered(self._connection, receipts)
        return receipts

    def _decided(self, wish: Wish) -> tuple[Receipts, list[NewFact]]:
        """Give a request's receipts and what is new among its facts; writes nothing."""
        entries = wish.entries if wish.decide is None else entries_of(wish.decide(self._connection))
        new: list[NewFact] = []
        return self._admit(entries, self._known([entries]), new), new

    def _enter(self, run: Sequence[Wish]) -> list[Receipts | Exception]:
        """Enter each request's facts, all or none; a check or a conflict of keys refuses only its request."""
        if not run:
            return []
        known = self._known([wish.entries for wish in run])
        new: list[NewFact] = []
        answers: list[Receipts | Exception] = []
        for wish in run:
            try:
                if wish.check is not None:
                    wish.check(self._connection)
                answers.append(self._admit(wish.entries, known, new))
            except ProblemError as refusal:
                answers.append(refusal)
        self._insert(new)
        return answers

    def _known(self, batch: Sequence[Sequence[Entry]]) -> dict[Pair, RecordedFact]:
        """Find which of the facts stand already."""
        pairs = [(entry.fact.source, entry.fact.key) for entries in batch for entry in entries]
        return dict(self._storage.known(self._connection, pairs))

    def _admit(self, entries: Sequence[Entry], known: dict[Pair, RecordedFact], new: list[NewFact]) -> Receipts:
        """Give numbers to what is new among one request's facts."""
        staged: dict[Pair, NewFact] = {}
        receipts: Receipts = []
        for entry in entries:
            fact = entry.fact
            pair = (fact.source, fact.key)
            there = known.get(pair) or _recorded(staged, pair)
            if there is not None:
                receipts.append(_repeat(there, fact))
                continue
            sequence = self._next + len(new) + len(staged)
            recorded = RecordedFact(sequence=sequence, recorded_at=self._recorded_at, fact=fact)
            leaf = leaf_hash(sequence, self._recorded_at, fact, entry.body_hash)
            staged[pair] = NewFact(recorded, leaf)
            receipts.append(Receipt(sequence, written=True))
        assert len(receipts) == len(entries), "every fact has its receipt"
        for pair, one in staged.items():
            known[pair] = one.recorded
            new.append(one)
        return receipts

    def _insert(self, new: Sequence[NewFact]) -> None:
        if not new:
            return
        assert new[0].recorded.sequence == self._next, "sequences have no gaps"
        assert new[-1].recorded.sequence == self._next + len(new) - 1, "nor are any left out"
        self._storage.insert(self._connection, new)
        self._leaves += [one.leaf for one in new]
        self._fold(self._connection, [one.recorded for one in new])


def _recorded(staged: Mapping[Pair, NewFact], pair: Pair) -> RecordedFact | None:
    one = staged.get(pair)
    return one.recorded if one else None


def _repeat(there: RecordedFact, fact: Fact) -> Receipt:
    """Give the receipt of a fact that stands already; refuses the same key with other content."""
    old = there.fact
    if (old.kind, old.subject, old.happened_at, old.body) == (fact.kind, fact.subject, fact.happened_at, fact.body):
        return Receipt(there.sequence, written=False)
    raise refuse(
        "key_conflict",
        f"The key {shown(fact.key)} of source {shown(fact.source)} stands as fact {there.sequence} with other content.",
        status=409,
        where="key",
        fix="Send the same content again, or use a new key.",
    )
