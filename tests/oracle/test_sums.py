"""Conservation: the lines of every statement sum to what was brought forward and charged, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.oracle.history import Charge, Close, History
from tests.oracle.months import instant
from tests.oracle.oracle import loaded, statement
from tests.oracle.random_histories import MONTHS, as_of, history

SEEDS = range(300)


def sum_of_lines(found: object, carried: bool = False) -> Fraction:
    """Return the sum of a statement's lines, or of their carried parts."""
    return sum((line[1 if carried else 0] for line in found.lines.values()), Fraction(0))  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_sum_to_brought_forward_and_total(seed: int) -> None:
    """Brought forward + charges = came to rest + carried forward, by asset, team and product, month by month."""
    given, at = history(seed), as_of(seed)
    carried = Fraction(0)
    for month in MONTHS:
        for by in ("asset", "team", "product"):
            found = statement(given, month, by=by, as_of=at)
            assert sum_of_lines(found) == found.total + found.brought_forward
            assert found.brought_forward == carried
        carried = sum_of_lines(found, carried=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_charges_count_once(seed: int) -> None:
    """Over all months every charge counts once."""
    given = history(seed)
    last = instant("2027-03-01")
    totals = [statement(given, month, as_of=last).total for month in (*MONTHS, "2027-01", "2027-02")]
    assert sum(totals) == sum(d.amount for d in given.deliveries if isinstance(d, Charge))


@pytest.mark.parametrize("seed", range(60))
def test_a_closed_month_never_moves(seed: int) -> None:
    """What is delivered after a close changes nothing in the closed month."""
    given, at = history(seed), as_of(seed)
    closes = [i for i, d in enumerate(given.deliveries) if isinstance(d, Close)]
    for place in closes:
        month = given.deliveries[place].month  # type: ignore[union-attr]
        cut = History(given.deliveries[: place + 1])
        assert statement(cut, month, as_of=at).lines == statement(given, month, as_of=at).lines


@pytest.mark.parametrize("seed", range(60))
def test_loaded_months_sum_to_date(seed: int) -> None:
    """A loaded cost to date is the sum of its months."""
    given, at = history(seed), as_of(seed)
    for key in ("dataset:ns/d0", "model:m/0", "endpoint:e0", "run:01"):
        months = [loaded(given, key, month, as_of=at) for month in MONTHS]
        date = loaded(given, key, as_of=at)
        for kind in ("direct", "upstream", "trials", "serving", "tokens"):
            assert sum(getattr(m, kind) for m in months) == getattr(date, kind)
