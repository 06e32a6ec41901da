"""What is one asset: its thread with money and health on every node, what it took, how it went by month, who has it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec
from sqlalchemy import Connection

from trivium.dataops.healths import Health
from trivium.dataops.quality import QualityCard, quality
from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of, parse
from trivium.facts.money import add, share_of
from trivium.facts.period import Period
from trivium.finops.drawn import amounts, owners_now
from trivium.finops.inflows import Inflows
from trivium.finops.loaded import Loaded, is_version, loaded, served
from trivium.finops.statement import owned_parts
from trivium.graph.assets import Asset, asset
from trivium.graph.flows import Flows
from trivium.graph.identity import names_of
from trivium.graph.made import runs_behind
from trivium.graph.traversal import Lineage, Step
from trivium.mlops.registry.listing import run_registered
from trivium.mlops.tracking.lookup import logged_among
from trivium.mlops.tracking.reading import RunRow, data_of
from trivium.mlops.tracking.records import RunData

SHOWN: Final = 40
"""The nearest assets of a thread that are shown on either side."""
TREND: Final = 12
"""The months of a trend."""
OWNING: Final = frozenset({"product", "team"})


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """An asset on the thread. `distance` is negative upstream, 0 for the asset itself.

    `cost` is its loaded build to date, of a job what its runs were charged and drained, of a product or team its line
    of the month; None where no money can be known. `state` is a dataset's quality, empty for others.
    """

    asset: str
    kind: str
    distance: int
    cost: Decimal | None
    state: str


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """Content flows from `source` to `target`, and `amount` of money with it, to date; None where no pour is direct."""

    source: str
    target: str
    amount: Decimal | None


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what an asset took: `name` is direct, upstream, trials, serving, tokens, or an asset key."""

    name: str
    amount: Decimal
    share: Decimal


class MonthCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one month brought: `build` poured in, `run` for serving."""

    month: Period
    build: Decimal
    run: Decimal


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """A model version in use: when it was registered, from how many runs, and who uses it at the instant asked for."""

    registered_at: Instant | None
    runs: int
    users: tuple[str, ...]


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """The datasets that an asset stands on, itself among them: their checks, those that hold, and who fails."""

    datasets: int
    checks: int
    kept: int
    bad: tuple[str, ...]


class AssetCard(msgspec.Struct, frozen=True, kw_only=True):
    """All that is joined about one asset. `found` is its entry in the directory.

    `origins` sum to `total`. Of a product or team they are the lines of the month's statement that are theirs; of a job
    what its runs were charged and drained; of others the parts of the loaded cost. `quality` is a dataset's own.
    `upstream` and `downstream` count all assets, also those that `nodes` leave out. `serving` is a version's.
    `run` is what a client logged of a run, or of the run that made a version, and `told` what that said of itself.
    `weakest` is the resource behind most of what was only divided (`finops.loaded`).
    """

    found: Asset
    names: tuple[str, ...]
    upstream: int
    downstream: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    quality: QualityCard | None
    ground: Ground
    serving: Serving | None
    known: bool
    total: Decimal
    origins: tuple[Origin, ...]
    basis: dict[str, float]
    weakest: str
    trend: tuple[MonthCost, ...]
    run: RunRow | None
    told: RunData | None
    owners: tuple[str, ...]
    products: tuple[str, ...]


def asset_card(
    connection: Connection,
    inflows: Inflows,
    lineage: Lineage,
    healths: Mapping[str, Health],
    key: str,
    month: Period,
    as_of: Instant,
) -> AssetCard:
    """Join what is known of an asset (by canonical key); `month` is that of the lines of products and teams."""
    flows = inflows.books.flows
    before, after = lineage.upstream(key), lineage.downstream(key)
    shown = [Step(0, key), *before[:SHOWN], *after[:SHOWN]]
    cost, trend = _cost(inflows, key, month)
    run = _logged(connection, flows, key)
    return AssetCard(
        found=asset(connection, key) or Asset(key=key, kind=kind_of(key)),
        names=tuple(name for name in names_of(connection, key) if name != key),
        upstream=len(before),
        downstream=len(after),
        nodes=_nodes(inflows, healths, month, shown, len(before[:SHOWN])),
        edges=_edges(inflows, lineage, {step.asset for step in shown}),
        quality=quality(connection, key, as_of) if kind_of(key) == "dataset" else None,
        ground=_ground(healths, [key, *(step.asset for step in before)]),
        serving=_serving(flows, key, as_of) if is_version(key) else None,
        known=cost.known,
        total=cost.total,
        origins=_origins(inflows, key, month, cost),
        basis=cost.basis,
        weakest=cost.weakest,
        trend=trend,
        run=run,
        told=data_of(connection, [run])[0] if run else None,
        owners=tuple(sorted(owners_now(flows, "team")(key))),
        products=tuple(sorted(owners_now(flows, "product")(key))),
    )


def _logged(connection: Connection, flows: Flows, key: str) -> RunRow | None:
    """Find what a client logged: of a run, or of the run that made a version."""
    if kind_of(key) == "run":
        return logged_among(connection, names_of(connection, key))
    if not is_version(key):
        return None
    named = parse(key)
    registered = run_registered(connection, named.name, named.version)
    runs = (name for run in runs_behind(flows, key) for name in names_of(connection, run))
    return logged_among(connection, [*([registered] if registered else []), *runs])


def lines_of(inflows: Inflows, owner: str, month: Period) -> dict[str, Decimal]:
    """Give the assets whose money of a month rests with a product or team, by shares where it has co-owners."""
    book = inflows.books.of(month)
    if book is None:
        return {}
    parts = owned_parts(book, lambda key: book.owners(kind_of(owner), key)).get(owner, {})
    return {account: book.money(rest + carry) for account, (rest, carry) in sorted(parts.items()) if rest + carry}


def owned(inflows: Inflows, owner: str, month: Period) -> Decimal:
    """Give a product's or team's line of a month's statement; 0 without one."""
    return amounts(inflows.books, month, kind_of(owner)).get(owner, Decimal(0))


def _cost(inflows: Inflows, key: str, month: Period) -> tuple[Loaded, tuple[MonthCost, ...]]:
    """Give the cost that heads the card, and what each month brought."""
    books, kind = inflows.books, kind_of(key)
    months = books.months[-TREND:]
    if kind in OWNING:
        trend = [MonthCost(month=book.month, build=owned(inflows, key, book.month), run=Decimal(0)) for book in months]
        return _plain(inflows, key, str(month), owned(inflows, key, month), Decimal(0)), tuple(trend)
    rows = inflows.months([key])[key]
    run = {book.month: add(*served(book, books.flows, key).values()) for book in months}
    trend = [MonthCost(month=one.month, build=one.amount, run=run[one.month]) for one in rows[-TREND:]]
    if kind == "job":
        own, poured = (add(*(getattr(one, part) for one in rows)) for part in ("own", "poured"))
        return _plain(inflows, key, "to date", own, poured), tuple(trend)
    return loaded(books, key), tuple(trend)


def _plain(inflows: Inflows, key: str, period: str, direct: Decimal, upstream: Decimal) -> Loaded:
    nothing, total = Decimal(0), add(direct, upstream)
    return Loaded(
        asset=key, currency=inflows.books.currency, period=period, known=True, direct=direct, upstream=upstream,
        trials=nothing, build=total, serving=nothing, tokens=nothing, run=nothing, total=total, basis={},
    )  # fmt: skip


def _origins(inflows: Inflows, key: str, month: Period, cost: Loaded) -> tuple[Origin, ...]:
    if kind_of(key) in OWNING:
        parts = sorted(lines_of(inflows, key, month).items(), key=lambda line: (-abs(line[1]), line[0]))
    else:
        names = ("direct", "upstream", "trials", "serving", "tokens")
        parts = [(name, getattr(cost, name)) for name in names]
    if not cost.total:
        return ()
    return tuple(Origin(name=name, amount=part, share=share_of(part, cost.total)) for name, part in parts if part)


def _nodes(
    inflows: Inflows, healths: Mapping[str, Health], month: Period, shown: list[Step], before: int
) -> tuple[Node, ...]:
    flows = inflows.books.flows
    poured = inflows.built(step.asset for step in shown if kind_of(step.asset) not in OWNING)
    nodes = []
    for place, step in enumerate(shown):
        kind, health = kind_of(step.asset), healths.get(step.asset)
        cost = owned(inflows, step.asset, month) if kind in OWNING else poured[step.asset]
        nodes.append(Node(
            asset=step.asset, kind=kind, distance=-step.distance if 1 <= place <= before else step.distance,
            cost=cost if cost or _has_origin(flows, step.asset) else None,
            state="" if kind != "dataset" else health.state if health else "unknown",
        ))  # fmt: skip
    return tuple(nodes)


def _has_origin(flows: Flows, key: str) -> bool:
    """Say whether nothing is a sum, not something unknown: a version without a known run says *origin unknown*."""
    if not is_version(key):
        return True
    known = key in flows.versions.keys
    return known and bool((flows.version_runs.version == flows.versions.keys.index(key)).any())


def _edges(inflows: Inflows, lineage: Lineage, shown: set[str]) -> tuple[Edge, ...]:
    """List the edges among the assets shown; to a product only those that no longer way on the thread stands for."""
    amounts = inflows.between(asset for asset in shown if kind_of(asset) not in OWNING)
    pairs = [(edge.source, edge.target) for edge in lineage.edges_among(shown)]
    after: dict[str, set[str]] = defaultdict(set)
    for source, target in pairs:
        after[source].add(target)
    return tuple(
        Edge(source=source, target=target, amount=amounts.get((source, target)))
        for source, target in pairs
        if kind_of(target) != "product" or not _leads(after, after[source] - {target}, target)
    )


def _leads(after: Mapping[str, set[str]], start: set[str], target: str) -> bool:
    """Say whether a way leads from any of some assets to a target."""
    seen, pending = set(start), list(start)
    while pending:
        reached = after.get(pending.pop(), set())
        if target in reached:
            return True
        pending += reached - seen
        seen |= reached
    return False


def _ground(healths: Mapping[str, Health], assets: list[str]) -> Ground:
    found = [healths[asset] for asset in assets if asset in healths]
    return Ground(
        datasets=sum(kind_of(asset) == "dataset" for asset in assets),
        checks=sum(health.total for health in found),
        kept=sum(health.passed for health in found),
        bad=tuple(health.dataset for health in found if health.state == "failing"),
    )


def _serving(flows: Flows, version: str, as_of: Instant) -> Serving:
    uses = flows.consumptions
    if version not in flows.versions.keys:
        return Serving(registered_at=None, runs=0, users=())
    place = flows.versions.keys.index(version)
    alive = (uses.version == place) & (uses.since <= as_of) & (as_of < uses.until)
    return Serving(
        registered_at=int(flows.versions.at[place]),
        runs=int((flows.version_runs.version == place).sum()),
        users=tuple(sorted({flows.consumers[user] for user in uses.consumer[alive].tolist()})),
    )
