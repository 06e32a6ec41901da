"""Conservation: the lines of every statement sum to what was brought forward and charged, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.oracle.answers import Statement, arrived, computed, drawn
from tests.oracle.history import Charge, Close, History
from tests.oracle.months import instant
from tests.oracle.random_histories import as_of, history, months_to
from tests.oracle.rules import AS_WRITTEN

AT_ONCE = 20
LATER, LAST_MONTH = instant("2027-03-01"), "2027-02"


def sum_of_lines(found: Statement, carried: bool = False) -> Fraction:
    """Return the sum of a statement's lines, or of their carried parts."""
    return sum((line[1 if carried else 0] for line in found.lines.values()), Fraction(0))


def chunks(many: int) -> pytest.MarkDecorator:
    """Give a test so many seeds, some at a time."""
    seeds = [range(first, first + AT_ONCE) for first in range(0, many, AT_ONCE)]
    return pytest.mark.parametrize("seeds", seeds, ids=lambda part: f"{part.start}-{part.stop}")


@chunks(120)
def test_lines_sum_to_brought_forward_and_total(seeds: range) -> None:
    """Brought forward + charges = came to rest + carried forward, by asset, team and product, month by month.

    Over all months every charge counts once.
    """
    for seed in seeds:
        given = history(seed)
        carried, total = Fraction(0), Fraction(0)
        for month in computed(given, LATER, None, AS_WRITTEN, LAST_MONTH):
            for by in ("asset", "team", "product"):
                found = drawn(month, by)
                assert sum_of_lines(found) == found.total + found.brought_forward, seed
                assert found.brought_forward == carried, seed
            carried, total = sum_of_lines(found, carried=True), total + found.total
        assert total == sum(d.amount for d in given.deliveries if isinstance(d, Charge)), seed


@chunks(40)
def test_a_closed_month_never_moves(seeds: range) -> None:
    """What is delivered after a close changes nothing in the closed month."""
    for seed in seeds:
        given, at = history(seed), as_of(seed)
        after = {month.month: drawn(month, "asset").lines for month in computed(given, at, None, AS_WRITTEN)}
        for place, close in enumerate(given.deliveries):
            if isinstance(close, Close):
                cut = computed(History(given.deliveries[: place + 1]), at, None, AS_WRITTEN, close.month)
                assert not cut or not cut[-1].closed or drawn(cut[-1], "asset").lines == after[close.month], seed


@chunks(40)
def test_loaded_months_sum_to_date(seeds: range) -> None:
    """A loaded cost to date is the sum of its months."""
    for seed in seeds:
        at = as_of(seed)
        for key in ("dataset:ns/d0", "model:m/0", "endpoint:e0", "run:01"):
            answer = computed(history(seed), at, key, AS_WRITTEN)
            months = [arrived(answer, key, month) for month in months_to(at)]
            date = arrived(answer, key)
            for kind in ("direct", "upstream", "trials", "serving", "tokens"):
                assert sum(getattr(month, kind) for month in months) == getattr(date, kind), seed
