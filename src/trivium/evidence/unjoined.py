"""What could not be joined, and how much of a month's money hangs on it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec
import numpy as np
from sqlalchemy import Connection

from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.books import Books, MonthBook
from trivium.finops.drawn import drawn
from trivium.finops.statement import Line
from trivium.graph.alike import Alike
from trivium.graph.assets import declared_keys, directory
from trivium.graph.unmatched import (
    WITHOUT_JOB,
    Unmatched,
    count_jobless,
    jobless,
    runs_heard,
    runs_like,
    unmatched,
)

UNALLOCATED = "unallocated"
OWNING = frozenset({"team", "product"})
KNOWN = frozenset({"dataset", "job", "endpoint", "model", "experiment"}) | OWNING


class Unjoined(msgspec.Struct, frozen=True, kw_only=True):
    """A name that is joined to nothing: `kind` is resource, service, rule, or an asset's; `line` would join it."""

    name: str
    kind: str
    why: str
    money: Decimal
    suggestions: tuple[str, ...] = ()
    line: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be joined, most money first.

    `rows` hold every name on which money rests, so that `total` = Σ money of the rows is the money of all; of runs
    without job and money they hold only the first. `count` counts all names; `charges` is what the month counts.
    """

    rows: tuple[Unjoined, ...]
    total: Decimal
    count: int
    charges: Decimal


def unjoined(connection: Connection, books: Books, month: Period, limit: int = 10_000) -> Report:
    """List the names that stand alone, with the money of a month that rests on them.

    Of runs without a job the first `limit` are listed, and all that have money.
    """
    book = books.of(month)
    lined = drawn(books, month, "asset").lines
    rows: list[Unjoined] = []
    if book is not None:
        known = {one.key for one in directory(connection).assets if one.kind in KNOWN}
        rows = [*_unallocated(book), *_unknown(connection, lined, known), *_unheard(connection, book)]
    lines = {line.account: line.amount for line in lined}
    named = {row.name for row in rows}
    alone, left_out = _alone(connection, books, lines, limit)
    rows += [_stands_alone(one, lines.get(one.name, Decimal(0))) for one in alone if one.name not in named]
    rows.sort(key=lambda row: (-abs(row.money), row.kind, row.name))
    return Report(
        rows=tuple(rows),
        total=add(*(row.money for row in rows)),
        count=len(rows) + left_out,
        charges=book.total if book is not None else Decimal(0),
    )


def _alone(connection: Connection, books: Books, lines: Iterable[str], limit: int) -> tuple[list[Unmatched], int]:
    """List the names of the graph that stand alone, and count the runs without a job that are left out."""
    found = unmatched(connection, limit, books.flows)
    listed = {one.name for one in found if one.reason == WITHOUT_JOB}
    if len(listed) < limit:
        return found, 0
    charged = jobless(connection, [key for key in lines if key.startswith("run:") and key not in listed])
    found += [Unmatched(run, WITHOUT_JOB) for run in sorted(charged)]
    return found, count_jobless(connection) - len(listed) - len(charged)


def _stands_alone(found: Unmatched, money: Decimal) -> Unjoined:
    return Unjoined(
        name=found.name,
        kind=kind_of(found.name),
        why=found.reason,
        suggestions=found.suggestions,
        money=money,
        line=_alias(found.name, found.suggestions),
    )


def _unallocated(book: MonthBook) -> list[Unjoined]:
    """Split what rests in `unallocated` by the resource, else the service, that was charged."""
    entries, network = book.network.entries, book.network
    places = {int(place) for place in np.unique(network.place[entries.node]) if book.key(int(place)) == UNALLOCATED}
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in np.flatnonzero(np.isin(network.place[entries.node], sorted(places))).tolist():
        columns = book.charges[int(entries.group[row])].columns
        resource = columns.get("ResourceId") or ""
        name = resource or columns.get("ServiceName") or "charges without resource and service"
        sums["resource" if resource else "service", str(name)] += int(entries.amount[row])
    return [_charged(kind, name, book.money(units)) for (kind, name), units in sorted(sums.items()) if units]


def _charged(kind: str, name: str, money: Decimal) -> Unjoined:
    quoted = msgspec.json.encode(name).decode()
    if kind == "resource":
        why = "charged, but no run, job, endpoint or dataset uses it, and no tag says whose it is"
        line = f'[[resource]]\nid = {quoted}\nused_by = ["job:NAMESPACE/NAME"]'
    else:
        why = "charged without a resource and without a tag"
        line = f'[[rule]]\nname = {quoted}\nmatch = {{ ServiceName = {quoted} }}\nto = "shared"'
    return Unjoined(name=name, kind=kind, why=why, money=money, line=line)


def _unknown(connection: Connection, lines: Iterable[Line], known: set[str]) -> list[Unjoined]:
    """List the assets that only a charge's tag names."""
    named = [line for line in lines if ":" in line.account and line.account not in known]
    runs = {line.account for line in named if kind_of(line.account) == "run"}
    heard = runs_heard(connection, runs) | declared_keys(connection)
    alike, rows = Alike(known), []
    for line in named:
        kind = kind_of(line.account)
        if line.account in heard:
            continue
        near = runs_like(connection, line.account) if kind == "run" else alike.to(line.account)
        rows.append(Unjoined(
            name=line.account, kind=kind, money=line.amount, suggestions=near,
            why="a charge's tag names it, but " + ("nobody declared it" if kind in OWNING else "no event does"),
            line=_declaration(kind, line.account) if kind in OWNING else _alias(line.account, near),
        ))  # fmt: skip
    return rows


def _unheard(connection: Connection, book: MonthBook) -> list[Unjoined]:
    """List the runs that charges name and that nobody has told of: what they were charged waits as `running`."""
    waiting = dict[str, int]()
    for tank, units in book.poured.carried().items():
        if tank.kind == "running":
            waiting[tank.holder] = waiting.get(tank.holder, 0) + units
    heard = runs_heard(connection, waiting) | declared_keys(connection) if waiting else set()
    return [
        Unjoined(
            name=run,
            kind="run",
            why="charged, but no event tells of this run",
            money=book.money(units),
            suggestions=(near := runs_like(connection, run)),
            line=_alias(run, near),
        )
        for run, units in sorted(waiting.items())
        if run not in heard
    ]


def _declaration(kind: str, key: str) -> str:
    """Write the lines that declare a team or product."""
    return f"[[{kind}]]\nname = {msgspec.json.encode(key.partition(':')[2]).decode()}"


def _alias(name: str, near: tuple[str, ...]) -> str:
    """Write the line that makes a name mean the likeliest asset."""
    if not near:
        return ""
    return f"[[alias]]\nname = {msgspec.json.encode(name).decode()}\nmeans = {msgspec.json.encode(near[0]).decode()}"
