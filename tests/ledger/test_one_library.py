"""Only the standard library's sqlite3 opens the ledger's file: a second SQLite in the process loses committed rows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = re.compile(
    r"\b(apsw|pysqlite3|pysqlcipher3?|sqlcipher3|aiosqlite|adbc_driver_sqlite|sqlite_scanner|sqlite_attach)\b"
    r"|\b(INSTALL|LOAD)\s+'?sqlite|\bTYPE\s+'?sqlite|pysqlite_numeric",
    re.IGNORECASE,
)


def offences(text: str) -> list[str]:
    return [found.group(0) for found in FORBIDDEN.finditer(text)]


def test_no_source_names_another_sqlite() -> None:
    found = {str(path): offences(path.read_text()) for path in (ROOT / "src").rglob("*.py")}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "text", ["import apsw", "ATTACH 'x.db' AS l (TYPE sqlite)", "INSTALL sqlite", "load 'sqlite'", "sqlite_scanner"]
)
def test_the_words_above_are_found(text: str) -> None:
    assert offences(text)


def test_no_other_sqlite_is_locked() -> None:
    names = {
        line.partition("==")[0].strip()
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if "==" in line
    }
    assert not names & {"apsw", "pysqlite3", "pysqlite3-binary", "aiosqlite", "adbc-driver-sqlite", "sqlcipher3"}


def test_a_process_with_ledger_and_duckdb_holds_one_sqlite(tmp_path: Path) -> None:
    """DuckDB must not have its sqlite extension, and one SQLite library at most may be mapped."""
    code = (
        "import sys, pathlib, duckdb, pyarrow.parquet\n"
        "from trivium.ledger.book import Ledger\n"
        "with Ledger.open(pathlib.Path(sys.argv[1])) as ledger:\n"
        "    maps = pathlib.Path('/proc/self/maps').read_text()\n"
        "    rows = duckdb.sql('SELECT extension_name, loaded FROM duckdb_extensions()').fetchall()\n"
        "mapped = {line.split()[-1] for line in maps.splitlines() if 'libsqlite' in line}\n"
        "assert len(mapped) <= 1, mapped\n"
        "assert not [name for name, loaded in rows if loaded and 'sqlite' in name], rows\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
