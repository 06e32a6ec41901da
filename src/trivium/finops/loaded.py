"""What it took to have one asset: direct, upstream, trials, and for versions what serving them costs.

Source: attribution.md §4, "Loaded cost". Loaded costs of different assets overlap and are never added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final

import msgspec
import numpy as np

from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.allocation import BASES
from trivium.finops.apportion import apportion
from trivium.finops.arrivals import Arrival, arrivals, handed_on, sources
from trivium.finops.books import Books, MonthBook
from trivium.finops.network import HANDED, HOLD, REST, TRIAL
from trivium.finops.serving import weights_of
from trivium.finops.spreading import COMPILED_FROM
from trivium.graph.compiling import compiled
from trivium.graph.flows import Flows

DIVIDED: Final = frozenset({"equal share", "child share", "rule"})
"""Bases that say who may have caused a charge, not who did: declaring the users of its resource comes before them."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """All it took to have one asset. `total` = `build` + `run`; `build` = `direct` + `upstream` + `trials`.

    `direct` are charges of the runs that made it (of its writers, its upkeep and its storage), `upstream` is what those
    drained, `trials` what else its experiment cost; `serving` and `tokens` are a version's share of its endpoints' own
    charges. `basis` gives the share of the build by how its charges were allocated, in parts of one. `weakest` is the
    resource (else the service) of the largest charges among those that were only divided, which a line of configuration
    would place; empty where none was.
    """

    asset: str
    currency: str
    period: str
    known: bool
    direct: Decimal
    upstream: Decimal
    trials: Decimal
    build: Decimal
    serving: Decimal
    tokens: Decimal
    run: Decimal
    total: Decimal
    basis: dict[str, float]
    weakest: str = ""


def loaded(books: Books, asset: str, month: Period | None = None) -> Loaded:
    """Give what poured into an asset, to the end of the books, or in one of their months."""
    asset = books.flows.names.get(asset, asset)
    runs = runs_of(books.flows, asset)
    sums: dict[str, list[Decimal]] = defaultdict(list)
    weighs: dict[int, float] = defaultdict(float)
    again = arrivals(books, [asset])
    for arrival in again:
        if month is None or arrival.book.month == month:
            for part, units in _arrived(books, arrival, runs).items():
                sums[part].append(arrival.book.money(units))
    causes: dict[str, float] = defaultdict(float)
    for basis, cause, weight in _bases(again, month):
        weighs[basis] += weight
        if BASES[basis] in DIVIDED:
            causes[cause] += weight
    for book in books.months:
        if month is None or book.month == month:
            for part, amount in served(book, books.flows, asset).items():
                sums[part].append(amount)
    direct, upstream, trials, serving, tokens = (
        add(*sums[part]) for part in ("direct", "upstream", "trials", "serving", "tokens")
    )
    build, run = add(direct, upstream, trials), add(serving, tokens)
    size = sum(weighs.values()) or 1.0
    return Loaded(
        asset=asset, currency=books.currency, period=str(month) if month else "to date",
        known=not (is_version(asset) and not runs), direct=direct, upstream=upstream, trials=trials, build=build,
        serving=serving, tokens=tokens, run=run, total=add(build, run),
        basis={BASES[basis]: round(weight / size, 4) for basis, weight in sorted(weighs.items()) if weight},
        weakest=max(sorted(causes), key=lambda cause: causes[cause], default=""),
    )  # fmt: skip


def is_version(asset: str) -> bool:
    """Say whether a key names a model version."""
    return kind_of(asset) == "model" and "/" in asset


def runs_of(flows: Flows, version: str) -> frozenset[str]:
    """Give the keys of the runs that made a version."""
    if version not in flows.versions.keys:
        return frozenset()
    rows = flows.version_runs.version == flows.versions.keys.index(version)
    carriers = flows.runs.carrier[flows.version_runs.run[rows]]
    return frozenset(flows.runs.keys[run] for run in carriers.tolist())


def _arrived(books: Books, arrival: Arrival, runs: frozenset[str]) -> dict[str, int]:
    """Sum one month's arrivals by origin, in units."""
    network, poured = arrival.book.network, arrival.poured
    source = sources(poured)
    found = {"direct": int(poured.own[arrival.mine].sum()), "upstream": 0, "trials": 0}
    network_edges = np.flatnonzero(arrival.mine[network.target] & ~arrival.mine[source])
    edges = network_edges[(poured.amount[network_edges] != 0) | (arrival.ran[source[network_edges]] != 0)]
    role = network.role[source[edges]]
    trial = edges[(role == TRIAL) & ~_holds(books, arrival, source[edges], runs)] if runs else edges[:0]
    found["trials"] = int(poured.amount[trial].sum())
    made = np.setdiff1d(edges, trial, assume_unique=True)
    role, taken = network.role[source[made]], network.role[network.target[made]]
    own = (role == HANDED) | ((role == HOLD) & (taken != HOLD)) | ((role == TRIAL) & bool(runs))
    direct = int(handed_on(arrival.poured, arrival.ran, made[own]).sum())
    opened = arrival.opened
    direct += sum(arrival.charged.get(tank, 0) for tank in opened if tank.kind == "running")
    found["direct"] += direct
    found["upstream"] = int(poured.amount[made].sum()) + sum(opened.values()) - direct
    return found


def _holds(books: Books, arrival: Arrival, node: np.ndarray, runs: frozenset[str]) -> np.ndarray:
    """Say which trial nodes hold money of the given runs: by the run that pours into them, or by their tank."""
    network, poured = arrival.book.network, arrival.poured
    holders: dict[int, str] = {place: tank.holder for tank, place in network.opening.items() if tank.kind == "trial"}
    source = sources(poured)
    asked = np.zeros(network.size, dtype=np.bool_)
    asked[node] = True
    into = np.flatnonzero(asked[network.target] & (network.role[network.target] == TRIAL))
    for edge in into.tolist():
        holders[int(network.target[edge])] = arrival.book.key(int(network.place[source[edge]]))
    names = books.flows.names
    held = [holders.get(int(place), "") for place in node]
    return np.array([names.get(holder, holder) in runs for holder in held], dtype=np.bool_)


def _bases(again: list[Arrival], month: Period | None) -> list[tuple[int, str, float]]:
    """Weigh the charges behind the arrivals, each by the part of it that arrived: (basis, cause, weight)."""
    reaches: dict[object, float] = {}
    found: list[tuple[int, str, float]] = []
    for arrival in reversed(again):
        network, poured = arrival.book.network, arrival.poured
        counted = month is None or arrival.book.month == month
        reach = np.where(arrival.mine, 1.0 if counted else 0.0, 0.0)
        for tank, node in network.closing.items():
            if not arrival.mine[node]:
                reach[node] = reaches.get(tank, 0.0)
        _reaching(len(network.target))(
            network.start, network.target, poured.amount, poured.value, poured.absorbs, reach
        )
        reaches = {tank: float(reach[node]) for tank, node in network.opening.items()}
        weight = np.abs(network.entries.amount * reach[network.entries.node])
        found.extend(_weighed(arrival.book, weight))
    return found


def carry_back(start: Any, target: Any, amount: Any, value: Any, absorbs: Any, reach: Any) -> None:
    """Give each node, from the last to the first, the part of its value that reaches what the last ones reach."""
    for back in range(len(start) - 1):
        node = len(start) - 2 - back
        if start[node] == start[node + 1] or absorbs[node] or value[node] == 0:
            continue
        flow = 0.0
        for edge in range(start[node], start[node + 1]):
            flow += amount[edge] * reach[target[edge]]
        reach[node] = flow / value[node]


def _carried_plainly(*columns: np.ndarray) -> None:
    listed: list[Any] = [column.tolist() for column in columns]
    carry_back(*listed)
    columns[-1][:] = listed[-1]


def _reaching(edges: int) -> Callable[..., Any]:
    return _compiled() if edges >= COMPILED_FROM else _carried_plainly


@cache
def _compiled() -> Callable[..., Any]:
    return compiled(carry_back)


def _weighed(book: MonthBook, weight: np.ndarray) -> list[tuple[int, str, float]]:
    """Sum weights of a month's entries by basis, and by cause for those that were only divided."""
    entries = book.network.entries
    sums = np.bincount(entries.basis, weights=weight, minlength=len(BASES))
    found = []
    for basis, size in enumerate(sums.tolist()):
        if not size:
            continue
        if BASES[basis] not in DIVIDED:
            found.append((basis, "", size))
            continue
        rows = np.flatnonzero(entries.basis == basis)
        groups = np.bincount(entries.group[rows], weights=weight[rows])
        found.extend((basis, _cause(book, group), float(groups[group])) for group in np.flatnonzero(groups).tolist())
    return found


def _cause(book: MonthBook, group: int) -> str:
    columns = book.charges[group].columns
    return str(columns.get("ResourceId") or columns.get("ServiceName") or "")


def served(book: MonthBook, flows: Flows, version: str) -> dict[str, Decimal]:
    """Give a version's share of its endpoints' own charges of a month, by predictions, else equally.

    The parts are `serving` and `tokens`.
    """
    sums = {"serving": 0, "tokens": 0}
    for endpoint in sorted({used.consumer for used in book.uses if kind_of(used.consumer) == "endpoint"}):
        served = [used for used in book.uses if used.consumer == endpoint]
        versions = [flows.names.get(used.version, used.version) for used in served]
        if version not in versions:
            continue
        weights, mine = weights_of([used.count for used in served]), versions.index(version)
        for part, units in _own_units(book, endpoint).items():
            sums[part] += apportion(units, weights)[mine]
    return {part: book.money(units) for part, units in sums.items()}


def own_charges(book: MonthBook, endpoint: str) -> dict[str, Decimal]:
    """Give an endpoint's own charges of a month: `serving`, and `tokens`, those metered in tokens."""
    return {part: book.money(units) for part, units in _own_units(book, endpoint).items()}


def _own_units(book: MonthBook, endpoint: str) -> dict[str, int]:
    entries = book.network.entries
    rows = np.flatnonzero((book.network.role[entries.node] == REST) & _at(book, endpoint))
    return {
        part: sum(
            amount
            for amount, group in zip(entries.amount[rows].tolist(), entries.group[rows].tolist(), strict=True)
            if book.charges[group].in_tokens is metered
        )
        for part, metered in (("serving", False), ("tokens", True))
    }


def _at(book: MonthBook, key: str) -> np.ndarray:
    """Mark the entries that came to rest at a key."""
    return np.asarray(book.network.place[book.network.entries.node] == book.place_of(key))
