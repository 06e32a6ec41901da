"""What lasts very long, or is dated very far away, costs no more than what a month sees of it."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace

from tests.finops.flows_of import Run, flows_of
from trivium.facts.instants import DAY, parse_instant
from trivium.facts.period import month_of, parse_period
from trivium.facts.problem import ProblemError
from trivium.finops.archive import freeze, thaw
from trivium.finops.books import Question, keep_books
from trivium.finops.charges import Charge
from trivium.finops.closings import Closings
from trivium.finops.explain import explain
from trivium.finops.layout import Retries
from trivium.finops.loaded import loaded
from trivium.finops.slices import Slices, month_slices
from trivium.finops.spans import Spans, View
from trivium.finops.statement import statement
from trivium.graph.flows import FAILED, SUCCESS

NOVEMBER, DECEMBER = parse_period("2026-11"), parse_period("2026-12")


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


def frozen_november(charges: list[Charge]) -> Question:
    """Close November in nano-units, then ask for December with all charges."""
    flows = flows_of([Run("run:a", parse_instant("2026-11-02"), parse_instant("2026-11-03"), SUCCESS,
                          writes={"dataset:x/y": (-1, -1)})])  # fmt: skip
    paid = Charge({"ChargeCategory": "Usage", "tag_openlineage_run_id": "a"}, parse_instant("2026-11-02"),
                  parse_instant("2026-11-03"), Decimal("7.123456789"), Decimal(7), False, 1, 0, 1)  # fmt: skip
    asked = Question("IDR", flows, [paid], NOVEMBER.end)
    book = keep_books(asked, NOVEMBER).of(NOVEMBER)
    assert book is not None
    assert book.unit == "nano"
    closings = Closings(np.array([1]), np.array([NOVEMBER.end]))
    return Question("IDR", flows, [paid, *charges], DECEMBER.end, closings, (thaw(freeze(book)),))


def test_a_month_after_a_close_changes_to_micro_units_and_loses_nothing() -> None:
    large = replace(charge("2026-12-02"), amount=Decimal(20_000_000_000), since=2)
    books = keep_books(frozen_november([large]), DECEMBER)
    drawn = statement(books, DECEMBER)
    assert (drawn.unit, drawn.brought_forward) == ("micro", Decimal("7.123456789"))
    assert {line.account: line.amount for line in drawn.lines} == {
        "dataset:x/y": Decimal("7.123456"),
        "rounding": Decimal("0.000000789"),
        "unallocated": Decimal(20_000_000_000),
    }
    book = books.of(DECEMBER)
    assert book is not None
    again = thaw(freeze(book))
    assert (again.brought, again.unit) == (book.brought, "micro")
    told = explain(books, "dataset:x/y")
    assert told.total == loaded(books, "dataset:x/y").total == Decimal("7.123456789")


def test_more_money_than_64_bits_hold_is_refused() -> None:
    with pytest.raises(ProblemError, match="more money than 64 bits"):
        keep_books(frozen_november([replace(charge("2026-12-02"), amount=Decimal(10**20), since=2)]), DECEMBER)


def test_answers_name_the_unit_that_was_divided_down_to() -> None:
    large = replace(charge("2026-12-02"), amount=Decimal(20_000_000_000), since=2)
    books = keep_books(frozen_november([large]), DECEMBER)
    assert (books.unit(NOVEMBER), books.unit(DECEMBER), books.unit()) == ("nano", "micro", "micro")
    assert explain(books, "dataset:x/y", NOVEMBER).unit == "nano"
    assert explain(books, "dataset:x/y").unit == "micro"


def test_a_failure_is_taken_over_by_the_next_success_of_its_job() -> None:
    draw = Random(7)
    runs = [
        Run(f"run:{n:03}", at := NOVEMBER.start + draw.randrange(40), at + draw.randrange(3),
            draw.choice([SUCCESS, FAILED]), job=draw.choice(["job:x/y", "job:x/z", ""]))
        for n in range(400)
    ]  # fmt: skip
    flows = flows_of(runs)
    view = View(flows, NOVEMBER, NOVEMBER.end, Closings())
    nothing = np.zeros(len(runs), dtype=np.bool_)
    retries = Retries(view, month_slices(view, Spans.of(view), nothing, nothing))
    for number, run in enumerate(runs):
        end = run.end or 0
        after = [
            (other.start, place)
            for place, other in enumerate(runs)
            if run.job and other.job == run.job and other.outcome == SUCCESS and place != number
            and (other.start > end or (other.start == end and (run.start < end or place > number)))
        ]  # fmt: skip
        assert retries.of(number, end, run.start) == (min(after)[1] if after else -1)
