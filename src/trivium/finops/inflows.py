"""What poured into many assets, in one pass over the pours as they stand; and what flowed from one to the next.

An asset's loaded build is what reaches its nodes from outside them. In the plain pours that is the same as with its own
outflow removed, unless its money comes back to it: such assets lie on a circle and are run again alone (`arrivals`).
Source: attribution.md §4, "Loaded cost".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from trivium.facts.instants import DAY, Instant
from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.apportion import apportion
from trivium.finops.arrivals import arrivals, sources
from trivium.finops.books import Books, MonthBook, renamed
from trivium.finops.charges import Charge
from trivium.finops.network import Int32, Int64, Tank, stands_at
from trivium.finops.spreading import COMPILED_FROM
from trivium.graph.compiling import compiled

AT_ONCE = 62
"""How many assets one search for circles follows: one bit each in 64."""


@dataclass(frozen=True)
class Inflow:
    """What reached an asset in one month: charges of its own nodes, and what poured in from outside."""

    month: Period
    own: Decimal
    poured: Decimal

    @property
    def amount(self) -> Decimal:
        """Give both together: the build of the month."""
        return add(self.own, self.poured)


@dataclass(frozen=True)
class Charged:
    """The share of a group of charges that an asset bears in a month, in units of its book."""

    asset: str
    book: MonthBook
    charge: Charge
    units: int
    late: bool

    @property
    def amount(self) -> Decimal:
        """Give it as money."""
        return self.book.money(self.units)

    def by_day(self) -> dict[Instant, int]:
        """Share the units over the UTC days that the charge covers in the month, by time; days by their start.

        A late charge is shared over all of its period.
        """
        start, end = self.charge.start, max(self.charge.end, self.charge.start + 1)
        if not self.late:
            month = self.book.month
            start, end = max(start, min(month.start, end - 1)), min(end, max(month.end, start + 1))
        days = list(range(start - start % DAY, end, DAY))
        weights = [min(end, day + DAY) - max(start, day) for day in days]
        return dict(zip(days, apportion(self.units, weights), strict=True))


class Inflows:
    """All months of some books, with every node's asset as a number, so that a question about many assets is quick.

    A job stands for its runs, but for those that are asked for beside it: what reaches it is what its runs were charged
    and what they drained.
    """

    def __init__(self, books: Books) -> None:
        self.books = books
        self._numbers: dict[str, int] = {}
        self._nodes = [self._numbered(book) for book in books.months]
        self._job = self._jobs()

    def months(self, assets: Iterable[str]) -> dict[str, list[Inflow]]:
        """Give, for each asset, what reached it in each month, exactly."""
        wanted = sorted(set(assets))
        group = self._grouped(wanted)
        found = dict(zip(wanted, self._inflows(group, len(wanted)), strict=True))
        return found | {wanted[place]: self._again(wanted[place]) for place in self._circles(group, len(wanted))}

    def of_runs(self, job: str) -> list[Inflow]:
        """Give what reached the runs of a job in each month: their charges, and what they drained from others."""
        runs = self._runs_of(job)
        group = np.full(len(self._numbers), -1, dtype=np.int64)
        group[[self._numbers[run] for run in runs if run in self._numbers]] = 0
        return self._kept(runs) if self._circles(group, 1) else self._inflows(group, 1)[0]

    def of_experiments(self, experiments: Iterable[str]) -> dict[str, Decimal]:
        """Give what the runs of each experiment were charged and what they drained from elsewhere, to date."""
        wanted, runs = sorted(set(experiments)), self.books.flows.runs
        known = {key: place for place, key in enumerate(self.books.flows.experiments)}
        numbers = np.array([self._numbers.get(key, -1) for key in runs.keys], dtype=np.int64)
        group = np.full(len(self._numbers), -1, dtype=np.int64)
        members: list[Int64] = []
        for place, experiment in enumerate(wanted):
            mine = np.flatnonzero(runs.experiment == known.get(experiment, -2))
            members.append(mine)
            group[numbers[mine][numbers[mine] >= 0]] = place
        found = self._inflows(group, len(wanted))
        for place in self._circles(group, len(wanted)):
            found[place] = self._kept({runs.keys[run] for run in members[place].tolist()})
        return {key: add(*(one.amount for one in months)) for key, months in zip(wanted, found, strict=True)}

    def _inflows(self, group: Int64, count: int) -> list[list[Inflow]]:
        """Sum, for each group, what reached it from outside in each month."""
        found: list[list[Inflow]] = [[] for _ in range(count)]
        for book, nodes in zip(self.books.months, self._nodes, strict=True):
            own, poured = _sums(book, group[nodes], count)
            self._add_opened(book, group, group[nodes], poured)
            for place, months in enumerate(found):
                months.append(Inflow(book.month, book.money(int(own[place])), book.money(int(poured[place]))))
        return found

    def built(self, assets: Iterable[str]) -> dict[str, Decimal]:
        """Give the loaded build of each asset to date."""
        return {asset: add(*(one.amount for one in rows)) for asset, rows in self.months(assets).items()}

    def between(self, assets: Iterable[str]) -> dict[tuple[str, str], Decimal]:
        """Give what flowed from one of the assets straight into another, to date."""
        wanted = sorted(set(assets))
        group = self._grouped(wanted)
        found: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
        for book, nodes in zip(self.books.months, self._nodes, strict=True):
            of = group[nodes]
            source, target = of[sources(book.poured)], of[book.network.target]
            edges = np.flatnonzero((source >= 0) & (target >= 0) & (source != target) & (book.poured.amount != 0))
            pairs, inverse = np.unique(source[edges] * len(wanted) + target[edges], return_inverse=True)
            units = np.zeros(len(pairs), dtype=np.int64)
            np.add.at(units, inverse, book.poured.amount[edges])
            for pair, amount in zip(pairs.tolist(), units.tolist(), strict=True):
                found[wanted[pair // len(wanted)], wanted[pair % len(wanted)]].append(book.money(amount))
        return {pair: add(*amounts) for pair, amounts in found.items()}

    def charged(self, assets: Iterable[str]) -> list[Charged]:
        """List the charges that the assets bear themselves, month by month."""
        wanted = sorted(set(assets))
        group, found = self._grouped(wanted), []
        for book, nodes in zip(self.books.months, self._nodes, strict=True):
            entries = book.network.entries
            of = group[nodes[entries.node]]
            for row in np.flatnonzero(of >= 0).tolist():
                charge, late = book.charges[int(entries.group[row])], bool(entries.late[row])
                found.append(Charged(wanted[int(of[row])], book, charge, int(entries.amount[row]), late))
        return found

    def _add_opened(self, book: MonthBook, group: Int64, of: Int64, poured: Int64) -> None:
        """Add what tanks of the month before pour straight into another asset: retries, brackets."""
        for tank, units in book.opening.items():
            here, number = int(of[book.network.opening[tank]]), self._numbers.get(stands_at(tank), -1)
            if here >= 0 and (number < 0 or group[number] != here):
                poured[here] += units

    def _numbered(self, book: MonthBook) -> Int32:
        """Give the number of each node's asset in a month."""
        places, inverse = np.unique(book.network.place, return_inverse=True)
        names = self.books.flows.names
        keys = [book.key(int(place)) for place in places]
        numbers = [self._numbers.setdefault(names.get(key, key), len(self._numbers)) for key in keys]
        return np.array(numbers, dtype=np.int32)[inverse] if numbers else np.zeros(0, dtype=np.int32)

    def _jobs(self) -> Int64:
        """Give, for each numbered run, the index of its job; -1 for everything else."""
        runs = self.books.flows.runs
        job = np.full(len(self._numbers), -1, dtype=np.int64)
        for place, key in enumerate(runs.keys):
            number = self._numbers.get(key)
            if number is not None:
                job[number] = runs.job[place]
        return job

    def _grouped(self, wanted: Sequence[str]) -> Int64:
        """Give, for each number, the place of its asset among the wanted ones, or -1; a run may be part of its job."""
        group = np.full(len(self._numbers), -1, dtype=np.int64)
        jobs = {key: place for place, key in enumerate(self.books.flows.jobs)}
        for place, asset in enumerate(wanted):
            if asset in jobs:
                group[self._job == jobs[asset]] = place
        for place, asset in enumerate(wanted):
            if asset in self._numbers:
                group[self._numbers[asset]] = place
        return group

    def _circles(self, group: Int64, count: int) -> list[int]:
        """Find the wanted assets whose money comes back to them."""
        found: list[int] = []
        for first in range(0, count, AT_ONCE):
            some = np.where((group >= first) & (group < first + AT_ONCE), group - first, -1)
            bits = self._returning(some)
            found.extend(first + bit for bit in range(AT_ONCE) if bits >> bit & 1)
        return found

    def _returning(self, group: Int64) -> int:
        """Follow what each asset gives away through all months; give the bits of those that it reaches again."""
        circles = 0
        carried: dict[Tank, tuple[int, int]] = {}
        for book, nodes in zip(self.books.months, self._nodes, strict=True):
            network, of = book.network, group[nodes]
            mask = np.zeros(network.size, dtype=np.int64)
            for tank, (bits, holder) in carried.items():
                node = network.opening.get(tank, network.opening.get(renamed(self.books.flows, tank)))
                if node is not None:
                    circles |= _arrive(bits, holder, int(of[node]), mask, node)
            circles |= int(_marker(len(network.target))(network.start, network.target, of, mask))
            carried = {tank: (int(mask[node]), int(of[node])) for tank, node in network.closing.items()}
        return circles

    def _again(self, asset: str) -> list[Inflow]:
        """Run the months again with the outflow of one asset removed."""
        return self._kept({asset} | (self._runs_of(asset) if kind_of(asset) == "job" else set()))

    def _runs_of(self, job: str) -> set[str]:
        """Give the runs of a job."""
        flows = self.books.flows
        if job not in flows.jobs:
            return set()
        return {flows.runs.keys[run] for run in np.flatnonzero(flows.runs.job == flows.jobs.index(job)).tolist()}

    def _kept(self, names: set[str]) -> list[Inflow]:
        """Run the months again with the outflow of all that go by these names removed."""
        found = []
        for arrival in arrivals(self.books, names):
            book, poured = arrival.book, arrival.poured
            own = int(poured.own[arrival.mine].sum())
            into = int(poured.amount[arrival.edges].sum()) + sum(arrival.opened.values())
            found.append(Inflow(book.month, book.money(own), book.money(into)))
        return found


def _sums(book: MonthBook, of: Int64, count: int) -> tuple[Int64, Int64]:
    """Sum what each group's nodes were charged, and what reached them from outside the group."""
    own, poured = np.zeros(count + 1, dtype=np.int64), np.zeros(count + 1, dtype=np.int64)
    np.add.at(own, of, book.poured.own)
    source, target = of[sources(book.poured)], of[book.network.target]
    edges = np.flatnonzero(source != target)
    np.add.at(poured, target[edges], book.poured.amount[edges])
    return own[:count], poured[:count]


def _arrive(bits: int, holder: int, here: int, mask: Int64, node: int) -> int:
    """Carry the bits of a tank of the month before into the node that opens it; give the circles that this closes."""
    if holder >= 0 and holder != here:
        bits |= 1 << holder
    elif holder >= 0:
        bits &= ~(1 << holder)
    mask[node] |= bits
    return bits & (1 << here) if here >= 0 else 0


def mark(start: Any, target: Any, group: Any, mask: Any) -> Any:
    """Carry, node by node in topological order, which groups' money a node may hold; give those that met their own."""
    circles = 0
    for node in range(len(start) - 1):
        here = group[node]
        inside = mask[node]
        outside = inside
        if here >= 0:
            outside = inside | (1 << here)
            inside = inside & ~(1 << here)
        if outside == 0:
            continue
        for edge in range(start[node], start[node + 1]):
            there = group[target[edge]]
            if there == here:
                mask[target[edge]] |= inside
            else:
                mask[target[edge]] |= outside
                if there >= 0:
                    circles |= outside & (1 << there)
    return circles


def _marker(edges: int) -> Callable[[Int64, Int32, Int64, Int64], Any]:
    return _compiled() if edges >= COMPILED_FROM else _plainly


def _plainly(start: Int64, target: Int32, group: Int64, mask: Int64) -> Any:
    marked = mask.tolist()
    circles = mark(start.tolist(), target.tolist(), group.tolist(), marked)
    mask[:] = marked
    return circles


@cache
def _compiled() -> Callable[[Int64, Int32, Int64, Int64], Any]:
    return compiled(mark)
