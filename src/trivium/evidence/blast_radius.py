"""What does a bad dataset reach, what has been spent on it since, what is at risk a day, and what is the repair?

Source: attribution.md §4, "Blast radius".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import Connection

from trivium.dataops.quality import last_good
from trivium.facts.instants import FIRST, LAST, Instant
from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.problem import refuse, shown
from trivium.facts.statements import Valued
from trivium.finops.books import MonthBook
from trivium.finops.inflows import Charged, Inflows
from trivium.graph.declarations import declared_now
from trivium.graph.flows import SUCCESS, Flows, Uses
from trivium.graph.reach import Contact, Reach, reach

DAYS: Final = 28
"""The days with charges over which the daily cost of endpoints is the mean."""
LAST_RUNS: Final = 5
"""The successful runs over which the cost of running a job again is the mean."""


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """A job to run again: the mean cost of its last successful runs, None where no charge is known; and their time."""

    job: str
    cost: Decimal | None
    runs: int
    seconds: int


class AtRisk(msgspec.Struct, frozen=True, kw_only=True):
    """Money a day: what the reached endpoints cost, and what the reached products are worth; None: not declared."""

    serving: Decimal
    tokens: Decimal
    value: Decimal | None


class BlastRadius(msgspec.Struct, frozen=True, kw_only=True):
    """All that a dataset reaches forward in time since it is bad.

    `since` is None when no check of it ever passed: then everything after it is listed, and `spent` is None. `repair`
    are the reached jobs, each after those that it depends on; `sources` the jobs that write the dataset itself.
    """

    dataset: str
    currency: str
    since: Instant | None
    assets: tuple[Contact, ...]
    runs: int
    spent: Decimal | None
    at_risk_per_day: AtRisk
    sources: tuple[Repair, ...]
    repair: tuple[Repair, ...]


def blast_radius(
    connection: Connection, inflows: Inflows, dataset: str, as_of: Instant, since: Instant | None = None
) -> BlastRadius:
    """Follow a dataset (by canonical key) forward in time; without `since` from its last passing check on."""
    if kind_of(dataset) != "dataset":
        fix = "Ask about a dataset; `trivium asset show KEY` shows what depends on anything else."
        raise refuse("no_dataset", f"{shown(dataset)} is no dataset.", status=422, where="key", fix=fix)
    flows = inflows.books.flows
    since = last_good(connection, dataset, as_of) if since is None else since
    reached = _until(reach(flows, dataset, FIRST if since is None else since), as_of)
    jobs = {one.asset: one for one in reached.jobs}
    values = declared_now(connection, Valued)
    return BlastRadius(
        dataset=dataset,
        currency=inflows.books.currency,
        since=since,
        assets=tuple(reached.contacts()),
        runs=len(reached.runs),
        spent=None if since is None else _spent(inflows, [one.asset for one in reached.runs], since),
        at_risk_per_day=_at_risk(inflows, reached, [value for value, _ in values], as_of),
        sources=tuple(repairs(inflows, _writers(flows, dataset, as_of), as_of)),
        repair=tuple(repairs(inflows, in_order(flows, jobs), as_of)),
    )


def repairs(inflows: Inflows, jobs: Iterable[str], as_of: Instant) -> list[Repair]:
    """Say of each job what running it again costs: the mean of its last five successful runs up to an instant."""
    flows, named = inflows.books.flows, list(jobs)
    runs = flows.runs
    last = _last_runs(flows, [flows.jobs.index(job) for job in named], as_of)
    charges: dict[str, list[Charged]] = defaultdict(list)
    for one in inflows.charged(runs.keys[run] for some in last.values() for run in some):
        charges[one.asset].append(one)
    found = []
    for job in named:
        mine = last[flows.jobs.index(job)]
        borne = [one for run in mine for one in charges.get(runs.keys[run], ())]
        seconds = [int(runs.end[run] - runs.start[run]) // 1_000_000 for run in mine]
        found.append(Repair(
            job=job, runs=len(mine), cost=_mean(borne, len(mine)) if borne else None,
            seconds=sum(seconds) // max(1, len(seconds)),
        ))  # fmt: skip
    return found


def _last_runs(flows: Flows, jobs: list[int], as_of: Instant) -> dict[int, list[int]]:
    """Give the last successful runs of each job up to an instant, by the job's place, in order of their ends."""
    runs = flows.runs
    good = np.flatnonzero(np.isin(runs.job, jobs) & (runs.outcome == SUCCESS) & (runs.end <= as_of))
    ordered = good[np.lexsort((runs.end[good], runs.job[good]))]
    ends = np.searchsorted(runs.job[ordered], jobs, side="right").tolist()
    starts = np.searchsorted(runs.job[ordered], jobs, side="left").tolist()
    return {
        job: ordered[max(start, end - LAST_RUNS) : end].tolist()
        for job, start, end in zip(jobs, starts, ends, strict=True)
    }


def in_order(flows: Flows, jobs: dict[str, Contact]) -> list[str]:
    """Order jobs so that each stands after those whose datasets it reads; circles are cut at the earliest contact."""
    places = {flows.jobs.index(job): job for job in jobs}
    makers: dict[int, set[int]] = defaultdict(set)
    for dataset, job in _pairs(flows, flows.writes, list(places)):
        makers[dataset].add(job)
    before: dict[str, set[str]] = {job: set() for job in jobs}
    for dataset, job in _pairs(flows, flows.reads, list(places)):
        before[places[job]] |= {places[maker] for maker in makers[dataset]} - {places[job]}
    ordered: list[str] = []
    while before:
        free = [job for job, needs in before.items() if not needs & before.keys()] or list(before)
        ordered.append(min(free, key=lambda job: (jobs[job].at, jobs[job].distance, job)))
        del before[ordered[-1]]
    return ordered


def _pairs(flows: Flows, uses: Uses, jobs: list[int]) -> list[tuple[int, int]]:
    """Give each pair of a dataset and one of some jobs that uses it, once."""
    job = flows.runs.job[uses.run]
    wanted = np.isin(job, jobs)
    count = len(flows.jobs)
    pairs = np.unique(uses.dataset[wanted].astype(np.int64) * count + job[wanted])
    return list(zip((pairs // max(1, count)).tolist(), (pairs % max(1, count)).tolist(), strict=True))


def _until(reached: Reach, as_of: Instant) -> Reach:
    """Leave out what comes after an instant."""
    if as_of >= LAST:
        return reached
    parts = ("runs", "jobs", "datasets", "versions", "endpoints", "products")
    kept = {part: tuple(one for one in getattr(reached, part) if one.at <= as_of) for part in parts}
    return msgspec.structs.replace(reached, **kept)


def _writers(flows: Flows, dataset: str, as_of: Instant) -> list[str]:
    """List the jobs that wrote a dataset with success up to an instant, sorted."""
    if dataset not in flows.datasets:
        return []
    runs = flows.writes.run[flows.writes.dataset == flows.datasets.index(dataset)]
    good = runs[(flows.runs.outcome[runs] == SUCCESS) & (flows.runs.end[runs] <= as_of)]
    return sorted({flows.jobs[job] for job in flows.runs.job[good].tolist() if job >= 0})


def _spent(inflows: Inflows, runs: list[str], since: Instant) -> Decimal:
    """Sum the runs' own charges whose period ends after an instant."""
    return add(*(one.amount for one in inflows.charged(runs) if one.charge.end > since))


def _at_risk(inflows: Inflows, reached: Reach, values: list[Valued], as_of: Instant) -> AtRisk:
    """Take the mean of the last days with charges of the endpoints, and the declared value of the products."""
    charges = inflows.charged([one.asset for one in reached.endpoints])
    days: dict[Instant, list[tuple[bool, MonthBook, int]]] = defaultdict(list)
    for one in charges:
        for day, units in one.by_day().items():
            if units and day <= as_of:
                days[day].append((one.charge.in_tokens, one.book, units))
    last = sorted(days)[-DAYS:]
    sums = {
        metered: add(*(book.money(units) for day in last for tokens, book, units in days[day] if tokens is metered))
        for metered in (False, True)
    }
    products = {one.asset for one in reached.products}
    worth = [
        Decimal(value.amount) for value in values
        if value.product in products and value.currency == inflows.books.currency
    ]  # fmt: skip
    count = max(1, len(last))
    value = add(*worth) if worth or not products else None
    return AtRisk(serving=_divided(sums[False], count), tokens=_divided(sums[True], count), value=value)


def _mean(charges: list[Charged], count: int) -> Decimal:
    return _divided(add(*(one.amount for one in charges)), count)


def _divided(amount: Decimal, count: int) -> Decimal:
    """Divide to the nearest nano-unit: a mean is no part of a sum."""
    units = int(amount.scaleb(9))
    return Decimal((2 * units + count) // (2 * count)).scaleb(-9)
