"""What lasts very long, or is dated very far away, costs no more than what a month sees of it."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

import numpy as np
import pytest

from tests.finops.flows_of import Run, flows_of
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.period import month_of, parse_period
from trivium.facts.problem import ProblemError
from trivium.finops.books import Question, keep_books
from trivium.finops.charges import Charge
from trivium.finops.closings import Closings
from trivium.finops.slices import Slices, month_slices
from trivium.finops.spans import Spans, View

NOVEMBER = parse_period("2026-11")


def slices_of(started: str, as_of: str = "2026-11-20T12:00") -> Slices:
    flows = flows_of([Run("run:open", parse_instant(started), writes={"dataset:lake/x": (-1, -1)})])
    view = View(flows, NOVEMBER, parse_instant(as_of), Closings())
    nothing = np.zeros(1, dtype=np.bool_)
    return month_slices(view, Spans.of(view), nothing, nothing)


def charge(start: str) -> Charge:
    columns: dict[str, str | None] = {"ChargeCategory": "Usage"}
    at = parse_instant(start)
    return Charge(columns, at, at + DAY, Decimal(1), Decimal(1), False, 1, 0, 1)


def test_an_open_run_costs_what_the_month_sees_of_it() -> None:
    tracemalloc.start()
    slices = slices_of("0001-01-01T00:00")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(slices.run) == 20
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("started", "count", "first"),
    [
        ("2026-10-30T01:00", 20, "2026-11-01"),
        ("2026-10-31T00:00", 20, "2026-11-01"),
        ("2026-10-31T01:00", 20, "2026-10-31T01:00"),
        ("2026-11-02T01:00", 18, "2026-11-02T01:00"),
    ],
)
def test_the_first_slice_of_a_month(started: str, count: int, first: str) -> None:
    slices = slices_of(started)
    assert (len(slices.run), int(slices.real[0])) == (count, parse_instant(first))
    lasts = parse_instant("2026-11-20T12:00") - parse_instant(started)
    assert float(slices.share.sum()) == pytest.approx((parse_instant("2026-11-20T12:00") - slices.real[0]) / lasts)


@pytest.mark.parametrize(("start", "as_of"), [("2026-11-01", "9999-12-31"), ("0001-01-01", "2026-11-20")])
def test_a_hundred_years_are_not_computed_month_by_month(start: str, as_of: str) -> None:
    asked = Question("USD", flows_of([]), [charge(start)], parse_instant(as_of))
    with pytest.raises(ProblemError, match="months"):
        keep_books(asked, month_of(asked.as_of))
