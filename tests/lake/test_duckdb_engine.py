"""DuckDB itself is locked, below the engine that takes only SELECT."""

from __future__ import annotations

import duckdb
import pytest

from trivium.facts.problem import ProblemError
from trivium.lake.duckdb_engine import DuckDBEngine, _refusal


@pytest.fixture
def bare(tmp_path):
    """The engine's own connection, without the guard in front of it."""
    engine = DuckDBEngine(tmp_path, tmp_path / "scratch", memory_mb=64, threads=1)
    yield engine._connection
    engine.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SET enable_external_access = true", "SET allowed_directories = ['/']", "SET memory_limit = '100GB'",
        "SET temp_directory = '/tmp'", "SET python_enable_replacements = true", "RESET lock_configuration",
        "SET lock_configuration = false", "SET autoload_known_extensions = true", "COPY (SELECT 1) TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'", "INSTALL httpfs", "LOAD sqlite", "SELECT * FROM read_text('/etc/passwd')",
    ],
)  # fmt: skip
def test_nothing_unlocks_it(bare, sql):
    with pytest.raises(duckdb.Error):
        bare.execute(sql)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("enable_external_access", False), ("lock_configuration", True), ("autoinstall_known_extensions", False),
        ("autoload_known_extensions", False), ("python_enable_replacements", False), ("threads", 1),
    ],
)  # fmt: skip
def test_its_settings_are_those_of_the_design(bare, setting, value):
    assert bare.execute(f"SELECT current_setting('{setting}')").fetchall() == [(value,)]


def test_a_python_variable_is_no_table(bare):
    import pyarrow as pa

    rows = pa.table({"a": [1]})
    assert rows.num_rows == 1
    with pytest.raises(duckdb.CatalogException):
        bare.execute("SELECT * FROM rows")


def test_memory_is_bounded(bare):
    with pytest.raises(duckdb.Error):
        bare.execute("SELECT list(range) FROM range(100000000)").fetchall()


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (duckdb.IOException('IO Error: Could not write file "x": No space left on device'), "disk_full", 503),
        (duckdb.IOException("IO Error: No files found"), "lake_file", 500),
        (duckdb.OutOfMemoryException("too much"), "lake_memory", 503),
        (duckdb.InternalException("INTERNAL Error"), "internal", 500),
        (duckdb.ConversionException("Conversion Error"), "internal", 500),
        (duckdb.BinderException("Binder Error"), "bad_query", 500),
    ],
)
def test_a_fault_of_the_engine_is_no_fault_of_who_asks(fault, code, status):
    problem = _refusal(fault).problem
    assert (problem.code, problem.status) == (code, status)


def test_a_value_that_cannot_be_converted_is_a_fault_of_our_own(tmp_path):
    engine = DuckDBEngine(tmp_path, tmp_path / "scratch", memory_mb=64, threads=1)
    with pytest.raises(ProblemError) as fault:
        engine.query("SELECT CAST(? AS INTEGER)", ["x"], {})
    engine.close()
    assert (fault.value.problem.code, fault.value.problem.status) == ("internal", 500)
