"""Rows go through one statement as SQLAlchemy would send them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, text

from trivium.ledger.direct import put_many

ROWS: list[dict[str, Any]] = [
    {"b": "it's :a", "a": 1, "unused": object()}, {"a": -(2**63), "b": ""}, {"a": 0, "b": None},
]  # fmt: skip


@pytest.mark.parametrize("style", ["qmark", "named"])
def test_rows_arrive_whatever_the_dialect_calls_its_parameters(style: str) -> None:
    engine = create_engine("sqlite://", paramstyle=style)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER, b TEXT, c INTEGER)")
        put_many(connection, text("INSERT INTO t (b, a, c) VALUES (:b, :a, :a)"), [{**row, "c": 5} for row in ROWS[1:]])
        put_many(connection, text("INSERT INTO t (a) VALUES (:a)"), ({"a": number} for number in (7, 8)))
        put_many(connection, text("INSERT INTO t (a) VALUES (:a)"), [])
        found = connection.exec_driver_sql("SELECT a, b, c FROM t ORDER BY rowid").all()
    assert [tuple(row) for row in found] == [
        (-(2**63), "", -(2**63)), (0, None, 0), (7, None, None), (8, None, None),
    ]  # fmt: skip


def test_a_row_without_a_parameter_is_an_error() -> None:
    with create_engine("sqlite://").begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER, b TEXT)")
        with pytest.raises(KeyError):
            put_many(connection, text("INSERT INTO t (a, b) VALUES (:a, :b)"), [{"a": 1}])
