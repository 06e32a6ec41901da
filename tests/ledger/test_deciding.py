"""Commands that answer, facts with a check: refused alone, in order, and never half written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select

from tests.ledger.facts_made import fact
from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError, refuse
from trivium.ledger.book import Ledger

METADATA = MetaData()
SEEN = Table("seen", METADATA, Column("sequence", Integer, primary_key=True), Column("key", Text))


class SeenFold:
    """Keeps the keys of all facts; refuses, after it has written, a fact whose key ends in `bad`."""

    name, version, inside, kinds = "seen", 1, True, frozenset(Kind)

    def create(self, connection: Any) -> None:
        METADATA.create_all(connection)

    def drop(self, connection: Any) -> None:
        METADATA.drop_all(connection)

    def apply(self, connection: Any, facts: Sequence[RecordedFact]) -> None:
        for one in facts:
            connection.execute(insert(SEEN), {"sequence": one.sequence, "key": one.fact.key})
            if one.fact.key.endswith("bad"):
                raise ValueError("a fold that raises")


class Count:
    """A command that states the next number, and tells how many then stand."""

    def __init__(self, refused: str = "") -> None:
        self.refused, self.stands, self.decided = refused, -1, 0

    def decide(self, connection: Any) -> Sequence[Fact]:
        self.decided += 1
        if self.refused:
            raise refuse("refused", self.refused, where="here", fix="nothing")
        return [fact(len(keys_in(connection)) + 1)]

    def answer(self, connection: Any) -> None:
        self.stands = len(keys_in(connection))


def keys_in(connection: Any) -> list[str]:
    return list(connection.execute(select(SEEN.c.key).order_by(SEEN.c.sequence)).scalars())


def must_stand(key: str) -> Callable[[Any], object]:
    def check(connection: Any) -> None:
        if key not in keys_in(connection):
            raise refuse("absent", f"{key} does not stand", where="key", fix="state it first")

    return check


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with Ledger.open(tmp_path / "home", folds=[SeenFold()]) as opened:
        yield opened


def test_a_command_hears_what_its_facts_made(ledger: Ledger) -> None:
    commands = [Count(), Count(), Count()]

    async def all_at_once() -> None:
        await asyncio.gather(*map(ledger.execute_async, commands))

    asyncio.run(all_at_once())
    assert sorted(command.stands for command in commands) == [1, 2, 3]
    assert [one.fact.key for one in ledger.read()] == ["key-1", "key-2", "key-3"]


def test_a_refused_command_leaves_its_neighbours_alone(ledger: Ledger) -> None:
    commands = [Count(), Count("no"), Count()]

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*map(ledger.execute_async, commands), return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    assert [isinstance(one, ProblemError) for one in outcomes] == [False, True, False]
    assert ledger.head().sequence == 2
    assert (commands[0].stands, commands[2].stands) == (1, 2)


def test_a_check_sees_what_was_decided_before_it_and_refuses_alone(ledger: Ledger) -> None:
    async def all_at_once() -> list[Any]:
        early = ledger.append_async([fact(8)], check=must_stand("key-1"))
        decided = ledger.execute_async(Count())
        late = ledger.append_async([fact(9)], check=must_stand("key-1"))
        return await asyncio.gather(early, decided, late, return_exceptions=True)

    early, _, late = asyncio.run(all_at_once())
    assert isinstance(early, ProblemError)
    assert [one.written for one in late] == [True]
    assert [one.fact.key for one in ledger.read()] == ["key-1", "key-9"]


@pytest.mark.parametrize("decides", [True, False])
def test_a_fold_that_raises_after_writing_refuses_one_request_and_keeps_nothing_of_it(
    ledger: Ledger, decides: bool
) -> None:
    class Bad(Count):
        def decide(self, connection: Any) -> Sequence[Fact]:
            return [bad()]

    async def all_at_once() -> list[Any]:
        first = ledger.execute_async(Count())
        worst = ledger.execute_async(Bad()) if decides else ledger.append_async([bad()], check=lambda _: None)
        last = ledger.append_async([fact(7)], check=must_stand("key-1"))
        return await asyncio.gather(first, worst, last, return_exceptions=True)

    first, worst, last = asyncio.run(all_at_once())
    assert isinstance(worst, ValueError)
    assert (first[0].written, last[0].written) == (True, True)
    with ledger.reading() as connection:
        assert keys_in(connection) == ["key-1", "key-7"]
    assert [one.sequence for one in ledger.read()] == [1, 2]


def test_the_newest_fact_of_some_kinds_is_known(ledger: Ledger) -> None:
    assert ledger.newest(frozenset(Kind)) == 0
    ledger.append([fact(1), fact(2, kind=Kind.MONTH_CLOSED), fact(3)])
    assert ledger.newest({Kind.MONTH_CLOSED}) == 2
    assert ledger.newest({Kind.MONTH_CLOSED, Kind.LINEAGE_EVENT}) == 3
    assert ledger.newest({Kind.RUN_CREATED}) == 0


def bad() -> Fact:
    made = fact(5)
    return Fact(
        kind=made.kind,
        subject=made.subject,
        happened_at=made.happened_at,
        source=made.source,
        key="bad",
        body=made.body,
    )
