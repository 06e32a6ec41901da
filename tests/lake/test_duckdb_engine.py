"""DuckDB itself is locked, below the engine that takes only SELECT."""

from __future__ import annotations

import duckdb
import pytest

from trivium.lake.duckdb_engine import DuckDBEngine


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
