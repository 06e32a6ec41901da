"""In what do two versions of models differ: params, metrics, the data they were made of, and what they took?"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from trivium.finops.books import Books
from trivium.finops.loaded import Loaded, loaded
from trivium.graph.identity import names_of
from trivium.graph.made import reads_of, runs_behind
from trivium.mlops.tracking.lookup import logged_among
from trivium.mlops.tracking.reading import RunRow, whole_runs
from trivium.mlops.tracking.records import Run


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two: the run that a client logged, what it said, the datasets behind it, and what it took."""

    version: str
    row: RunRow | None
    run: Run | None
    data: tuple[str, ...]
    cost: Loaded


def side(connection: Connection, books: Books, version: str, run_ids: tuple[str, ...] = ()) -> Side:
    """Tell of one version (by canonical key); `run_ids` are runs that a registry names."""
    flows = books.flows
    runs = runs_behind(flows, version)
    row = logged_among(connection, [*run_ids, *(name for one in runs for name in names_of(connection, one))])
    return Side(
        version=version,
        row=row,
        run=whole_runs(connection, [row])[0] if row else None,
        data=reads_of(flows, runs),
        cost=loaded(books, version),
    )
