"""What was made out of the graph and holds until the part of the graph that it stands on changes.

Most events tell of runs; titles, owners, names and the ways between jobs and datasets stay. So each kept value has the
marks of the tables that it was read from: as long as they are equal it is as good as read again. A mark is read once
for each state of the graph. Values live as long as the database that they were read from.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Final, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text

Made = TypeVar("Made")
_HEAD: Final = text("SELECT coalesce(max(sequence), 0) FROM graph_head")
_NO_RUN: Final = "(name < 'run:' OR name >= 'run;')"
_MARKS: Final = {
    "declared": text("SELECT count(*), count(statement), coalesce(sum(sequence), 0) FROM graph_declared"),
    "merged": text(f"SELECT count(*), coalesce(sum(sequence), 0) FROM graph_merges WHERE {_NO_RUN}"),
    "linked": text(
        "SELECT count(*), coalesce(sum(first_at / 1000000), 0), coalesce(sum(first_at % 1000000), 0) FROM graph_links"
    ),
    "tried": text("SELECT count(*) FROM graph_trials"),
    "paired": text(f"SELECT count(*) FROM graph_merges WHERE NOT {_NO_RUN}"),
    "asked": text("SELECT count(*) FROM graph_asked"),
    "described": text(
        "SELECT count(*), coalesce(sum(sequence), 0), coalesce(sum(at / 1000000), 0), coalesce(sum(at % 1000000), 0)"
        " FROM graph_descriptions WHERE field IN ('job_type', 'owners', 'documentation', 'tag:trivium:life')"
    ),
    "named": text(
        "SELECT count(*), count(first_at), coalesce(sum(named), 0), coalesce(max(id), 0) FROM graph_names"
        " WHERE kind IN ('dataset', 'job', 'experiment', 'model', 'endpoint', 'product', 'team', 'resource')"
    ),
}
"""What changes whenever the rows do that a value was read from: each column of theirs only grows, or only shrinks.

Instants are summed in seconds and what is left of a second, so that no sum leaves 64 bits.
"""


class _Shelf:
    """The values of one database, each with the state and the marks that it was made at."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.values: dict[str, tuple[Hashable, object, object]] = {}
        self.marks: dict[str, tuple[Hashable, Hashable]] = {}


_shelves: WeakKeyDictionary[Engine, _Shelf] = WeakKeyDictionary()
_shelving = threading.Lock()


def kept(
    connection: Connection,
    name: str,
    marks: tuple[str, ...],
    make: Callable[[Connection], Made],
    more: Callable[[Connection], object] | None = None,
) -> Made:
    """Give the value kept under a name, or make it when what it stands on has changed.

    `marks` are names of marks; `more` gives what else it depends on. What is given must not be changed.
    """
    shelf = _shelf_of(connection)
    with shelf.lock:
        state = _state(connection)
        known = shelf.values.get(name)
        if known is None or known[0] != state:
            mark = (tuple(_mark(shelf, connection, state, one) for one in marks), more and more(connection))
            value = known[2] if known is not None and known[1] == mark else make(connection)
            known = shelf.values[name] = (state, mark, value)
        return cast("Made", known[2])


def _shelf_of(connection: Connection) -> _Shelf:
    with _shelving:
        return _shelves.setdefault(connection.engine, _Shelf())


def _state(connection: Connection) -> Hashable:
    """Name the state of the graph that a connection reads: the last fact folded, and what it changed itself."""
    changes = getattr(connection.connection.driver_connection, "total_changes", 0)
    return connection.execute(_HEAD).scalar_one(), changes


def _mark(shelf: _Shelf, connection: Connection, state: Hashable, name: str) -> Hashable:
    known = shelf.marks.get(name)
    if known is None or known[0] != state:
        known = shelf.marks[name] = (state, tuple(connection.execute(_MARKS[name]).one()))
    return known[1]
