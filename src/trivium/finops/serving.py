"""Who used which model version in a month, and how often: by that versions are drained and serving is shared."""

from __future__ import annotations

import msgspec
import numpy as np

from trivium.finops.spans import View


class Used(msgspec.Struct, frozen=True, order=True):
    """A consumer used a version in a month; `count` are its predictions, -1 where nobody reported any."""

    version: str
    consumer: str
    count: int


def month_uses(view: View) -> tuple[Used, ...]:
    """List who used what in a month, as far as it has come, sorted."""
    flows, uses, made = view.flows, view.flows.consumptions, view.flows.predictions
    alive = (uses.since <= view.cutoff) & (uses.since < view.month.end) & (uses.until > view.month.start)
    pairs = set(zip(uses.version[alive].tolist(), uses.consumer[alive].tolist(), strict=True))
    counts: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(made.month == view.month.start).tolist():
        counts[int(made.version[row]), int(made.consumer[row])] = int(made.count[row])
    return tuple(
        Used(flows.versions.keys[version], flows.consumers[consumer], counts.get((version, consumer), -1))
        for version, consumer in sorted(pairs)
    )


def weights_of(counts: list[int]) -> list[int]:
    """Weigh users: by predictions where all have them and any was made, else one each."""
    known = min(counts, default=-1) >= 0 and any(counts)
    weights = counts if known else [1] * len(counts)
    assert all(weight >= 0 for weight in weights)
    return weights
