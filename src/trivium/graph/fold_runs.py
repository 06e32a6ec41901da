"""Which run carries what a run costs: folding, brackets and upkeep (attribution.md §2)."""

from __future__ import annotations

from typing import Final

import numpy as np

from trivium.graph.flows import Bool, Int32

_DEEPEST: Final = 1_000


def carriers(parent: Int32, stands: Bool, names: Bool) -> Int32:
    """Give for each run the run that carries its cost.

    A run that `stands` (it names datasets, leads to a version or is a trial) carries itself; any other run folds into
    its nearest ancestor that `names` datasets, and carries itself where there is none. Circles of parents end the
    search.
    """
    own = np.arange(len(parent), dtype=np.int32)
    carrier = own.copy()
    climbing = np.flatnonzero(~stands)
    above = parent[climbing]
    for _ in range(_DEEPEST):
        inside = above >= 0
        climbing, above = climbing[inside], above[inside]
        if not len(climbing):
            break
        found = names[above]
        carrier[climbing[found]] = above[found]
        climbing, above = climbing[~found], parent[above[~found]]
    return carrier


def brackets(parent: Int32, stands: Bool, carrier: Int32) -> Bool:
    """Say which runs spread their cost over their children: they do not stand, have children, and fold nowhere."""
    has_children = np.zeros(len(parent), np.bool_)
    has_children[parent[parent >= 0]] = True
    alone: Bool = carrier == np.arange(len(parent))
    return ~stands & has_children & alone


def upkeep(test: Bool, checked: Bool, has_reads: Bool, has_product: Bool) -> Bool:
    """Say which runs only looked: tests, and runs whose only product is check results or profiles."""
    return test | (checked & has_reads & ~has_product)
