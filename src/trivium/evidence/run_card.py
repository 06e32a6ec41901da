"""What is one run: what it read and made, what it was charged and drained, and where its money went?"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from trivium.facts.money import add
from trivium.finops.inflows import Inflows
from trivium.graph.flows import Flows
from trivium.graph.made import place_of, reads_of, versions_of, writes_of

RETRIES: Final = 1_000
"""Runs of a failed run's job among which those are sought that went on with its money."""


class Poured(msgspec.Struct, frozen=True):
    """What went from a run straight into an asset."""

    asset: str
    amount: Decimal


class RunCard(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the graph and in the books; `charged` + `drained` = `total` = Σ `poured` + `stays`.

    `charged` are its own charges, `drained` is what it took from what it read. `stays` has gone nowhere yet: it runs
    still, it failed, or nothing came of it.
    """

    run: str
    experiment: str
    job: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    versions: tuple[str, ...]
    charged: Decimal
    drained: Decimal
    total: Decimal
    poured: tuple[Poured, ...]
    stays: Decimal


def run_card(inflows: Inflows, run: str) -> RunCard:
    """Join what the graph and the books know of a run (by canonical key)."""
    flows = inflows.books.flows
    place = place_of(flows.runs.keys, run)
    experiment = flows.experiments[flows.runs.experiment[place]] if _has(place, flows.runs.experiment) else ""
    job = flows.jobs[flows.runs.job[place]] if _has(place, flows.runs.job) else ""
    reads, writes, versions = reads_of(flows, [run]), writes_of(flows, [run]), versions_of(flows, run)
    months = inflows.months([run])[run]
    charged, drained = add(*(one.own for one in months)), add(*(one.poured for one in months))
    poured = _poured(inflows, run, [*versions, *writes, *_retries(flows, place), *filter(None, (experiment, job))])
    total = add(charged, drained)
    return RunCard(
        run=run, experiment=experiment, job=job, reads=reads, writes=writes, versions=versions, charged=charged,
        drained=drained, total=total, poured=poured,
        stays=add(total, *(one.amount.copy_negate() for one in poured)),
    )  # fmt: skip


def _has(place: int, column: object) -> bool:
    return place >= 0 and int(column[place]) >= 0  # type: ignore[index]


def _retries(flows: Flows, place: int) -> list[str]:
    """List the other runs of the job, into which a failed run may have poured, and those that it spreads over."""
    if place < 0:
        return []
    job = int(flows.runs.job[place])
    others = (flows.runs.job == job) if job >= 0 else (flows.runs.parent == place)
    found = (others | (flows.runs.parent == place)).nonzero()[0].tolist()
    return [flows.runs.keys[other] for other in found[:RETRIES] if other != place]


def _poured(inflows: Inflows, run: str, targets: list[str]) -> tuple[Poured, ...]:
    between = inflows.between([run, *targets])
    found = [Poured(target, amount) for (source, target), amount in between.items() if source == run and amount]
    return tuple(sorted(found, key=lambda one: (-abs(one.amount), one.asset)))
