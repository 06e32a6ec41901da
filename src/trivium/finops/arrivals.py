"""What poured into one asset, counted at its first arrival: the same pours with its own outflow removed.

Source: attribution.md §4, "Loaded cost". All months run again with the asset's nodes keeping everything, so that what
flows in a circle is not counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from trivium.finops.books import Books, MonthBook, in_digits, renamed
from trivium.finops.network import HANDED, HOLD, TRIAL, Bool, Int64, Network, Poured, Tank
from trivium.finops.spreading import pour
from trivium.graph.flows import Flows

_FEW: Final = 16
"""Assets that are looked up one by one; of more all places are asked for their names."""


@dataclass(frozen=True)
class Arrival:
    """One month run again for an asset: where its money arrived, and which tanks opened the month.

    `mine` are the asset's nodes; `ran` is the part of each node's value that is its own run's charges: what a run
    holds of its own, and what of it still lies in its experiment.
    """

    book: MonthBook
    poured: Poured
    opening: dict[Tank, int]
    mine: Bool
    ran: Int64
    came_from: dict[Tank, int]
    """The node of each opening tank in the month before."""
    charged: dict[Tank, int]
    """What of each opening tank is its run's own charges."""

    @property
    def opened(self) -> dict[Tank, int]:
        """Give what other assets' tanks of the month before pour straight into the asset: retries, brackets."""
        return {tank: units for tank, units in self.opening.items() if self.mine[self.book.network.opening[tank]]}

    @property
    def edges(self) -> Int64:
        """Give the edges over which money arrives from outside the asset."""
        network = self.book.network
        source = sources(self.poured)
        return np.flatnonzero(self.mine[network.target] & ~self.mine[source] & (self.poured.amount != 0))


def arrivals(books: Books, assets: Iterable[str]) -> list[Arrival]:
    """Run all months again with the outflow of `assets` removed."""
    wanted = {books.flows.names.get(asset, asset) for asset in assets}
    found: list[Arrival] = []
    opening: dict[Tank, int] = {}
    ran: dict[Tank, int] = {}
    came_from: dict[Tank, int] = {}
    digits = books.months[0].digits if books.months else 0
    for book in books.months:
        mine = _mine(books.flows, book, wanted)
        opening = in_digits(known_as(books.flows, book.network, opening), digits, book.digits)
        ran = in_digits(known_as(books.flows, book.network, ran), digits, book.digits)
        came_from = _found_as(books.flows, book.network, came_from)
        poured = pour(book.network, opening, mine)
        runs = _own_runs(poured, ran)
        found.append(Arrival(book, poured, opening, mine, runs, came_from, ran))
        nodes, digits = book.network.closing, book.digits
        opening = {
            tank: int(poured.value[node]) for tank, node in nodes.items() if poured.value[node] and not mine[node]
        }
        ran = {tank: int(runs[nodes[tank]]) for tank in opening}
        came_from = {tank: nodes[tank] for tank in opening}
    return found


def known_as(flows: Flows, network: Network, tanks: dict[Tank, int]) -> dict[Tank, int]:
    """Give tanks the names under which the next month opens them; names may have changed since a month was closed."""
    known: dict[Tank, int] = {}
    for tank, units in tanks.items():
        name = tank if tank in network.opening else renamed(flows, tank)
        known[name] = known.get(name, 0) + units
    return known


def _found_as(flows: Flows, network: Network, nodes: dict[Tank, int]) -> dict[Tank, int]:
    return {(tank if tank in network.opening else renamed(flows, tank)): node for tank, node in nodes.items()}


def sources(poured: Poured) -> Int64:
    """Give the source node of every edge."""
    return np.repeat(np.arange(poured.network.size), np.diff(poured.network.start))


def _mine(flows: Flows, book: MonthBook, wanted: set[str]) -> Bool:
    """Mark the nodes of the wanted assets, under whatever name a closed month has them."""
    if len(wanted) <= _FEW:
        called = [*wanted, *(name for name, canonical in flows.names.items() if canonical in wanted)]
        marked = np.zeros(book.network.size, dtype=np.bool_)
        for place in {book.place_of(name) for name in called} - {-1}:
            marked |= book.network.place == place
        return marked
    places, inverse = np.unique(book.network.place, return_inverse=True)
    keys = [book.key(int(place)) for place in places]
    hit = np.array([flows.names.get(key, key) in wanted for key in keys], dtype=np.bool_)
    return hit[inverse] if len(places) else np.zeros(0, dtype=np.bool_)


def _own_runs(poured: Poured, ran: dict[Tank, int]) -> Int64:
    """Follow what each run was charged itself through its slices, its running tank and its experiment."""
    network = poured.network
    waits = np.zeros(network.size, dtype=np.bool_)
    waits[[node for tank, node in network.closing.items() if tank.kind in {"running", "trial"}]] = True
    holds = (network.role == HOLD) | (network.role == HANDED)
    own = np.where(holds | waits, poured.own, 0)
    for tank, units in ran.items():
        if tank in network.opening and tank.kind in {"running", "trial"}:
            own[network.opening[tank]] += units
    source = sources(poured)
    role, taken = network.role[source], network.role[network.target]
    waiting = waits[network.target]
    for passed in (
        (role == HANDED) & ((taken == HOLD) | waiting),
        (role == HOLD) & (taken == TRIAL),
        (role == HOLD) & waiting,
        (role == TRIAL) & waiting,
    ):
        edges = np.flatnonzero(passed & ~poured.absorbs[source])
        np.add.at(own, network.target[edges], handed_on(poured, own, edges))
    return own


def handed_on(poured: Poured, own: Int64, edges: Int64) -> Int64:
    """Give the part of `own`, which stands at the source of each edge, that goes over it: by weight, as all does."""
    network = poured.network
    source = sources(poured)[edges]
    single = (network.start[source + 1] - network.start[source]) == 1
    part = np.where(single, own[source], 0)
    for place in np.flatnonzero(~single & (own[source] != 0)).tolist():
        first, last = network.start[source[place] : source[place] + 2].tolist()
        whole = int(network.weight[first:last].sum())
        units = int(own[source[place]]) * int(network.weight[edges[place]])
        part[place] = (2 * units + whole) // (2 * whole)
    return part
