"""Which assets are there, and how are they?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from trivium.dataops.healths import Health
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import LARGEST, AsOf, Known, When, instant_of, words, written
from trivium.facts.instants import format_instant
from trivium.facts.keys import KINDS
from trivium.facts.problem import refuse, shown
from trivium.graph.assets import Asset
from trivium.graph.search import search

ORDERS = ("name", "quality")


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    kind: Annotated[str, Meta(description="Only assets of this kind; runs are found by words only.")] = ""
    q: Annotated[
        str,
        Meta(description="Only assets whose name holds all these words; case does not matter; of runs at most 100."),
    ] = ""
    order: Annotated[str, Meta(description="`name`, or `quality`: what fails first, then what is oldest.")] = "name"
    start: Annotated[int, Meta(description="How many are left out before the first one listed.", ge=0, le=LARGEST)] = 0
    limit: Annotated[
        int, Meta(description="How many are listed at most; a file without it holds all.", ge=1, le=10_000)
    ] = 1000
    as_of: AsOf = ""
    known: Known = None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One asset, as a list shows it."""

    asset: Annotated[str, Meta(description="Its key.")]
    kind: Annotated[str, Meta(description="Its kind.")]
    title: Annotated[str, Meta(description="What people call it, else the end of its name.")]
    owners: Annotated[tuple[str, ...], Meta(description="The teams that answer for it.", extra=words(absent="nobody"))]
    products: Annotated[
        tuple[str, ...], Meta(description="The products that it is part of.", extra=words(absent="none is declared"))
    ]
    quality: Annotated[
        Literal["failing", "warning", "passing", "unknown"] | None,
        Meta(description="How a dataset is; null for what is no dataset.", extra=words(absent="no dataset")),
    ]
    kept: Annotated[int, Meta(description="How many of its checks hold.")]
    checks: Annotated[int, Meta(description="How many checks look at it.")]
    failing: Annotated[
        tuple[str, ...], Meta(description="What fails or is not as usual.", extra=words(absent="nothing"))
    ]
    last_write: Annotated[
        str | None,
        Meta(description="When it was last written; null when never.", extra=words(absent="never")),
    ]
    rows: Annotated[
        int | None,
        Meta(description="The newest count of its rows; null when nobody counted.", extra=words(absent="not counted")),
    ]
    trend: Annotated[tuple[float, ...], Meta(description="The last counts of its rows, the oldest first.")]


class KindCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many assets of a kind match."""

    kind: Annotated[str, Meta(description="The kind.")]
    count: Annotated[int, Meta(description="How many.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the list of assets."""

    as_of: When
    total: Annotated[int, Meta(description="How many assets match.")]
    failing: Annotated[int, Meta(description="How many of them are datasets that fail.")]
    start: Annotated[int, Meta(description="How many were left out before the first one listed.")]
    kinds: Annotated[tuple[KindCount, ...], Meta(description="The matching assets of all kinds, counted.")]
    assets: Annotated[tuple[Listed, ...], Meta(description="The assets.", extra=words(absent="nothing is called that"))]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List assets."""
    if params.kind and params.kind not in KINDS:
        raise refuse("bad_kind", f"{shown(params.kind)} is no kind.", where="kind", fix=f"Use {', '.join(KINDS)}.")
    if params.order not in ORDERS:
        raise refuse("bad_order", f"{shown(params.order)} is no order.", where="order", fix=f"Use {', '.join(ORDERS)}.")
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    found: Iterable[Asset] = keeping.assets(state)
    if params.q:
        with keeping.graph(state) as connection:
            found = [hit.asset for hit in search(connection, params.q, LARGEST)]
    counts = Counter(one.kind for one in found)
    chosen = [one for one in found if not params.kind or one.kind == params.kind]
    healths = keeping.healths(state) if counts["dataset"] and params.kind in {"", "dataset"} else {}
    if params.order == "quality":
        chosen.sort(key=lambda one: _urgency(one, healths))
    names = keeping.names(state)
    return Answer(
        as_of=format_instant(state.as_of),
        total=len(chosen),
        failing=sum(one.key in healths and healths[one.key].state == "failing" for one in chosen),
        start=params.start,
        kinds=tuple(KindCount(kind=kind, count=counts[kind]) for kind in KINDS if counts[kind]),
        assets=tuple(
            _listed(one, names, healths.get(one.key)) for one in chosen[params.start : params.start + params.limit]
        ),
    )


def _urgency(one: Asset, healths: dict[str, Health]) -> tuple[bool, int, str]:
    health = healths.get(one.key)
    failing = health is not None and health.state == "failing"
    return not failing, (health.freshness.last_write if health else None) or 0, one.key


def _listed(one: Asset, names: Names, health: Health | None) -> Listed:
    quality = None if one.kind != "dataset" else "unknown" if health is None else health.state
    return Listed(
        asset=one.key,
        kind=one.kind,
        title=names.of(one.key),
        owners=one.owners,
        products=one.products,
        quality=quality,
        kept=health.passed if health else 0,
        checks=health.total if health else 0,
        failing=(*health.failing, *health.unusual) if health else (),
        last_write=written(health.freshness.last_write) if health else None,
        rows=health.rows if health else None,
        trend=health.series if health else (),
    )
