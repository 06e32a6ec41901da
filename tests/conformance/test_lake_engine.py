"""What every engine below the lake must do with SQL and views; a new engine adds itself to `ENGINES`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trivium.facts.problem import ProblemError
from trivium.lake.duckdb_engine import DuckDBEngine
from trivium.lake.engine import Engine

ENGINES: dict[str, Callable[[Path], Engine]] = {"duckdb": lambda folder: DuckDBEngine(folder, folder / "scratch")}
MONEY = pa.decimal128(38, 18)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lake = tmp_path / "home" / "lake"
    (lake / "scratch").mkdir(parents=True)
    (tmp_path / "home" / "ledger.db").write_text("secret")
    (tmp_path / "home" / "lake-too").mkdir()
    (tmp_path / "home" / "lake-too" / "a.csv").write_text("secret")
    return lake


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    made = ENGINES[request.param](folder)
    yield made
    made.close()


@pytest.fixture
def views(folder: Path) -> dict[str, str]:
    """A file of amounts, times and texts, as a relation named `charges`."""
    table = pa.table(
        {
            "amount": pa.array([Decimal("0.000000000000000001"), Decimal("99999999999999999.5"), None], MONEY),
            "at": pa.array([0, 1, None], pa.int64()).view(pa.timestamp("us")),
            "text": pa.array(["a", "b'; --", None]).dictionary_encode(),
        }
    )
    path = folder / "a'b.parquet"
    pq.write_table(table, path)
    return {"charges": "SELECT * FROM read_parquet('" + str(path).replace("'", "''") + "')"}


def test_decimals_sum_exactly_and_come_as_decimals(engine: Engine, views: dict[str, str]) -> None:
    [(total,)] = engine.query("SELECT sum(amount) FROM charges", (), views)
    assert total == Decimal("99999999999999999.500000000000000001")


def test_times_come_as_utc_without_a_zone(engine: Engine, views: dict[str, str]) -> None:
    rows = engine.query('SELECT "at" FROM charges ORDER BY "at" NULLS LAST', (), views)
    epoch = datetime.datetime(1970, 1, 1)
    assert rows == [(epoch,), (epoch + datetime.timedelta(microseconds=1),), (None,)]


def test_parameters_are_values_and_never_sql(engine: Engine, views: dict[str, str]) -> None:
    assert engine.query("SELECT count(*) FROM charges WHERE text = ?", ["b'; --"], views) == [(1,)]
    assert engine.query("SELECT count(*) FROM charges WHERE text = ?", ["' OR 1=1 --"], views) == [(0,)]


def test_arrow_keeps_the_decimal_type(engine: Engine, views: dict[str, str]) -> None:
    table = engine.query_arrow("SELECT amount FROM charges", (), views)
    assert (table.num_rows, table.schema.field("amount").type) == (3, MONEY)


def test_a_view_lives_for_one_question(engine: Engine, views: dict[str, str]) -> None:
    engine.query("SELECT 1 FROM charges", (), views)
    with pytest.raises(ProblemError) as fault:
        engine.query("SELECT 1 FROM charges", (), {})
    assert fault.value.problem.code == "bad_query"


def test_questions_from_several_threads_do_not_meet(engine: Engine) -> None:
    def ask(number: int) -> list[tuple[int]]:
        return engine.query("SELECT n FROM numbers", (), {"numbers": f"SELECT {number} AS n"})

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(64))) == [[(number,)] for number in range(64)]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{outside}/x.csv'",
        "COPY (SELECT 1) TO '{inside}/x.csv'",
        "ATTACH '{outside}/ledger.db'",
        "ATTACH '{inside}/x.db'",
        "EXPORT DATABASE '{inside}'",
        "INSTALL httpfs",
        "LOAD sqlite",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "PRAGMA database_list",
        "CREATE TABLE t AS SELECT 1",
        "CREATE SECRET s (TYPE s3)",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO '{inside}/x.csv'",
        "",
        "-- nothing",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('{outside}/ledger.db')",
        "SELECT * FROM '{outside}/ledger.db'",
        "SELECT * FROM read_text('{inside}/../ledger.db')",
        "SELECT * FROM read_text('{outside}/lake-too/a.csv')",
        "SELECT * FROM sqlite_scan('{outside}/ledger.db', 'facts')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "SELECT * FROM folder",
        "SELECT getenv('HOME')",
        "SELEKT 1",
        "SELECT nothing FROM nowhere",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{inside}/x.csv''')",
    ],
)
def test_what_is_not_a_question_about_the_lake_is_refused(engine: Engine, folder: Path, sql: str) -> None:
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(ProblemError) as fault:
        engine.query(sql.format(inside=folder, outside=folder.parent), (), {})
    assert fault.value.problem.code == "bad_query"
    assert "secret" not in fault.value.problem.sentence()
    assert sorted(folder.parent.rglob("*")) == before


def test_a_missing_file_is_said(engine: Engine, folder: Path) -> None:
    with pytest.raises(ProblemError) as fault:
        engine.query("SELECT * FROM charges", (), {"charges": f"SELECT * FROM read_parquet('{folder}/gone.parquet')"})
    assert (fault.value.problem.code, fault.value.problem.status) == ("lake_file", 500)


def test_a_sum_that_does_not_fit_is_refused_and_not_wrapped(engine: Engine) -> None:
    view = {"charges": "SELECT CAST('99999999999999999999' AS DECIMAL(38,18)) AS amount FROM range(9)"}
    with pytest.raises(ProblemError):
        engine.query("SELECT sum(amount) FROM charges", (), view)
