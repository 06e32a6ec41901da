"""Months one after the other: carried, closed, late; loaded cost and explanation of the worked example."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from tests.finops.flows_of import Run, Version, flows_of
from trivium.facts.instants import parse_instant
from trivium.facts.money import add
from trivium.facts.period import Period, parse_period
from trivium.facts.statements import Rule
from trivium.finops.archive import freeze, thaw
from trivium.finops.books import Books, Question, keep_books
from trivium.finops.charges import Charge
from trivium.finops.closings import Closings
from trivium.finops.explain import Explanation, Part, explain
from trivium.finops.loaded import loaded
from trivium.finops.statement import statement
from trivium.graph.flows import SUCCESS

MB = 1_000_000
HOUR = 3600 * 1_000_000
NONE = (-1, -1)
RAW, FEATURES = "dataset:lake/raw", "dataset:lake/features"
NOVEMBER, DECEMBER = parse_period("2026-11"), parse_period("2026-12")


def at(text: str) -> int:
    return parse_instant(f"2026-{text}")


def run(name: str, day: str, **more: object) -> Run:
    start = at(f"{day}T08:00")
    return Run(f"run:{name}", start, start + HOUR, SUCCESS, **more)  # type: ignore[arg-type]


RUNS = [
    run("a", "11-01", job="job:x/a", writes={RAW: NONE}),
    run("b1", "11-02", job="job:x/b", reads={RAW: NONE}, writes={FEATURES: NONE}),
    run("b2", "11-03", job="job:x/b", reads={RAW: NONE}, writes={FEATURES: NONE}),
    run("test", "11-04", job="job:x/test", reads={FEATURES: NONE}, upkeep=True),
    run("t1", "11-05", experiment="experiment:m", reads={FEATURES: (300 * MB, -1)}),
    run("t2", "11-05", experiment="experiment:m", reads={FEATURES: (100 * MB, -1)}),
    run("b3", "11-07", job="job:x/b", reads={RAW: NONE}, writes={FEATURES: NONE}),
]
COSTS = {"a": "10", "b1": "90", "b2": "90", "test": "2", "t1": "40", "t2": "10", "b3": "90"}


def charge(name: str, amount: str, start: int, since: int = 1, until: int = 0, end: int = 0) -> Charge:
    columns = {"ChargeCategory": "Usage", "tag_openlineage_run_id": name or None, "ResourceId": f"vm-{name}"}
    return Charge(columns, start, end or start + HOUR, Decimal(amount), Decimal(amount), False, since, until, 1)


def question(as_of: str, charges: list[Charge] | None = None, **more: object) -> Question:
    flows = flows_of(RUNS, [Version("model:m/1", at("11-06"), ["run:t1"], "experiment:m")])
    starts = {row.key[4:]: row.start for row in RUNS}
    rows = [charge(name, cost, starts[name]) for name, cost in COSTS.items()]
    rows.append(charge("", "7.01", at("11-01")))
    return Question("USD", flows, rows + (charges or []), at(as_of), **more)  # type: ignore[arg-type]


def exact(part: Part | Explanation) -> None:
    """Check that a node of an explanation is the sum of its parts and charges, all the way down."""
    amount = part.total if isinstance(part, Explanation) else part.amount
    if part.parts or part.charges:
        assert amount == add(*(each.amount for each in part.parts), *(each.amount for each in part.charges))
    for inner in part.parts:
        exact(inner)


def test_the_loaded_cost_of_the_worked_example() -> None:
    cost = loaded(keep_books(question("11-06T12:00"), NOVEMBER), "model:m/1")
    found = (cost.direct, cost.upstream, cost.trials, cost.total)
    assert found == (Decimal(40), Decimal(144), Decimal(58), Decimal(242))
    assert cost.basis == {"tagged": 1.0}


def test_the_loaded_cost_two_days_later() -> None:
    cost = loaded(keep_books(question("11-08T12:00"), NOVEMBER), "model:m/1")
    assert cost.total == Decimal("238.666666667")


def test_the_explanation_sums_at_every_node_and_ends_in_charges() -> None:
    told = explain(keep_books(question("11-06T12:00"), NOVEMBER), "model:m/1")
    exact(told)
    assert told.total == Decimal(242)
    names = {part.asset for part in told.parts}
    assert names == {"run:t1", "experiment:m"}


def test_the_statement_is_the_bill() -> None:
    drawn = statement(keep_books(question("11-06T12:00"), NOVEMBER), NOVEMBER)
    assert drawn.total == Decimal("249.01")
    assert {line.account: (line.amount, line.carried) for line in drawn.lines} == {
        "model:m/1": (Decimal(242), Decimal(242)),
        "unallocated": (Decimal("7.01"), Decimal(0)),
    }


def test_december_opens_with_what_november_carried() -> None:
    books = keep_books(question("12-10"), DECEMBER)
    november, december = statement(books, NOVEMBER), statement(books, DECEMBER)
    assert december.brought_forward == add(*(line.carried for line in november.lines))
    assert december.total == 0
    assert loaded(books, "model:m/1").total == Decimal("238.666666667")


def frozen(books: Books, month: Period) -> Question:
    """Close November as it was known at sequence 1."""
    book = books.of(month)
    assert book is not None
    closings = Closings(np.array([1]), np.array([month.end]))
    return question("12-10", closings=closings, frozen=(thaw(freeze(book)),))


def test_a_closed_month_never_moves_and_late_charges_count_in_the_next() -> None:
    closed = frozen(keep_books(question("12-01"), NOVEMBER), NOVEMBER)
    before = statement(keep_books(closed, DECEMBER), NOVEMBER)
    late = charge("b3", "9", at("11-07T08:00"), since=2)
    asked = question("12-10", [late], closings=closed.closings, frozen=closed.frozen)
    books = keep_books(asked, DECEMBER)
    assert statement(books, NOVEMBER) == before
    december = statement(books, DECEMBER)
    assert (december.total, december.late) == (Decimal(9), Decimal(9))
    exact(explain(books, FEATURES))


def test_a_replaced_charge_of_an_open_month_leaves_nothing() -> None:
    old, new = charge("a", "5", at("11-01T08:00"), since=1, until=2), charge("a", "6", at("11-01T08:00"), since=2)
    drawn = statement(keep_books(question("11-08T12:00", [old, new]), NOVEMBER), NOVEMBER)
    assert drawn.total == Decimal("345.01")


def test_a_charge_over_two_months_is_prorated_to_the_last_unit() -> None:
    long = charge("", "0.000000000000000003", at("11-30"), end=at("12-02"))
    books = keep_books(question("12-10", [long]), DECEMBER)
    totals = [statement(books, month).total for month in (NOVEMBER, DECEMBER)]
    assert totals == [Decimal("339.010000000000000002"), Decimal("0.000000000000000001")]
    assert statement(books, DECEMBER).lines[-1].account == "rounding"


@pytest.mark.parametrize("by", ["asset", "team", "product"])
def test_a_statement_sums_to_the_bill_however_it_is_read(by: str) -> None:
    drawn = statement(keep_books(question("11-08T12:00"), NOVEMBER), NOVEMBER, by)
    assert add(*(line.amount for line in drawn.lines)) == Decimal("339.01")


def test_what_is_only_divided_is_named_by_its_resource() -> None:
    asked = question("11-06T12:00")
    rule = Rule("halves", {"ResourceId": "vm-"}, "", ("run:a", "dataset:lake/raw"), 1)
    spread = Question(asked.currency, replace(asked.flows, rules=[rule]), asked.charges, asked.as_of)
    cost = loaded(keep_books(spread, NOVEMBER), "model:m/1")
    assert cost.weakest == "vm-"
    assert cost.basis["equal share"] > 0
    assert loaded(keep_books(asked, NOVEMBER), "model:m/1").weakest == ""


def test_a_ladder_of_diamonds_ends_at_once_and_is_exact() -> None:
    start, rungs = at("11-01"), []
    for level in range(41):
        sides = {f"dataset:x/{side}{level - 1:02}": NONE for side in "ab"} if level else {}
        for side in "ab":
            begin = start + level * 2 * HOUR
            name = f"run:{side}{level:02}"
            rungs.append(
                Run(name, begin, begin + HOUR, SUCCESS, reads=sides, writes={f"dataset:x/{side}{level:02}": NONE})
            )
    charges = [charge(rung.key[4:], "0.37", rung.start) for rung in rungs]
    books = keep_books(Question("USD", flows_of(rungs), charges, at("11-20")), NOVEMBER)
    told = explain(books, "dataset:x/a40", depth=64)
    exact(told)
    assert told.total == loaded(books, "dataset:x/a40").total

    def count(parts: tuple[Part, ...]) -> int:
        return sum(1 + count(part.parts) for part in parts)

    assert 1_000 < count(told.parts) < 12_000
