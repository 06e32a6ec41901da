"""Collects nodes and edges in any order and lays them out: nodes by step, edges by source, ties by key."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trivium.facts.period import Period
from trivium.finops.network import TANK, Entries, Int8, Int64, Network, Tank
from trivium.graph.ordering import order_of

SUB = 8
"""Orders within one step: 0 buckets (drained first), 1 runs that ended before the month, 2 holds, 3 what holds pour
into at once, 4 month's end, 5 rest."""


@dataclass
class Draft:
    """A network under construction; node ids given out here are places in order of creation."""

    _order: list[Int64] = field(default_factory=list)
    _role: list[Int8] = field(default_factory=list)
    _place: list[Int64] = field(default_factory=list)
    _source: list[Int64] = field(default_factory=list)
    _target: list[Int64] = field(default_factory=list)
    _weight: list[Int64] = field(default_factory=list)
    closing: dict[Tank, int] = field(default_factory=dict)
    opening: dict[Tank, int] = field(default_factory=dict)
    _count: int = 0

    def nodes(self, order: Int64, role: int, place: Int64) -> Int64:
        """Add nodes; `order` is step × SUB + sub-order. Gives their ids."""
        first, self._count = self._count, self._count + len(order)
        self._order.append(np.asarray(order, dtype=np.int64))
        self._role.append(np.full(len(order), role, dtype=np.int8))
        self._place.append(np.asarray(place, dtype=np.int64))
        return np.arange(first, self._count, dtype=np.int64)

    def node(self, order: int, role: int, place: int) -> int:
        """Add one node."""
        return int(self.nodes(np.array([order]), role, np.array([place]))[0])

    def edges(self, source: Int64, target: Int64, weight: Int64) -> None:
        """Add edges between node ids with whole weights."""
        self._source.append(np.asarray(source, dtype=np.int64))
        self._target.append(np.asarray(target, dtype=np.int64))
        self._weight.append(np.asarray(weight, dtype=np.int64))

    def edge(self, source: int, target: int, weight: int = 1) -> None:
        """Add one edge."""
        self.edges(np.array([source]), np.array([target]), np.array([weight]))

    def tank(self, tank: Tank, place: int, last: int) -> int:
        """Give the node of a closing tank, made when it is new."""
        node = self.closing.get(tank)
        if node is None:
            node = self.closing[tank] = self.node(last * SUB + 5, TANK, place)
        return node

    def tanks(self, tanks: list[Tank], place: Int64, last: int) -> Int64:
        """Give the nodes of several closing tanks, made when they are new; no tank stands twice among them."""
        new = [index for index, tank in enumerate(tanks) if tank not in self.closing]
        nodes = self.nodes(np.full(len(new), last * SUB + 5), TANK, place[new])
        self.closing.update(zip((tanks[index] for index in new), nodes.tolist(), strict=True))
        return np.array([self.closing[tank] for tank in tanks], dtype=np.int64)

    def finish(self, month: Period, entries: Entries) -> Network:
        """Lay the network out; nodes are renumbered, entries and tanks with them."""
        order, place = np.concatenate(self._order), np.concatenate(self._place)
        role = np.concatenate(self._role)
        rank = order_of(order)
        new = np.empty(self._count, dtype=np.int32)
        new[rank] = np.arange(self._count, dtype=np.int32)
        empty = [np.zeros(0, dtype=np.int64)]
        source = new[np.concatenate(self._source or empty)]
        target = new[np.concatenate(self._target or empty)]
        weight = np.concatenate(self._weight or empty)
        at = place[rank].astype(np.int32)
        assert (source < target).all(), "money never flows back in time"
        assert (weight >= 0).all(), "no share is negative"
        by_source = order_of(source.astype(np.int64) * (int(at.max(initial=0)) + 1) + at[target])
        start = np.zeros(self._count + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=self._count), out=start[1:])
        assert start[-1] == len(source)
        assert (entries.node >= 0).all(), "every charge has a node"
        moved = Entries(new[entries.node], entries.amount, entries.basis, entries.group, entries.late)
        return Network(
            month, role[rank], at, start, target[by_source], weight[by_source], moved,
            {tank: int(new[node]) for tank, node in self.opening.items()},
            {tank: int(new[node]) for tank, node in self.closing.items()},
        )  # fmt: skip
