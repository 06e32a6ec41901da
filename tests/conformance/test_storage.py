"""What every storage engine of the ledger must do; a new engine adds itself to `ENGINES`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, inspect, select

from tests.ledger.facts_made import fact
from trivium.facts.fact import RecordedFact
from trivium.facts.problem import ProblemError
from trivium.ledger import tables
from trivium.ledger.merkle import EMPTY_ROOT
from trivium.ledger.migrate import NEWEST, _run_revisions
from trivium.ledger.rows import facts_of
from trivium.ledger.sqlite import SQLiteStorage
from trivium.ledger.storage import HeadRow, NewFact, Storage

ENGINES: dict[str, Callable[[Path], Storage]] = {"sqlite": lambda folder: SQLiteStorage(folder / "ledger.db")}


@pytest.fixture(params=sorted(ENGINES))
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    made = ENGINES[request.param](tmp_path)
    made.migrate("home-1")
    yield made
    made.close()


def new(number: int) -> NewFact:
    return NewFact(RecordedFact(sequence=number, recorded_at=number, fact=fact(number)), bytes(32))


def count(storage: Storage) -> int:
    with storage.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.facts)).scalar_one())


def test_a_new_database_has_an_empty_head(storage: Storage) -> None:
    with storage.reading() as connection:
        assert storage.head(connection) == HeadRow("home-1", 0, 0, EMPTY_ROOT, b"")


def test_migrating_again_changes_nothing(storage: Storage) -> None:
    head = HeadRow("home-1", 3, 5, b"r" * 32, b"f" * 64)
    with storage.writing() as connection:
        storage.put_head(connection, head)
    storage.migrate("home-2")
    with storage.reading() as connection:
        assert storage.head(connection) == head


def test_the_newest_revision_is_the_one_that_the_code_names(storage: Storage) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


def test_the_migrated_tables_are_those_that_the_code_describes(storage: Storage) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with storage.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_all_revisions_make_the_tables_of_a_new_database(storage: Storage, tmp_path: Path) -> None:
    """A new database is made without running the revisions: it must be the same as if they had been run."""
    other = ENGINES[storage.name](tmp_path / "other")
    (tmp_path / "other").mkdir()
    with other.writing() as connection:
        _run_revisions(connection, "")
    other.migrate("home-2")
    assert _schema(other) == _schema(storage)
    other.close()


def _schema(storage: Storage) -> dict[str, object]:
    with storage.reading() as connection:
        found = inspect(connection)
        return {
            table: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(table)],
                found.get_pk_constraint(table)["constrained_columns"],
                found.get_indexes(table),
                found.get_unique_constraints(table),
            )
            for table in sorted(found.get_table_names())
        }


def test_a_database_of_a_newer_version_is_refused(storage: Storage) -> None:
    with storage.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ProblemError, match="newer version"):
        storage.migrate("home-1")


@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 200, 1_000])
def test_any_number_of_facts_is_inserted_and_known(storage: Storage, size: int) -> None:
    facts = [new(number) for number in range(1, size + 1)]
    with storage.writing() as connection:
        storage.insert(connection, facts)
    pairs = [("test", f"key-{number}") for number in range(size + 10)]
    with storage.writing() as connection:
        known = storage.known(connection, pairs)
        read = facts_of(connection.execute(select(tables.facts).order_by(tables.facts.c.sequence)))
    assert read == [one.recorded for one in facts]
    assert known == {("test", one.recorded.fact.key): one.recorded for one in facts}


def test_a_pair_is_known_only_as_a_whole(storage: Storage) -> None:
    with storage.writing() as connection:
        storage.insert(connection, [new(1)])
        assert storage.known(connection, [("test", "key-2"), ("other", "key-1"), ("key-1", "test")]) == {}
        assert list(storage.known(connection, [("test", "key-1"), ("test", "key-1")])) == [("test", "key-1")]


def insert_and_fail(storage: Storage, connection: Connection, one: NewFact) -> None:
    storage.insert(connection, [one])
    raise RuntimeError("planted")


def test_an_exception_rolls_everything_back(storage: Storage) -> None:
    with pytest.raises(RuntimeError, match="planted"), storage.writing() as connection:
        insert_and_fail(storage, connection, new(1))
    assert count(storage) == 0


def test_a_savepoint_rolls_back_alone(storage: Storage) -> None:
    with storage.writing() as connection:
        storage.insert(connection, [new(1)])
        with pytest.raises(RuntimeError, match="planted"), connection.begin_nested():
            insert_and_fail(storage, connection, new(2))
        storage.insert(connection, [new(3)])
    with storage.reading() as connection:
        assert connection.execute(select(tables.facts.c.sequence)).scalars().all() == [1, 3]


def test_the_same_sequence_or_pair_cannot_stand_twice(storage: Storage) -> None:
    with storage.writing() as connection:
        storage.insert(connection, [new(1)])
    same_key = NewFact(RecordedFact(sequence=2, recorded_at=2, fact=fact(1)), bytes(32))
    for twice in (new(1), same_key):
        with pytest.raises(Exception, match=r"(?i)unique") as refused, storage.writing() as connection:
            storage.insert(connection, [twice])
        assert storage.trouble(refused.value) == ""
    assert count(storage) == 1


def test_readers_see_one_moment_and_cannot_write(storage: Storage) -> None:
    with storage.reading() as connection:
        with storage.writing() as other:
            storage.insert(other, [new(1)])
        assert connection.execute(select(func.count()).select_from(tables.facts)).scalar() == 0
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            connection.execute(tables.facts.delete())


def test_many_readers_read_while_one_writes(storage: Storage) -> None:
    seen: list[int] = []
    start = threading.Barrier(9)

    def read() -> None:
        start.wait(10)
        seen.extend(count(storage) for _ in range(20))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    start.wait(10)
    for number in range(1, 40):
        with storage.writing() as connection:
            storage.insert(connection, [new(number)])
    for thread in threads:
        thread.join()
    assert len(seen) == 160
    assert set(seen) <= set(range(40))


def test_texts_and_bodies_come_back_byte_for_byte(storage: Storage) -> None:
    hostile = ["", "a'b\"c", "\u202e\u200b", "🚰" * 50, "%s ? :x", "\x01\x7f"]
    bodies = [b"", bytes(range(256)), b"\x00" * 5_000, "é".encode("latin-1")]
    with storage.writing() as connection:
        made = [
            NewFact(
                RecordedFact(
                    sequence=place, recorded_at=-place, fact=fact(place, source=text or "s", body=bodies[place % 4])
                ),
                bytes(32),
            )
            for place, text in enumerate(hostile, start=1)
        ]
        storage.insert(connection, made)
    with storage.reading() as connection:
        read = facts_of(connection.execute(select(tables.facts).order_by(tables.facts.c.sequence)))
    assert read == [one.recorded for one in made]


def test_a_copy_is_whole_and_apart(storage: Storage, tmp_path: Path) -> None:
    with storage.writing() as connection:
        storage.insert(connection, [new(number) for number in range(1, 50)])
    storage.copy(tmp_path / "copy.db")
    with storage.writing() as connection:
        storage.insert(connection, [new(50)])
    copied = SQLiteStorage(tmp_path / "copy.db")
    assert count(copied) == 49
    copied.close()


def test_after_recovering_the_writer_writes(storage: Storage) -> None:
    storage.recover()
    with storage.writing() as connection:
        storage.insert(connection, [new(1)])
    storage.recover()
    storage.recover()
    with storage.writing() as connection:
        storage.insert(connection, [new(2)])
    assert count(storage) == 2
