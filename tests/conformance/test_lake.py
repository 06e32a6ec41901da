"""What every engine of the lake must do, and must not; a new engine adds itself to `ENGINES`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.intake.focus.bills import csv_of, row
from trivium.facts.problem import ProblemError
from trivium.finops.imports import ImportReport, import_focus
from trivium.lake.duckdb_engine import DuckDBEngine
from trivium.lake.engine import Engine
from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger

ENGINES: dict[str, Callable[[Path], Engine]] = {"duckdb": lambda folder: DuckDBEngine(folder, folder / "scratch")}
LARGE = "39999999999999999999.999999999999999998"
LEAST = Decimal("0.000000000000000001")


class Home:
    """A ledger and a lake with one engine."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder = folder / "home" / "lake"
        (self.folder / "scratch").mkdir(parents=True)
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.engine = ENGINES[engine](self.folder)
        self.ledger = Ledger.open(folder / "home", folds=[Manifest()])
        self.lake = Lake(self.folder, self.ledger.reading, self.engine)

    def bring(self, name: str, *rows: dict[str, str], add: bool = False) -> ImportReport:
        path = self.outside / name
        path.write_bytes(csv_of(rows))
        return import_focus(path, ledger=self.ledger, lake=self.lake, add=add)


@pytest.fixture(params=sorted(ENGINES))
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path, request.param)
    yield made
    made.lake.close()
    made.ledger.close()


FORBIDDEN = {
    "writes": "COPY (SELECT 1) TO '{inside}/x.csv'",
    "writes_outside": "COPY (SELECT 1) TO '{outside}/x.csv'",
    "attaches": "ATTACH '{inside}/x.db' AS other",
    "installs": "INSTALL httpfs",
    "loads": "LOAD httpfs",
    "sets": "SET memory_limit = '100GB'",
    "resets": "RESET memory_limit",
    "opens_up": "SET enable_external_access = true",
    "pragma": "PRAGMA threads = 64",
    "creates": "CREATE TABLE held AS SELECT 1",
    "views": "CREATE VIEW charges AS SELECT 1",
    "drops": "DROP VIEW charges",
    "inserts": "INSERT INTO charges SELECT * FROM charges",
    "deletes": "DELETE FROM charges",
    "exports": "EXPORT DATABASE '{outside}/x'",
    "calls": "CALL pragma_version()",
    "two": "SELECT 1; SELECT 2",
    "two_with_set": "SELECT 1; SET memory_limit = '100GB'",
    "nothing": "",
    "blank": "  -- nothing\n",
}


@pytest.mark.parametrize("kind", sorted(FORBIDDEN))
def test_anything_but_one_select_is_refused_with_a_sentence(home: Home, kind: str) -> None:
    before = sorted(home.folder.rglob("*"))
    sql = FORBIDDEN[kind].format(inside=home.folder, outside=home.outside)
    for ask in (home.lake.query, home.lake.query_arrow):
        with pytest.raises(ProblemError) as fault:
            ask(sql)
        assert fault.value.problem.code == "bad_query"
    assert (sorted(home.folder.rglob("*")), list(home.outside.iterdir())) == (before, [])


REACHES = {
    "passwd": "SELECT * FROM read_text('/etc/passwd')",
    "passwd_blob": "SELECT * FROM read_blob('/etc/passwd')",
    "passwd_csv": "SELECT * FROM read_csv('/etc/passwd')",
    "bare_name": "SELECT * FROM '/etc/passwd'",
    "parquet": "SELECT * FROM read_parquet('{outside}/secret.parquet')",
    "climbs": "SELECT * FROM read_parquet('{inside}/../../outside/secret.parquet')",
    "lists": "SELECT * FROM glob('{outside}/*')",
    "ledger": "SELECT * FROM read_blob('{inside}/../ledger.db')",
    "sibling": "SELECT * FROM read_blob('{inside}-other/secret')",
    "network": "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
}


@pytest.mark.parametrize("kind", sorted(REACHES))
def test_nothing_outside_the_lake_is_read(home: Home, kind: str) -> None:
    pq.write_table(pa.table({"secret": ["s"]}), home.outside / "secret.parquet")
    other = home.folder.with_name("lake-other")
    other.mkdir()
    (other / "secret").write_text("s")
    with pytest.raises(Exception, match=r"(?i)permission|disabled|not allowed|cannot access|does not exist") as fault:
        home.lake.query(REACHES[kind].format(inside=home.folder, outside=home.outside))
    assert "root:" not in str(fault.value)


def test_variables_of_the_program_are_not_tables(home: Home) -> None:
    held = pa.table({"a": [1]})
    with pytest.raises(Exception, match="held"):
        home.lake.query("SELECT * FROM held")
    assert held.num_rows == 1


def test_parameters_are_values_and_never_sql(home: Home) -> None:
    for text in ("1); DROP VIEW charges; --", "it's '; DROP VIEW charges; --"):
        assert home.lake.query("SELECT ?", [text]) == [(text,)]
        assert home.lake.query_arrow("SELECT ? AS said", [text])["said"].to_pylist() == [text]


def test_decimals_are_exact_to_the_last_digit(home: Home) -> None:
    home.bring("a.csv", row(BilledCost=LARGE, EffectiveCost=f"{LEAST:f}"), row(BilledCost="-0.1"))
    home.bring("b.csv", row(BilledCost=f"{LEAST:f}", EffectiveCost="0.2"))
    rows = home.lake.query("SELECT BilledCost FROM charges ORDER BY 1")
    assert rows == [(Decimal("-0.1"),), (LEAST,), (Decimal(LARGE),)]
    [(billed, effective)] = home.lake.query("SELECT sum(BilledCost), sum(EffectiveCost) FROM charges")
    assert (billed, effective) == (Decimal("39999999999999999999.899999999999999999"), Decimal("1.200000000000000001"))
    assert isinstance(billed, Decimal)
    arrow = home.lake.query_arrow("SELECT BilledCost FROM charges")
    assert arrow.schema.field(0).type == pa.decimal128(38, 18)


def test_an_empty_lake_has_every_relation_with_the_columns_of_a_full_one(home: Home) -> None:
    names = ("charges", "charges_history", "batches", "resources")
    empty = {name: home.lake.query_arrow(f"SELECT * FROM {name} WHERE false").schema for name in names}
    assert [home.lake.query(f"SELECT count(*) FROM {name}") for name in names] == [[(0,)]] * 4
    home.bring("a.csv", row())
    for name in names:
        full = home.lake.query_arrow(f"SELECT * FROM {name} WHERE false").schema
        assert sorted((field.name, str(field.type)) for field in full) == sorted(
            (field.name, str(field.type)) for field in empty[name]
        )
    assert [home.lake.query(f"SELECT count(*) FROM {name}") for name in names] == [[(1,)]] * 4


def test_relations_are_read_as_of_a_sequence(home: Home) -> None:
    first = home.bring("a.csv", row(), row(BillingAccountId="7", BilledCost="5")).sequence
    second = home.bring("a.csv", row(BilledCost="10")).sequence
    third = home.bring("a.csv", row(BilledCost="20"), add=True).sequence
    assert first is not None
    ask = "SELECT sum(BilledCost) FROM charges"
    answers = [home.lake.query(ask, as_of=at) for at in (first - 1, first, second, third, None)]
    assert answers == [[(total and Decimal(total),)] for total in (None, "6.25", "15", "35", "35")]


def test_history_knows_an_end_only_from_the_sequence_that_made_it(home: Home) -> None:
    first = home.bring("a.csv", row()).sequence
    second = home.bring("a.csv", row(BilledCost="10")).sequence
    ask = "SELECT BilledCost, since_sequence, until_sequence FROM charges_history ORDER BY since_sequence"
    assert home.lake.query(ask, as_of=first) == [(Decimal("1.25"), first, None)]
    assert home.lake.query(ask) == [(Decimal("1.25"), first, second), (Decimal(10), second, None)]


def test_a_question_that_fails_leaves_the_engine_usable(home: Home) -> None:
    with pytest.raises(Exception, match="nowhere"):
        home.lake.query("SELECT * FROM nowhere")
    assert home.lake.query("SELECT 1") == [(1,)]


def test_questions_at_the_same_time_each_see_their_own_sequence(home: Home) -> None:
    sequences = [home.bring("a.csv", row(BilledCost=f"{number}")).sequence for number in (1, 2, 3)]
    wrong: list[object] = []
    start = threading.Barrier(6)

    def ask(number: int) -> None:
        start.wait(10)
        try:
            for _ in range(10):
                found = home.lake.query("SELECT sum(BilledCost) FROM charges", as_of=sequences[number])
                if found != [(Decimal(number + 1),)]:
                    wrong.append(found)
        except Exception as fault:
            wrong.append(fault)

    threads = [threading.Thread(target=ask, args=(number % 3,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert not any(thread.is_alive() for thread in threads)
