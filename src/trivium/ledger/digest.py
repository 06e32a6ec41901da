"""Whether two states of a projection are the same, byte for byte: one hash over all its rows."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import sqlalchemy
from sqlalchemy import Connection, MetaData, Table, inspect, select

from trivium.facts.protocols import Fold


def projection_digest(connection: Connection, fold: Fold) -> str:
    """Hash every row of a fold's tables: tables by name, rows in the order of the primary key, values as stored.

    A table without a primary key is ordered by all its columns. The result is SHA-256 in hexadecimal.
    """
    digest = sha256()
    for name in fold_tables(fold):
        table = Table(name, MetaData(), autoload_with=connection)
        columns = [sqlalchemy.type_coerce(column, sqlalchemy.types.NullType()) for column in table.columns]
        order = list(table.primary_key.columns) or list(table.columns)
        digest.update(msgspec.msgpack.encode([name, [str(column.name) for column in table.columns]]))
        for row in connection.execute(select(*columns).order_by(*order)):
            digest.update(msgspec.msgpack.encode(tuple(row)))
    return digest.hexdigest()


def fold_tables(fold: Fold) -> list[str]:
    """List the tables that a fold makes, by making them in an empty database in memory."""
    engine = sqlalchemy.create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            fold.create(connection)
            return sorted(inspect(connection).get_table_names())
    finally:
        engine.dispose()
