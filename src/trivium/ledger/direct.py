"""Many rows through one statement, and single rows out of one, at the driver's own speed.

SQLAlchemy builds a set of parameters for every row, which costs ten times what SQLite takes to write it. Here a
statement is compiled once for the connection's dialect, and rows go to the driver as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, TextClause


def put_many(connection: Connection, statement: TextClause, rows: Iterable[dict[str, Any]]) -> None:
    """Execute a statement with named parameters once for each row; nothing happens for none.

    Rows hold what the driver takes (integers, texts, bytes, None) and may hold more than the statement names.
    """
    listed = list(rows)
    if listed:
        sql, shaped = _compiled(statement, connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(sql, list(map(shaped, listed)))
        finally:
            cursor.close()


def fetch(connection: Connection, statement: TextClause, **values: Any) -> list[Any]:
    """Give the rows of one SELECT with named parameters, as the driver has them: tuples."""
    sql, shaped = _compiled(statement, connection.dialect)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, shaped(values))
        return list(cursor.fetchall())
    finally:
        cursor.close()


@lru_cache(maxsize=256)
def _compiled(statement: TextClause, dialect: Dialect) -> tuple[str, Callable[[dict[str, Any]], Any]]:
    """Compile a statement, and give what makes the driver's parameters of a row."""
    compiled = statement.compile(dialect=dialect)
    names = compiled.positiontup
    if names is None:
        return str(compiled), dict
    if len(names) < 2:
        return str(compiled), lambda row: tuple([row[name] for name in names])
    return str(compiled), itemgetter(*names)
