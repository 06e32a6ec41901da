"""The worked example of attribution.md §6 through the network of one month."""

from __future__ import annotations

import numpy as np

from tests.finops.flows_of import Run, Version, flows_of
from trivium.facts.instants import parse_instant
from trivium.facts.period import parse_period
from trivium.finops.bearings import Bearings
from trivium.finops.closings import Closings
from trivium.finops.month import build_month
from trivium.finops.network import REST
from trivium.finops.places import Places
from trivium.finops.sharing import Sharing
from trivium.finops.spans import Spans, View
from trivium.finops.spreading import pour
from trivium.graph.flows import SUCCESS

MB = 1_000_000


def at(text: str) -> int:
    return parse_instant(f"2026-11-{text}")


def november(as_of: str) -> dict[str, int]:
    def run(name: str, day: str, cost: int, **more: object) -> Run:
        start = at(f"{day}T08:00")
        return Run(f"run:{name}", start, start + 3600 * 1_000_000, SUCCESS, **more)  # type: ignore[arg-type]

    raw, features = "dataset:lake/raw", "dataset:lake/features"
    none = (-1, -1)
    runs = [
        (run("a", "01", 10, job="job:x/a", writes={raw: none}), 10),
        (run("b1", "02", 90, job="job:x/b", reads={raw: none}, writes={features: none}), 90),
        (run("b2", "03", 90, job="job:x/b", reads={raw: none}, writes={features: none}), 90),
        (run("test", "04", 2, job="job:x/test", reads={features: none}, upkeep=True), 2),
        (run("t1", "05", 40, experiment="experiment:m", reads={features: (300 * MB, -1)}), 40),
        (run("t2", "05", 10, experiment="experiment:m", reads={features: (100 * MB, -1)}), 10),
        (run("b3", "07", 90, job="job:x/b", reads={raw: none}, writes={features: none}), 90),
    ]
    flows = flows_of([row for row, _ in runs], [Version("model:m/1", at("06T00:00"), ["run:t1"], "experiment:m")])
    places = Places(flows)
    month = parse_period("2026-11")
    cutoff = min(at(as_of), month.end)
    rows = [
        (places.place(row.key), cost * 10**9, row.start, row.end, 0, 0, False)
        for row, cost in runs
        if row.start <= cutoff
    ]
    rows.append((places.place("unallocated"), 7_010_000_000, month.start, month.end, 0, 0, False))
    view = View(flows, month, cutoff, Closings())
    spans = Spans.of(view)
    network = build_month(view, spans, Sharing(flows, places, cutoff, spans), Bearings.of(rows), [])
    poured = pour(network, {})
    lines: dict[str, int] = {}
    for node in range(network.size):
        if network.role[node] == REST and poured.value[node]:
            lines[places.key(int(network.place[node]))] = int(poured.value[node])
    for tank, amount in poured.carried().items():
        lines[tank.place] = lines.get(tank.place, 0) + amount
    assert sum(lines.values()) == sum(row[1] for row in rows)
    assert (np.asarray(network.weight) >= 0).all()
    return lines


def test_the_worked_example_as_of_the_6th() -> None:
    assert november("06T12:00") == {"model:m/1": 242_000_000_000, "unallocated": 7_010_000_000}


def test_the_worked_example_as_of_the_8th() -> None:
    assert november("08T12:00") == {
        "model:m/1": 238_666_666_667,
        "dataset:lake/features": 93_333_333_333,
        "unallocated": 7_010_000_000,
    }
