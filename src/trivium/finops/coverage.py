"""How sure is a month's statement: which part of the charges was allocated on which basis?"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from trivium.finops.allocation import BASES
from trivium.finops.books import MonthBook


def coverage(book: MonthBook) -> dict[str, Decimal]:
    """Sum a month's charges by basis, the largest first; Σ is the month's total less what is finer than a unit."""
    entries = book.network.entries
    sums = {
        name: book.money(int(entries.amount[entries.basis == number].sum(dtype=np.int64)))
        for number, name in enumerate(BASES)
    }
    return {name: sums[name] for name in sorted(sums, key=lambda name: (-abs(sums[name]), name)) if sums[name]}
