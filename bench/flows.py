"""Random months of lineage of any size, as finops reads them: runs, reads and writes, sorted."""

from __future__ import annotations

import numpy as np

from trivium.facts.period import Period, parse_period
from trivium.finops.bearings import Bearings
from trivium.graph.flows import (
    SUCCESS,
    Consumptions,
    Ends,
    Flows,
    Predictions,
    Runs,
    Starts,
    Uses,
    VersionRuns,
    Versions,
)

MONTH = parse_period("2026-10")
HOUR = 3600 * 1_000_000


def month_of_flows(runs: int, seed: int = 1) -> tuple[Flows, Period]:
    """Make a month with `runs` successful runs, three reads and two writes each; a tenth as many datasets."""
    random = np.random.default_rng(seed)
    datasets, jobs = max(runs // 10, 2), runs // 20 + 1
    start = np.sort(random.integers(0, MONTH.end - MONTH.start - 2 * HOUR, runs)) + MONTH.start
    none = np.full(runs, -1, np.int32)
    flat = np.zeros(runs, np.bool_)
    empty, empty_long = np.zeros(0, np.int32), np.zeros(0, np.int64)
    columns = Runs(
        keys=[f"run:{number:08d}" for number in range(runs)], start=start,
        end=start + random.integers(60_000_000, 2 * HOUR, runs), outcome=np.full(runs, SUCCESS, np.int8),
        job=(np.arange(runs) % jobs).astype(np.int32), experiment=none, parent=none,
        carrier=np.arange(runs, dtype=np.int32), bracket=flat, upkeep=flat, names=~flat, tracked=flat,
        sequence=np.ones(runs, np.int64), end_sequence=np.ones(runs, np.int64),
    )  # fmt: skip
    flows = Flows(
        runs=columns, start_sequences=Starts(empty, empty_long, empty_long),
        ends=Ends(empty, empty_long, np.zeros(0, np.int8), empty_long),
        jobs=[f"job:x/{number}" for number in range(jobs)],
        datasets=[f"dataset:lake/{number:08d}" for number in range(datasets)], experiments=[], consumers=[],
        reads=_uses(random, runs, 3, datasets), writes=_uses(random, runs, 2, datasets),
        versions=Versions([], empty_long, empty, empty, empty_long), version_runs=VersionRuns(empty, empty),
        consumptions=Consumptions(empty, empty, empty_long, empty_long, empty_long),
        predictions=Predictions(empty, empty, empty_long, empty_long, empty_long),
        life_days=np.zeros(datasets, np.int32), resources=[], rules=[], owners={}, products={}, names={}, sequence=1,
    )  # fmt: skip
    return flows, MONTH


def charges_of(flows: Flows, seed: int = 2) -> Bearings:
    """Charge every run once, up to ten units of currency."""
    count = len(flows.runs.keys)
    amount = np.random.default_rng(seed).integers(1, 10**10, count)
    return Bearings(
        np.arange(count, dtype=np.int32), amount, flows.runs.start, flows.runs.end, np.zeros(count, np.int8),
        np.zeros(count, np.int32), np.zeros(count, np.bool_),
    )  # fmt: skip


def _uses(random: np.random.Generator, runs: int, each: int, datasets: int) -> Uses:
    pair = np.unique(np.repeat(np.arange(runs), each) * datasets + random.integers(0, datasets, runs * each))
    size = len(pair)
    return Uses(
        (pair // datasets).astype(np.int32), (pair % datasets).astype(np.int32), random.integers(1, 10**9, size),
        np.full(size, -1), np.ones(size, np.int64),
    )  # fmt: skip
