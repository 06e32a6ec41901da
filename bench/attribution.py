"""The tank rule at scale: sorted flows to statement, beside networkx and the limit of random gathers."""

from __future__ import annotations

import gc
import time
from decimal import Decimal

import numpy as np

from bench.flows import charges_of, month_of_flows
from bench.result import Result
from trivium.finops.books import MonthBook
from trivium.finops.closings import Closings
from trivium.finops.month import build_month
from trivium.finops.network import Network, Poured
from trivium.finops.owners import owners_in
from trivium.finops.places import Places
from trivium.finops.sharing import Sharing
from trivium.finops.slices import Spans, View
from trivium.finops.spreading import compiled, pour
from trivium.finops.statement import asset_lines

NETWORKX_RUNS = 10_000


def attribution(full: bool) -> list[Result]:
    """Measure growth from 10⁴ to 10⁶ runs, the spread alone, and networkx on the same network, edge by edge."""
    compiled()
    _measure(60_000)
    sizes = [10_000, 100_000, 1_000_000] if full else [10_000, 100_000]
    results = []
    for runs in sizes:
        uses, total, spread, network = _measure(runs)
        results.append(Result(
            f"attribution: {runs:,} runs, {uses:,} reads and writes, sorted flows to statement", total, "s",
            "≤ 2 s at 1 M runs" if runs == 1_000_000 else "", total <= 2 if runs == 1_000_000 else None,
            note=f"{network.size:,} nodes, {len(network.target):,} edges",
        ))  # fmt: skip
    edges = len(network.target)
    gather = _random_gather(edges)
    results.append(Result(
        f"spread over {edges:,} edges, per edge", spread / edges * 1e9, "ns", "≤ 20 ns",
        spread / edges * 1e9 <= 20, gather, "one random gather, the limit",
    ))  # fmt: skip
    results.append(_beside_networkx())
    return results


def _measure(runs: int) -> tuple[int, float, float, Network]:
    """Time a month from sorted flows to statement lines: (uses, seconds, seconds of the spread, network)."""
    flows, month = month_of_flows(runs)
    bearings = charges_of(flows)
    gc.collect()
    begun = time.perf_counter()
    view = View(flows, month, month.end, Closings())
    places, spans = Places(flows), Spans.of(view)
    network = build_month(view, spans, Sharing(flows, places, view.cutoff, spans), bearings, [])
    built = time.perf_counter()
    poured = pour(network, {})
    spread = time.perf_counter()
    lines = asset_lines(_book(poured, places))
    done = time.perf_counter()
    assert sum(line.amount for line in lines) == Decimal(int(bearings.amount.sum())).scaleb(-9)
    return len(flows.reads.run) + len(flows.writes.run), done - begun, spread - built, network


def _book(poured: Poured, places: Places) -> MonthBook:
    month = poured.network.month
    nothing = Decimal(0)
    return MonthBook(
        month,
        month.end,
        False,
        9,
        poured,
        {},
        places.key,
        {},
        nothing,
        nothing,
        nothing,
        (),
        owners_in(places.flows),
        places.known,
    )


def _random_gather(edges: int) -> float:
    """Measure nanoseconds per element of gathering at random: no traversal can be faster."""
    random = np.random.default_rng(3)
    values, place = random.integers(0, 9, edges), random.permutation(edges)
    begun = time.perf_counter()
    values[place].sum()
    return (time.perf_counter() - begun) / edges * 1e9


def _beside_networkx() -> Result:
    """Spread the same amounts over the same network in networkx, node by node in topological order."""
    import networkx

    flows, month = month_of_flows(NETWORKX_RUNS)
    view = View(flows, month, month.end, Closings())
    spans = Spans.of(view)
    network = build_month(view, spans, Sharing(flows, Places(flows), view.cutoff, spans), charges_of(flows), [])
    begun = time.perf_counter()
    poured = pour(network, {})
    ours = time.perf_counter() - begun
    graph = networkx.DiGraph()
    graph.add_nodes_from((node, {"value": int(units)}) for node, units in enumerate(poured.own))
    source = np.repeat(np.arange(network.size), np.diff(network.start))
    graph.add_weighted_edges_from(zip(source.tolist(), network.target.tolist(), network.weight.tolist(), strict=True))
    begun = time.perf_counter()
    for node in networkx.topological_sort(graph):
        out = graph[node]
        whole = sum(data["weight"] for data in out.values())
        for target, data in out.items():
            graph.nodes[target]["value"] += graph.nodes[node]["value"] * data["weight"] / whole
    theirs = time.perf_counter() - begun
    edges = len(network.target)
    return Result(
        f"spread over {edges:,} edges beside networkx, per edge", ours / edges * 1e9, "ns", "", None,
        theirs / edges * 1e9, f"networkx {networkx.__version__}, in floats",
    )  # fmt: skip
