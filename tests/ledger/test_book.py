"""The ledger's promises, one test each: durable, once, all or none, commands, folds, health."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select

from tests.ledger.facts_made import fact
from trivium.facts.fact import Fact, Receipt, RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError, refuse
from trivium.ledger.book import Ledger
from trivium.ledger.merkle import leaf_hash, tree_root


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "home") as opened:
        yield opened


def root_of(ledger: Ledger) -> str:
    """Compute the root from what can be read."""
    read = ledger.read(limit=10**6)
    leaves = [leaf_hash(one.sequence, one.recorded_at, one.fact, sha256(one.fact.body).digest()) for one in read]
    return tree_root(leaves).hex()


def test_appended_facts_read_back_unchanged_in_order(ledger: Ledger) -> None:
    facts = [fact(number, body=bytes([number]) * 3) for number in range(5)]
    assert ledger.append(facts) == [Receipt(number, written=True) for number in range(1, 6)]
    assert [one.fact for one in ledger.read()] == facts
    assert ledger.fact(3).fact == facts[2]
    assert ledger.head().sequence == 5
    assert ledger.head().root_hex == root_of(ledger)


def test_facts_are_read_by_their_sequences_at_once(ledger: Ledger) -> None:
    ledger.append([fact(number) for number in range(5)])
    assert [one.sequence for one in ledger.facts([4, 2, 9])] == [4, 2]
    assert ledger.facts([4, 2]) == [ledger.fact(4), ledger.fact(2)]


def test_the_home_is_for_its_owner_only_and_survives_reopening(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "home") as first:
        first.append([fact(1)])
        head = first.head()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    (tmp_path / "home" / "ledger.db").chmod(0o644)
    with Ledger.open(tmp_path / "home") as second:
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "home").glob("ledger.db*")}
        assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
        assert second.head() == head
        assert second.append([fact(1), fact(2)]) == [Receipt(1, written=False), Receipt(2, written=True)]


def test_a_repeat_adds_nothing_and_other_content_is_refused_alone(ledger: Ledger) -> None:
    ledger.append([fact(1)])
    futures = [ledger.submit([fact(1)]), ledger.submit([fact(1, body=b"other"), fact(9)]), ledger.submit([fact(2)])]
    assert futures[0].result() == [Receipt(1, written=False)]
    with pytest.raises(ProblemError) as refused:
        futures[1].result()
    assert (refused.value.problem.status, refused.value.problem.code) == (409, "key_conflict")
    assert "key-1" in refused.value.problem.title
    assert futures[2].result() == [Receipt(2, written=True)]
    assert ledger.head().sequence == 2


def test_a_repeat_within_one_call_is_known(ledger: Ledger) -> None:
    assert ledger.append([fact(1), fact(1)]) == [Receipt(1, written=True), Receipt(1, written=False)]


def test_the_same_key_of_another_source_is_another_fact(ledger: Ledger) -> None:
    ledger.append([fact(1)])
    assert ledger.append([fact(1, source="elsewhere")]) == [Receipt(2, written=True)]


def test_within_shares_the_transaction_and_its_failure_writes_nothing(ledger: Ledger) -> None:
    seen: list[int] = []

    def note(connection: Any, written: Sequence[RecordedFact]) -> None:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS notes (sequence INTEGER)")
        for one in written:
            connection.exec_driver_sql("INSERT INTO notes VALUES (?)", (one.sequence,))
            seen.append(one.sequence)
        if written[0].fact.key == "key-2":
            raise refuse("no", "not this one")

    ledger.append([fact(1)], within=note)
    with pytest.raises(ProblemError, match="not this one"):
        ledger.append([fact(2)], within=note)
    ledger.append([fact(1)], within=note)
    assert ledger.append([fact(3)], within=note) == [Receipt(2, written=True)]
    with ledger.reading() as connection:
        assert connection.exec_driver_sql("SELECT sequence FROM notes").scalars().all() == [1, 2]
    assert seen == [1, 2, 2]
    assert ledger.head().root_hex == root_of(ledger)


class Numbering:
    """A fold inside the transaction: the newest number of each subject."""

    name = "numbering"
    version = 1
    kinds = frozenset({Kind.VERSION_REGISTERED})
    inside = True
    metadata = MetaData()
    table = Table("numbering", metadata, Column("subject", Text, primary_key=True), Column("newest", Integer))

    def create(self, connection: Any) -> None:
        self.metadata.create_all(connection)

    def drop(self, connection: Any) -> None:
        self.metadata.drop_all(connection)

    def apply(self, connection: Any, facts: Sequence[RecordedFact]) -> None:
        for one in facts:
            statement = "INSERT INTO numbering VALUES (?, 1) ON CONFLICT DO UPDATE SET newest = newest + 1"
            connection.exec_driver_sql(statement, (one.fact.subject,))


class Register:
    """A command: the next version number of a name; refuses the fourth."""

    def __init__(self, name: str) -> None:
        self.name = name

    def decide(self, connection: Any) -> Sequence[Fact]:
        table = Numbering.table
        newest = connection.execute(select(table.c.newest).where(table.c.subject == self.name)).scalar() or 0
        if newest == 3:
            raise refuse("full", f"{self.name} has three versions already")
        key = f"{self.name}/{newest + 1}"
        return [
            Fact(kind=Kind.VERSION_REGISTERED, subject=self.name, happened_at=0, source="test", key=key, body=b"{}")
        ]


def test_each_command_sees_what_the_one_before_it_did(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, folds=[Numbering()]) as ledger:
        futures = [ledger.submit_command(Register("model:m")) for _ in range(5)] + [ledger.submit([fact(1)])]
        assert [future.result()[0].sequence for future in futures[:3]] == [1, 2, 3]
        for future in futures[3:5]:
            with pytest.raises(ProblemError, match="three versions"):
                future.result()
        assert futures[5].result() == [Receipt(4, written=True)]
        assert [one.fact.key for one in ledger.read(limit=3)] == ["model:m/1", "model:m/2", "model:m/3"]
        assert ledger.head().root_hex == root_of(ledger)


def test_many_threads_give_gapless_sequences(ledger: Ledger) -> None:
    receipts: list[Receipt] = []

    def work(start: int) -> None:
        for number in range(start, start + 40):
            receipts.extend(ledger.append([fact(number)]))

    threads = [threading.Thread(target=work, args=(start * 20,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.sequence for one in receipts if one.written) == list(range(1, 181))
    assert [one.sequence for one in ledger.read()] == list(range(1, 181))
    assert ledger.head().root_hex == root_of(ledger)


def test_an_event_loop_gets_its_answers(ledger: Ledger) -> None:
    async def ask() -> list[list[Receipt]]:
        mine = [ledger.append_async([fact(number)]) for number in range(10)]
        wrapped = [asyncio.wrap_future(ledger.submit([fact(number)])) for number in range(10)]
        return await asyncio.gather(*mine, *wrapped)

    answers = asyncio.run(ask())
    assert {one.sequence for receipts in answers for one in receipts} == set(range(1, 11))
    assert sum(one.written for receipts in answers for one in receipts) == 10


def test_another_process_or_opening_is_refused_while_the_home_is_held(tmp_path: Path) -> None:
    with Ledger.open(tmp_path), pytest.raises(ProblemError) as refused:
        Ledger.open(tmp_path)
    assert (refused.value.problem.status, refused.value.problem.code) == (423, "locked")
    Ledger.open(tmp_path).close()


def test_a_home_of_a_newer_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:

        def bump(connection: Any, written: object) -> None:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

        ledger.append([fact(1)], within=bump)
    with pytest.raises(ProblemError, match="newer version of Trivium") as refused:
        Ledger.open(tmp_path)
    assert refused.value.problem.code == "home_too_new"


class Log:
    """A pulling fold: one row per fact; raises at bodies that say so."""

    version = 1
    kinds = frozenset({Kind.LINEAGE_EVENT})
    inside = False

    def __init__(self, name: str = "log", version: int = 1) -> None:
        self.name = name
        self.version = version
        self.metadata = MetaData()
        self.table = Table(name, self.metadata, Column("key", Text, primary_key=True), Column("sequence", Integer))

    def create(self, connection: Any) -> None:
        self.metadata.create_all(connection)

    def drop(self, connection: Any) -> None:
        self.metadata.drop_all(connection)

    def apply(self, connection: Any, facts: Sequence[RecordedFact]) -> None:
        for one in facts:
            if self.name.encode() + b" raises" in one.fact.body:
                raise ValueError("this body cannot be folded")
            connection.execute(insert(self.table), {"key": one.fact.key, "sequence": one.sequence})

    def count(self, ledger: Ledger) -> int:
        with ledger.reading() as connection:
            return len(connection.execute(select(self.table)).all())


def test_catching_up_brings_folds_to_the_head(tmp_path: Path) -> None:
    log = Log()
    with Ledger.open(tmp_path, folds=[log]) as ledger:
        ledger.append([fact(number) for number in range(5_000)])
        assert ledger.catch_up() == 5_000
        assert log.count(ledger) == 5_000
        ledger.append([fact(5_001), fact(5_002, kind=Kind.ASSET_OWNED)])
        assert ledger.catch_up(["log"]) == 5_002
        assert log.count(ledger) == 5_001
        with pytest.raises(ProblemError, match="no projection"):
            ledger.catch_up(["absent"])


def test_folds_follow_unasked(tmp_path: Path) -> None:
    applied = threading.Event()

    class Watched(Log):
        def apply(self, connection: Any, facts: Sequence[RecordedFact]) -> None:
            super().apply(connection, facts)
            applied.set()

    with Ledger.open(tmp_path, folds=[Watched()]) as ledger:
        ledger.append([fact(1)])
        assert applied.wait(10)


def test_folds_take_turns_with_requests_that_never_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trivium.ledger.writer.LAG_SECONDS", 0.0)
    monkeypatch.setattr("trivium.ledger.writer.REST_SECONDS", 1e9)
    applied = threading.Event()

    class Watched(Log):
        def apply(self, connection: Any, facts: Sequence[RecordedFact]) -> None:
            super().apply(connection, facts)
            applied.set()

    with Ledger.open(tmp_path, folds=[Watched()]) as ledger:
        numbers = itertools.count()
        lock = threading.Lock()

        def flood() -> None:
            while not applied.is_set():
                with lock:
                    number = next(numbers)
                ledger.append([fact(number)])
                assert number < 20_000, "the fold waits for ever"

        threads = [threading.Thread(target=flood) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert applied.is_set()


def test_folds_wait_while_requests_keep_coming_and_are_young(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trivium.ledger.writer.LAG_SECONDS", 1e9)
    monkeypatch.setattr("trivium.ledger.writer.REST_SECONDS", 1e9)
    log = Log()
    with Ledger.open(tmp_path, folds=[log]) as ledger:

        def flood(first: int) -> None:
            for number in range(first, first + 100):
                ledger.append([fact(number)])

        threads = [threading.Thread(target=flood, args=(1_000 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ledger.cursors()["log"] == 0
        assert ledger.health().oldest_unprocessed_age_us > 0
        assert ledger.catch_up() == 400
        assert log.count(ledger) == 400


def test_a_fold_that_raises_is_shown_and_others_go_on(tmp_path: Path) -> None:
    bad, good = Log("bad"), Log("good")
    with Ledger.open(tmp_path, folds=[bad, good]) as ledger:
        ledger.append([fact(1), fact(2), fact(3, body=b"bad raises"), fact(4)])
        ledger.catch_up()
        assert (bad.count(ledger), good.count(ledger)) == (2, 4)
        health = ledger.health()
        assert health.state == "degraded"
        assert [(one.fold, one.sequence) for one in health.degraded] == [("bad", 3)]
        assert "cannot be folded" in health.degraded[0].sentence
        assert health.oldest_unprocessed_age_us > 0


def test_a_fold_inside_that_raises_refuses_only_its_request(tmp_path: Path) -> None:
    class Strict(Log):
        inside = True

    strict = Strict("strict")
    with Ledger.open(tmp_path, folds=[strict]) as ledger:
        futures = [
            ledger.submit([fact(number, body=b"strict raises" if number == 2 else b"")]) for number in range(1, 5)
        ]
        with pytest.raises(ValueError, match="cannot be folded"):
            futures[1].result()
        assert [futures[place].result()[0].sequence for place in (0, 2, 3)] == [1, 2, 3]
        assert strict.count(ledger) == 3
        assert ledger.head().root_hex == root_of(ledger)


def test_rebuilding_gives_equal_projections_and_a_new_version_starts_anew(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, folds=[Log()]) as ledger:
        ledger.append([fact(number) for number in range(50)])
        ledger.catch_up()
        before = ledger.projection_digest("log")
        rebuilt = {one.fold: one for one in ledger.rebuild()}
        assert rebuilt["log"].equal
        assert rebuilt["tallies"].equal
        assert rebuilt["log"].after == before == ledger.projection_digest("log")
        ledger.append([fact(51)], within=lambda connection, _: connection.exec_driver_sql("DELETE FROM log"))
        ledger.catch_up()
        assert not ledger.rebuild(["log"])[0].equal
    log = Log(version=2)
    with Ledger.open(tmp_path, folds=[log]) as ledger:
        ledger.catch_up()
        assert log.count(ledger) == 51
        assert ledger.append([fact(52)])[0].sequence == 52


def test_a_fold_goes_on_where_it_stood_after_reopening(tmp_path: Path) -> None:
    for start in (0, 10, 20):
        log = Log()
        with Ledger.open(tmp_path, folds=[log]) as ledger:
            ledger.append([fact(number) for number in range(start, start + 10)])
            ledger.catch_up()
            assert log.count(ledger) == start + 10
            assert ledger.health().state == "ok"
            assert ledger.cursors()["log"] == start + 10


@pytest.mark.parametrize("version", [1, 2])
def test_a_fold_that_leaves_the_transaction_or_misses_a_while_has_every_fact_once(tmp_path: Path, version: int) -> None:
    class Inside(Log):
        inside = True

    with Ledger.open(tmp_path, folds=[Inside()]) as ledger:
        ledger.append([fact(1), fact(2)])
    with Ledger.open(tmp_path) as ledger:
        ledger.append([fact(3)])
    later: list[Log] = [Log(version=version), Inside(version=version), Log(version=version)]
    for number, log in enumerate(later, start=4):
        with Ledger.open(tmp_path, folds=[log]) as ledger:
            ledger.append([fact(number)])
            ledger.catch_up()
            assert log.count(ledger) == number
            assert ledger.health().state == "ok"


def test_reading_by_kind_subject_and_from_the_end(ledger: Ledger) -> None:
    ledger.append(
        [fact(number, kind=Kind.ASSET_OWNED if number % 3 == 0 else Kind.LINEAGE_EVENT) for number in range(20)]
    )
    owned = ledger.read(kinds=[Kind.ASSET_OWNED])
    assert [one.sequence for one in owned] == [1, 4, 7, 10, 13, 16, 19]
    assert [one.sequence for one in ledger.read(after=4, limit=2, kinds=list(Kind))] == [5, 6]
    assert [one.sequence for one in ledger.read(subject="run:1")] == [2, 9, 16]
    assert [one.sequence for one in ledger.read(newest_first=True, limit=2)] == [20, 19]
    assert [one.sequence for one in ledger.read(after=19, newest_first=True, limit=2, kinds=list(Kind))] == [18, 17]
    assert ledger.counts_by_kind() == {"asset.owned": 7, "lineage.event": 13}
    heard = ledger.sources_heard()[0]
    assert (heard.source, heard.facts, heard.recorded_at) == ("test", 20, ledger.head().recorded_at)
    with pytest.raises(ProblemError, match="There is no fact 99"):
        ledger.fact(99)


def test_readers_cannot_write(ledger: Ledger) -> None:
    with ledger.reading() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM facts")


def test_a_snapshot_does_not_move(ledger: Ledger) -> None:
    ledger.append([fact(1)])
    with ledger.reading() as connection:
        ledger.append([fact(2)])
        assert connection.exec_driver_sql("SELECT count(*) FROM facts").scalar() == 1


def test_a_clock_that_goes_backwards_does_not_reorder_recording_times(tmp_path: Path) -> None:
    times = iter([1_000, 400, 2_000, 2_000, 2_000])
    with Ledger.open(tmp_path, clock=lambda: next(times)) as ledger:
        for number in range(3):
            ledger.append([fact(number)])
        assert [one.recorded_at for one in ledger.read()] == [1_000, 1_000, 2_000]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"subject": "run:\x00"}, "bad_text"),
        ({"key": "half \ud800"}, "bad_text"),
        ({"subject": "x" * 9_000}, "too_long"),
        ({"key": ""}, "bad_fact"),
        ({"happened_at": 2**62}, "bad_time"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_sentence(ledger: Ledger, bad: dict[str, Any], code: str) -> None:
    values: dict[str, Any] = {
        "kind": Kind.LINEAGE_EVENT,
        "subject": "run:1",
        "happened_at": 1,
        "source": "s",
        "key": "k",
    }
    with pytest.raises(ProblemError) as refused:
        ledger.append([Fact(body=b"{}", **(values | bad))])
    assert refused.value.problem.code == code
    assert ledger.head().sequence == 0


def test_too_much_waiting_is_refused_with_advice(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, release = threading.Event(), threading.Event()

    def hold(connection: Any, written: object) -> None:
        entered.set()
        release.wait(30)

    first = ledger.submit([fact(1)], within=hold)
    assert entered.wait(10)
    many = ledger.submit([fact(number) for number in range(2, 20_000)])
    with pytest.raises(ProblemError) as refused:
        ledger.submit([fact(30_000), fact(30_001), fact(30_002)])
    assert (refused.value.problem.status, refused.value.problem.code) == (503, "overloaded")
    assert refused.value.problem.retry_after_s > 0
    assert ledger.health().oldest_unprocessed_age_us > 0
    release.set()
    assert len(first.result() + many.result()) == 19_999


def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    pending = [ledger.submit([fact(number)]) for number in range(10)]
    ledger.close()
    assert [one.result()[0].sequence for one in pending] == list(range(1, 11))
    with pytest.raises(ProblemError, match="closed"):
        ledger.append([fact(99)])
