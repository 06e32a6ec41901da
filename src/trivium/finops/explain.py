"""Where an asset's cost came from: the same pours backwards, down to charges, exact at every node.

Source: attribution.md §4, "Explain": a node's amount = Σ its parts + Σ its own charges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import msgspec
import numpy as np

from trivium.facts.instants import Instant
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.allocation import BASES
from trivium.finops.arrivals import Arrival, arrivals, sources
from trivium.finops.books import Books, MonthBook
from trivium.finops.network import Int32

ELSEWHERE = "…"
"""The part that stands for deeper paths, and for small parts beyond the limit."""
BUDGET = 5_000
"""Parts of one explanation: paths through a graph can be more than any page holds."""


class ChargeShare(msgspec.Struct, frozen=True, kw_only=True):
    """The share of a group of charges that ended here: one resource, service, period and basis."""

    resource: str
    service: str
    category: str
    start: Instant
    end: Instant
    rows: int
    basis: str
    amount: Decimal
    late: bool = False


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One asset in the explanation: `amount` = Σ `parts` + Σ `charges`, exactly. `basis` is the largest among them."""

    asset: str
    amount: Decimal
    basis: str = ""
    parts: tuple[Part, ...] = ()
    charges: tuple[ChargeShare, ...] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What poured into an asset, as a tree. `total` is the build of its loaded cost."""

    asset: str
    currency: str
    period: str
    total: Decimal
    parts: tuple[Part, ...]
    charges: tuple[ChargeShare, ...]
    unit: str = "nano"


def explain(books: Books, asset: str, month: Period | None = None, *, depth: int = 4, limit: int = 50) -> Explanation:
    """Explain what poured into an asset, `depth` assets deep, with the `limit` largest parts of each.

    An explanation has at most BUDGET parts; smaller parts leave the larger ones what they do not need of it.
    """
    asset = books.flows.names.get(asset, asset)
    again = arrivals(books, [asset])
    tree = _Tree(again, depth, limit)
    parts, charges = tree.open([
        (number, node, int(units))
        for number, arrival in enumerate(again) if month is None or arrival.book.month == month
        for node, units in _arrived(arrival)
    ], asset, 0, BUDGET)  # fmt: skip
    total = add(*(part.amount for part in parts), *(charge.amount for charge in charges))
    return Explanation(
        asset=asset, currency=books.currency, period=str(month) if month else "to date", total=total, parts=parts,
        charges=charges, unit=books.unit(month),
    )  # fmt: skip


def _arrived(arrival: Arrival) -> list[tuple[int, int]]:
    """Give the asset's nodes with what arrived at each from outside."""
    value = np.where(arrival.mine, arrival.poured.own, 0)
    edges = arrival.edges
    network = arrival.book.network
    np.add.at(value, network.target[edges], arrival.poured.amount[edges])
    for tank, units in arrival.opened.items():
        value[network.opening[tank]] += units
    return [(node, int(value[node])) for node in np.flatnonzero(value).tolist()]


class _Tree:
    """Opens nodes into what flowed into them, month by month backwards."""

    def __init__(self, again: list[Arrival], depth: int, limit: int) -> None:
        self._again, self._depth, self._limit = again, depth, limit
        self._made = 0
        self._sources = [sources(arrival.poured) for arrival in again]
        self._into = [_grouped(arrival.book.network.target, arrival.book.network.size) for arrival in again]
        self._entries = [_grouped(arrival.book.network.entries.node, arrival.book.network.size) for arrival in again]
        self._opened = [_opened(arrival) for arrival in again]

    def open(
        self, items: list[tuple[int, int, int]], asset: str, level: int, budget: int
    ) -> tuple[tuple[Part, ...], tuple[ChargeShare, ...]]:
        """Open amounts that stand in nodes of one asset: (month, node, units) → parts by asset, and charges."""
        charges: dict[tuple[int, int, int, bool], int] = defaultdict(int)
        parts: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        while items:
            month, node, units = items.pop()
            for kind, place, share in self._compose(month, node, units):
                if kind == "entry":
                    entries = self._again[month].book.network.entries
                    row = (int(entries.group[place]), int(entries.basis[place]), bool(entries.late[place]))
                    charges[month, *row] += share
                    continue
                at, source = (month, place) if kind == "edge" else (month - 1, place)
                name = self._again[at].book.key(int(self._again[at].book.network.place[source]))
                (items if name == asset else parts[name]).append((at, source, share))
        return self._close(parts, level, budget), self._charges(charges)

    def _compose(self, month: int, node: int, units: int) -> list[tuple[str, int, int]]:
        """Say what an amount in a node is made of: entries, edges from other nodes, the tank it was opened from."""
        arrival = self._again[month]
        entries = sorted(self._entries[month](node), key=lambda row: _stable(arrival.book, row))
        rows = [("entry", row, int(arrival.book.network.entries.amount[row])) for row in entries]
        source, amount = self._sources[month], arrival.poured.amount
        rows.extend(("edge", int(source[edge]), int(amount[edge])) for edge in self._into[month](node))
        rows.extend(("tank", place, size) for place, size in self._opened[month].get(node, []))
        shares = _in_proportion(units, [size for _, _, size in rows])
        finer = 10 ** (self._again[max(month - 1, 0)].book.digits - arrival.book.digits)
        return [
            (kind, place, share * finer if kind == "tank" else share)
            for (kind, place, _), share in zip(rows, shares, strict=True)
            if share
        ]

    def _close(self, parts: dict[str, list[tuple[int, int, int]]], level: int, budget: int) -> tuple[Part, ...]:
        """Turn amounts by asset into parts; beyond depth, limit and budget they are one part."""
        sums = {name: self._sum(items) for name, items in parts.items()}
        order = sorted(parts, key=lambda name: (-abs(sums[name]), name))
        shown = order[: min(self._limit, budget)] if level < self._depth else []
        self._made += len(shown)
        end = self._made + budget - len(shown)
        closed: list[Part] = []
        for place, name in reversed(list(enumerate(shown, 1))):
            inner, charges = self.open(list(parts[name]), name, level + 1, (end - self._made) // place)
            closed.append(
                Part(asset=name, amount=sums[name], basis=_main(inner, charges), parts=inner, charges=charges)
            )
        closed.reverse()
        rest = add(*(sums[name] for name in order[len(shown) :]))
        return (*closed, Part(asset=ELSEWHERE, amount=rest)) if rest else tuple(closed)

    def _sum(self, items: list[tuple[int, int, int]]) -> Decimal:
        return add(*(self._again[month].book.money(units) for month, _, units in items))

    def _charges(self, charges: dict[tuple[int, int, int, bool], int]) -> tuple[ChargeShare, ...]:
        found = []
        for (month, group, basis, late), units in charges.items():
            book = self._again[month].book
            charge = book.charges[group]
            found.append(ChargeShare(
                resource=charge.columns.get("ResourceId") or "", service=charge.columns.get("ServiceName") or "",
                category=charge.columns.get("ChargeCategory") or "", start=charge.start, end=charge.end,
                rows=charge.rows, basis=BASES[basis], amount=book.money(units), late=late,
            ))  # fmt: skip
        return tuple(sorted(found, key=_in_order))


def _in_order(share: ChargeShare) -> tuple[object, ...]:
    """Order charges by size, then by all that they say, so that the order of their arrival shows nowhere."""
    said = (share.start, share.end, share.resource, share.service, share.category, share.basis, share.late, share.rows)
    return (-abs(share.amount), -share.amount, *said)


def _stable(book: MonthBook, row: int) -> tuple[object, ...]:
    """Order the charges of a node by what they say, so that the unit left over goes to the same one in any order."""
    entries, charge = book.network.entries, book.charges[int(book.network.entries.group[row])]
    how = (int(entries.basis[row]), bool(entries.late[row]))
    return (int(entries.amount[row]), charge.start, charge.end, str(charge.columns.get("ResourceId") or ""), *how)


def _main(parts: tuple[Part, ...], charges: tuple[ChargeShare, ...]) -> str:
    """Give the basis that most of an amount stands on."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for basis, amount in [(row.basis, row.amount) for row in parts] + [(row.basis, row.amount) for row in charges]:
        if basis:
            sums[basis] += abs(amount)
    return max(sorted(sums), key=lambda basis: sums[basis]) if sums else ""


def _opened(arrival: Arrival) -> dict[int, list[tuple[int, int]]]:
    """Give, for each node that a tank opens, the node of that tank in the month before."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for tank, units in arrival.opening.items():
        found[arrival.book.network.opening[tank]].append((arrival.came_from[tank], units))
    return found


def _grouped(column: Int32, size: int) -> Callable[[int], list[int]]:
    """Give a function from a node to the rows of a column that name it."""
    order = np.argsort(column, kind="stable")
    start = np.searchsorted(column[order], np.arange(size + 1))

    def rows(node: int) -> list[int]:
        found: list[int] = order[start[node] : start[node + 1]].tolist()
        return found

    return rows


def _in_proportion(units: int, sizes: list[int]) -> list[int]:
    """Share an amount in proportion to signed sizes, exactly: largest remainder, ties to the earlier."""
    whole = sum(sizes)
    if units == whole:
        return sizes
    assert whole != 0
    parts = [units * size // whole for size in sizes]
    left = units - sum(parts)
    order = sorted(range(len(sizes)), key=lambda place: -(units * sizes[place] % whole if whole > 0 else
                                                          -(units * sizes[place] % whole)))  # fmt: skip
    for place in order[:left]:
        parts[place] += 1
    assert sum(parts) == units
    return parts
