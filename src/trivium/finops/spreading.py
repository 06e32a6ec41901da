"""Runs the amounts of a month through its network: as Python for small ones, compiled by numba for large ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np

from trivium.facts.problem import refuse
from trivium.finops import apportion
from trivium.finops.network import Bool, Int64, Network, Poured, Tank
from trivium.graph import compiling

COMPILED_FROM: Final = 50_000
"""Edges from which compiling pays."""
GUARD: Final = 9_000_000_000 * 1_000_000_000
"""No node may hold more units than this: beyond, sums could pass 64 bits."""


def pour(network: Network, opening: dict[Tank, int], absorbs: Bool | None = None) -> Poured:
    """Let a month's charges and the carried amounts of `opening` flow; `absorbs` marks nodes that keep everything."""
    check_size(_sum_of_sizes(network.entries.amount) + sum(map(abs, opening.values())))
    own = np.zeros(network.size, dtype=np.int64)
    np.add.at(own, network.entries.node, network.entries.amount)
    opened = np.zeros(network.size, dtype=np.int64)
    assert len(network.start) == network.size + 1
    assert network.start[-1] == len(network.target) == len(network.weight)
    for tank, amount in opening.items():
        opened[network.opening[tank]] += amount
    kept = np.zeros(network.size, dtype=np.bool_) if absorbs is None else absorbs
    value = own + opened
    amount_of_edge = np.zeros(len(network.target), dtype=np.int64)
    _run(network, value, kept, amount_of_edge)
    ends = (network.start[1:] == network.start[:-1]) | kept
    assert int(value[ends].sum()) == int(own.sum()) + int(opened.sum())
    return Poured(network, own, opened, value, amount_of_edge, kept)


def _run(network: Network, value: Int64, kept: Bool, amount: Int64) -> None:
    fan_out = int(np.diff(network.start).max(initial=0)) + 1
    if compiling.pays(len(network.target), COMPILED_FROM):
        scratch = np.zeros(fan_out, dtype=np.int64)
        compiled()(value, network.start, network.target, network.weight, kept, amount, scratch)
        return
    values, amounts = value.tolist(), amount.tolist()
    apportion.spread(
        values,
        network.start.tolist(),
        network.target.tolist(),
        network.weight.tolist(),
        kept.tolist(),
        amounts,
        [0] * fan_out,
    )
    value[:], amount[:] = values, amounts


def _sum_of_sizes(amount: Int64) -> int:
    """Sum absolute amounts; float64 is exact enough for a bound, and never wraps."""
    return int(np.abs(amount.astype(np.float64)).sum())


def check_size(size: int) -> None:
    """Refuse (422 `too_much_money`) a month whose amounts are together more units than 64 bits can carry."""
    if size > GUARD:
        raise refuse("too_much_money", "The period holds more money than 64 bits of micro-units can carry.", status=422)


@cache
def compiled() -> Callable[..., None]:
    """Compile the spread once per machine, where numba may keep it, else once per process."""
    return compiling.compiled(
        apportion.spread, apportion.hand_out_few, apportion.hand_out_many, apportion.share_in_two,
        apportion.share_in_many,
    )  # fmt: skip
