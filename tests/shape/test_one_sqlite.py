"""Can a second SQLite library come into a process and silently lose committed rows of the ledger?

Only the standard library's sqlite3 may open the ledger's file (design.md §6): file locks of POSIX belong to the
process, so a second library that closes its own handle drops the locks of the first.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("apsw", "pysqlite3", "pysqlite3-binary", "aiosqlite", "libsql", "adbc-driver-sqlite", "sqlcipher3", "chdb")
SECOND = re.compile(
    r"sqlite_(?:scan|attach|scanner)\b|\bTYPE\s+SQLITE\b|\b(?:INSTALL|LOAD)\s+'?sqlite|^\s*(?:import|from)\s+"
    r"(?:apsw|pysqlite3|aiosqlite|libsql|adbc_driver_sqlite|sqlcipher3|chdb)\b|sqlite\+(?!pysqlite\b)\w+:",
    re.IGNORECASE | re.MULTILINE,
)


def test_no_source_opens_sqlite_through_anything_else() -> None:
    sources = sorted((ROOT / "src").rglob("*.py"))
    assert len(sources) > 50
    found = {path.name: match[0] for path in sources if (match := SECOND.search(path.read_text(encoding="utf-8")))}
    assert found == {}


def test_no_second_sqlite_is_installed() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE))
    assert packages.isdisjoint(LIBRARIES)


@pytest.mark.parametrize(
    "line",
    [
        "connection.execute(\"ATTACH 'ledger.db' (TYPE sqlite)\")",
        "SELECT * FROM sqlite_scan('ledger.db', 'facts')",
        "INSTALL sqlite",
        "LOAD 'sqlite'",
        "import apsw",
        "    from adbc_driver_sqlite import dbapi",
        'create_engine("sqlite+aiosqlite:///ledger.db")',
    ],
)
def test_a_second_one_is_seen(line: str) -> None:
    assert SECOND.search(line)


@pytest.mark.parametrize(
    "line", ["import sqlite3", 'create_engine("sqlite+pysqlite:///x")', "sqlite_master", "sqlite.py"]
)
def test_the_one_is_allowed(line: str) -> None:
    assert not SECOND.search(line)
