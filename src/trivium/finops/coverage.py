"""How sure is a month's statement: which part of the charges was allocated on which basis?"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from trivium.facts.money import add
from trivium.finops.allocation import BASES
from trivium.finops.books import MonthBook


def coverage(book: MonthBook) -> dict[str, Decimal]:
    """Sum a month's charges by basis, the largest first; Σ is the month's total less what is finer than a unit."""
    entries = book.network.entries
    sums = {
        name: book.money(int(entries.amount[entries.basis == number].sum(dtype=np.int64)))
        for number, name in enumerate(BASES)
    }
    assert add(*sums.values(), book.finer) == book.total or book.closed
    return {name: sums[name] for name in sorted(sums, key=lambda name: (-abs(sums[name]), name)) if sums[name]}


def services(book: MonthBook) -> dict[str, Decimal]:
    """Sum a month's charges by ServiceName, the largest first, but for what is finer than a unit."""
    entries = book.network.entries
    units: dict[str, int] = {}
    groups, inverse = np.unique(entries.group, return_inverse=True)
    sums = np.zeros(len(groups), dtype=np.int64)
    np.add.at(sums, inverse, entries.amount)
    for group, amount in zip(groups.tolist(), sums.tolist(), strict=True):
        service = str(book.charges[group].columns.get("ServiceName") or "")
        units[service] = units.get(service, 0) + amount
    return {name: book.money(units[name]) for name in sorted(units, key=lambda name: (-abs(units[name]), name))}
