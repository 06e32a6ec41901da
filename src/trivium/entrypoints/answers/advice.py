"""What to do next, in a sentence and the line that does it: every figure has a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.dataops.healths import Health
from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.evidence.blast_radius import BlastRadius, Repair, blast_radius
from trivium.evidence.next_steps import Bad, Situation, next_steps
from trivium.evidence.next_steps import Step as Doing
from trivium.finops.inflows import Inflows

MOST: Final = 3
"""The failing datasets whose repair is worked out; a page names the others."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do."""

    doing: Annotated[str, Meta(description="`fix first`, `allocate`, `tag`, `declare` or `look`.")]
    asset: Annotated[str, Meta(description="The asset that it is done to.")]
    text: Annotated[str, Meta(description="What to do, in a sentence.")]
    line: Annotated[str, Meta(description="The lines of a declaration that do it; empty where none does.")]


def steps_of(
    rooms: Rooms, inflows: Inflows, asset: str, datasets: Iterable[str], situation: Situation, state: State
) -> tuple[Step, ...]:
    """Say what to do about an asset, the most urgent first; `datasets` are those that it stands on, or itself."""
    keeping = rooms.bookkeeping
    healths = keeping.healths(state)
    failing = sorted({key for key in datasets if key in healths and healths[key].state == "failing"}, key=_last(asset))
    bad = [_bad(rooms, inflows, healths[key], state, place < MOST) for place, key in enumerate(failing)]
    steps = next_steps(msgspec.structs.replace(situation, bad=tuple(bad)))
    names = keeping.names(state)
    return tuple(
        Step(
            doing=step.doing,
            asset=step.asset,
            text=_text(step, names, inflows.books.currency),
            line=step.line,
        )
        for step in steps
    )


def blast_of(rooms: Rooms, inflows: Inflows, dataset: str, state: State) -> BlastRadius:
    """Give the blast radius of a dataset since its last passing check; kept for the state."""

    def made() -> BlastRadius:
        with rooms.bookkeeping.graph(state) as connection:
            return blast_radius(connection, inflows, dataset, state.until)

    return rooms.bookkeeping.kept("blast", state, made, inflows.books.currency, dataset)


def repair_text(repairs: tuple[Repair, ...], names: Names, currency: str) -> str:
    """Say what to run again, in order, and what it costs together."""
    if not repairs:
        return ""
    jobs = [f"`{names.of(repair.job)}`" for repair in repairs]
    order = ", then ".join(jobs[:4]) + (f" and {len(jobs) - 4} more" if len(jobs) > 4 else "")
    known = [repair.cost for repair in repairs if repair.cost is not None]
    if not known:
        return f"Cheapest repair: run {order} again; what that costs is not known yet."
    cost = brief(sum(known, Decimal(0)), currency)
    return f"Cheapest repair: run {order} again, about {cost}{' together' if len(jobs) > 1 else ''}."


def brief(amount: Decimal, currency: str) -> str:
    """Round an amount to hundredths, for a sentence."""
    return f"{amount.quantize(Decimal('0.01')):,f} {currency}".strip()


def _last(asset: str) -> Callable[[str], tuple[bool, str]]:
    """Put the asset itself first."""
    return lambda key: (key != asset, key)


def _bad(rooms: Rooms, inflows: Inflows, health: Health, state: State, priced: bool) -> Bad:
    """Say what fails in a dataset, and the job that repairs it with its cost."""
    sources = blast_of(rooms, inflows, health.dataset, state).sources if priced else ()
    job, cost = (sources[-1].job, sources[-1].cost) if sources else ("", None)
    return Bad(dataset=health.dataset, failing=health.failing, job=job, cost=cost)


def _text(step: Doing, names: Names, currency: str) -> str:
    name = f"`{names.of(step.asset)}`"
    if step.doing == "fix first":
        cost = f", about {brief(step.cost, currency)}" if step.cost is not None else ""
        how = f": run `{names.of(step.job)}` again{cost}" if step.job else ""
        return f"Fix {name} first{how}."
    if step.doing == "declare":
        return f"Declare who owns {name}."
    if step.doing == "allocate":
        return f"Say which product {name} is part of, and its cost comes to rest there."
    percent = f"{100 * (step.share or Decimal(0)):.0f} %"
    if step.doing == "tag":
        return f"Say who uses the resource: {percent} of the cost of {name} is only divided."
    return f"Look at what made {name} cost {percent} more than the month before."
