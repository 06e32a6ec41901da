"""The manifest says what holds at which sequence, and is the facts said again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from trivium.facts.deliveries import Batch, Delivery, LakeFile, encode_delivery
from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import ProblemError
from trivium.lake.manifest import BATCHES, DELIVERIES, FILES, Manifest, counts, delivery_of, newest_delivery, state


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        Manifest().create(connection)
        yield connection
    engine.dispose()


def delivery(sequence, first, parts, *, add=False):
    """A recorded delivery with one batch for each (account, source); batches are numbered from `first`."""
    batches = tuple(
        Batch(
            batch=first + place, issuer="Cloud", account=account, period=0, currency="EUR", source=source, rows=1,
            billed_cost="1", effective_cost="1",
        )
        for place, (account, source) in enumerate(parts)
    )  # fmt: skip
    file = LakeFile(path=f"charges/{sequence}.parquet", table="charges", rows=len(parts), bytes=1, sha256="00")
    body = encode_delivery(Delivery(add=add, sources=(), batches=batches, files=(file,), resources=sequence))
    fact = Fact(kind=Kind.CHARGES_IMPORTED, subject="", happened_at=0, source="focus", key=f"key-{sequence}", body=body)
    return RecordedFact(sequence=sequence, recorded_at=0, fact=fact)


def held(connection, sequence=None, *, history=False):
    return [row["batch"] for row in state(connection, sequence, history=history).batches]


def files(connection, sequence=None):
    return [row["path"] for row in state(connection, sequence).files]


def test_a_delivery_ends_the_batches_that_it_replaces(connection):
    Manifest().apply(connection, [delivery(3, 1, [("a", "f"), ("b", "f")]), delivery(8, 3, [("a", "f")])])
    assert (held(connection), held(connection, 7), held(connection, 8), held(connection, 2)) == (
        [2, 3], [1, 2], [2, 3], [],
    )  # fmt: skip
    assert held(connection, 8, history=True) == [1, 2, 3]


def test_a_file_ends_with_its_last_batch(connection):
    manifest = Manifest()
    manifest.apply(connection, [delivery(1, 1, [("a", "f"), ("b", "f")]), delivery(2, 3, [("a", "f")])])
    assert files(connection) == ["charges/1.parquet", "charges/2.parquet"]
    manifest.apply(connection, [delivery(3, 4, [("b", "f")])])
    assert files(connection) == ["charges/2.parquet", "charges/3.parquet"]
    assert files(connection, 2) == ["charges/1.parquet", "charges/2.parquet"]


def test_add_ends_nothing(connection):
    Manifest().apply(connection, [delivery(1, 1, [("a", "f")]), delivery(2, 2, [("a", "f")], add=True)])
    assert held(connection) == [1, 2]


def test_a_replacing_delivery_ends_what_was_added_too(connection):
    Manifest().apply(
        connection,
        [delivery(1, 1, [("a", "f")]), delivery(2, 2, [("a", "f")], add=True), delivery(3, 3, [("a", "f")])],
    )
    assert held(connection) == [3]


def test_the_same_fact_twice_is_entered_once(connection):
    Manifest().apply(connection, [delivery(1, 1, [("a", "f")])])
    Manifest().apply(connection, [delivery(1, 1, [("a", "f")])])
    assert (held(connection), delivery_of(connection, "key-1")) == ([1], 1)


def test_numbers_that_another_import_took_are_refused(connection):
    Manifest().apply(connection, [delivery(1, 1, [("a", "f")])])
    with pytest.raises(ProblemError) as fault:
        Manifest().apply(connection, [delivery(2, 1, [("b", "f")])])
    assert fault.value.problem.status == 503
    assert counts(connection).batches == 1


def test_other_kinds_are_left_alone(connection):
    other = RecordedFact(
        sequence=1,
        recorded_at=0,
        fact=Fact(kind=Kind.LINEAGE_EVENT, subject="", happened_at=0, source="s", key="k", body=b"{}"),
    )
    Manifest().apply(connection, [other])
    assert held(connection) == []


PARTS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("fg")), min_size=1, max_size=4, unique=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PARTS, st.booleans()), max_size=8), st.data())
def test_replayed_in_any_pieces_the_tables_are_the_same_and_the_past_stays(given_deliveries, data):
    facts, first = [], 1
    for sequence, (parts, add) in enumerate(given_deliveries, 1):
        facts.append(delivery(sequence, first, parts, add=add))
        first += len(parts)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        manifest = Manifest()
        manifest.create(connection)
        past = {}
        for fact in facts:
            manifest.apply(connection, [fact])
            past[fact.sequence] = held(connection)
        tables = [connection.execute(select(table)).all() for table in (FILES, BATCHES, DELIVERIES)]
        assert all(held(connection, sequence) == seen for sequence, seen in past.items())
        manifest.drop(connection)
        manifest.create(connection)
        cut = data.draw(st.integers(0, len(facts)))
        manifest.apply(connection, facts[:cut])
        manifest.apply(connection, facts[cut:])
        assert [connection.execute(select(table)).all() for table in (FILES, BATCHES, DELIVERIES)] == tables
    engine.dispose()


def test_the_newest_delivery_is_that_of_the_sequence_asked_about(connection):
    Manifest().apply(connection, [delivery(3, 1, [("a", "f")]), delivery(8, 2, [("a", "f")])])
    assert [newest_delivery(connection, sequence) for sequence in (2, 3, 7, 8, 9)] == [0, 3, 3, 8, 8]
