"""The ledger's laws, on random histories: twice adds nothing, no gaps in any grouping, rebuilt is equal."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, select

from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError
from trivium.ledger.book import Ledger
from trivium.ledger.merkle import leaf_hash, tree_root
from trivium.ledger.verify import verify

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
NAMED = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=4)
FACTS = st.builds(
    Fact,
    kind=st.sampled_from(sorted(Kind)),
    subject=TEXT,
    happened_at=st.integers(-(10**15), 10**17),
    source=st.sampled_from(["a", "b"]),
    key=NAMED,
    body=st.binary(max_size=40),
    actor=TEXT,
)
CALLS = st.lists(st.lists(FACTS, max_size=4), max_size=12)
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Newest:
    """A fold that depends on the order: the last body of each subject, and how many there were."""

    version = 1
    kinds = frozenset(Kind)

    def __init__(self, name: str, *, inside: bool) -> None:
        self.name, self.inside, self.metadata = name, inside, MetaData()
        columns = Column("subject", Text, primary_key=True), Column("count", Integer), Column("body", Text)
        self.table = Table(name, self.metadata, *columns)

    def create(self, connection: Any) -> None:
        self.metadata.create_all(connection)

    def drop(self, connection: Any) -> None:
        self.metadata.drop_all(connection)

    def apply(self, connection: Any, facts: Sequence[RecordedFact]) -> None:
        for one in facts:
            values = (one.fact.subject, one.fact.body.hex(), one.fact.body.hex())
            statement = (
                f"INSERT INTO {self.name} VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET count = count + 1, body = ?"
            )
            connection.exec_driver_sql(statement, values)


def appended(ledger: Ledger, calls: Sequence[Sequence[Fact]]) -> list[list[int] | str]:
    """Append call by call; gives sequences, or the refusal's code."""
    answers: list[list[int] | str] = []
    for facts in calls:
        try:
            answers.append([one.sequence for one in ledger.append(facts)])
        except ProblemError as refused:
            answers.append(refused.problem.code)
    return answers


def expected(calls: Sequence[Sequence[Fact]]) -> tuple[list[list[int] | str], list[Fact]]:
    """Say what a ledger must answer and hold, by the rule alone."""
    held: list[Fact] = []
    answers: list[list[int] | str] = []
    for facts in calls:
        tried, answer = list(held), []
        for one in facts:
            same = [place for place, old in enumerate(tried) if (old.source, old.key) == (one.source, one.key)]
            if same and content(tried[same[0]]) != content(one):
                answers.append("key_conflict")
                break
            if not same:
                tried.append(one)
            answer.append(same[0] + 1 if same else len(tried))
        else:
            answers.append(answer)
            held = tried
    return answers, held


def content(one: Fact) -> tuple[Any, ...]:
    return one.kind, one.subject, one.happened_at, one.body


@LAWS
@given(CALLS)
def test_a_ledger_answers_as_the_rule_says_and_twice_adds_nothing(calls: list[list[Fact]]) -> None:
    answers, held = expected(calls)
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "home") as ledger:
        assert appended(ledger, calls) == answers
        head = ledger.head()
        read = ledger.read()
        assert [one.fact for one in read] == held
        assert [one.sequence for one in read] == list(range(1, len(held) + 1))
        again = appended(ledger, calls)
        assert [one for one, old in zip(again, answers, strict=True) if old != "key_conflict"] == [
            one for one in answers if one != "key_conflict"
        ]
        assert ledger.read(limit=len(held) + 100)[: len(held)] == read
        if "key_conflict" not in answers:
            assert ledger.head() == head
        leaves = [leaf_hash(one.sequence, one.recorded_at, one.fact, sha256(one.fact.body).digest()) for one in read]
        assert tree_root(leaves).hex() == head.root_hex
        assert verify(ledger.home).ok


@LAWS
@given(CALLS, st.integers(1, 5))
def test_any_grouping_gives_the_same_facts_without_gaps(calls: list[list[Fact]], workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "home") as ledger:
        written: list[int] = []

        def work(share: Sequence[Sequence[Fact]]) -> None:
            for future in [ledger.submit(facts) for facts in share]:
                if future.exception() is None:
                    written.extend(one.sequence for one in future.result() if one.written)

        threads = [threading.Thread(target=work, args=(calls[place::workers],)) for place in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(written) == list(range(1, len(written) + 1))
        assert [one.sequence for one in ledger.read(limit=10_000)] == sorted(written)
        pairs = {(one.fact.source, one.fact.key) for one in ledger.read(limit=10_000)}
        assert len(pairs) == len(written)
        assert verify(ledger.home).ok


@LAWS
@given(CALLS, st.lists(st.integers(0, 11), max_size=3))
def test_projections_are_the_same_however_the_facts_came_and_rebuild_equal(
    calls: list[list[Fact]], pauses: list[int]
) -> None:
    inside, pulled = Newest("inside", inside=True), Newest("pulled", inside=False)
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.open(Path(folder) / "home", folds=[inside, pulled]) as ledger:
            for place, facts in enumerate(calls):
                appended(ledger, [facts])
                if place in pauses:
                    ledger.catch_up(["pulled"])
            ledger.catch_up()
            with ledger.reading() as connection:
                rows = connection.execute(select(inside.table).order_by(inside.table.c.subject)).all()
                assert connection.execute(select(pulled.table).order_by(pulled.table.c.subject)).all() == rows
            digests = {name: ledger.projection_digest(name) for name in ("inside", "pulled", "tallies")}
            rebuilt = ledger.rebuild()
            assert all(one.equal for one in rebuilt)
            assert {one.fold: one.after for one in rebuilt} == digests
        with Ledger.open(Path(folder) / "home", folds=[Newest("inside", inside=True)]) as ledger:
            assert ledger.projection_digest("inside") == digests["inside"]
