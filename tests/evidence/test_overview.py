"""One row for each product, what could not be joined, and what to do next."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, text

from tests.evidence.clinic import AS_OF, CLEAN, ENDPOINT, MODEL, NOVEMBER, OCTOBER, PRODUCT, RAW, TEAM, X, books, charge
from tests.evidence.clinic import connection as clinic
from tests.graph.graph_made import ran
from trivium.dataops.healths import healths
from trivium.evidence.next_steps import Bad, Situation, next_steps
from trivium.evidence.overview import PARTS, Overview, overview, stands_on
from trivium.evidence.unjoined import unjoined
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.facts.statements import Belongs, Titled
from trivium.finops.loaded import loaded
from trivium.finops.statement import statement
from trivium.graph.assets import all_assets
from trivium.graph.traversal import Lineage
from trivium.graph.unmatched import WITHOUT_JOB
from trivium.intake.declaration.reader import read_declaration


@pytest.fixture(scope="module")
def connection() -> Connection:
    return clinic(Belongs("endpoint:quiet", "product:quiet"))


def shown(connection: Connection, month: Period) -> Overview:
    products = all_assets(connection, {"product"})
    return overview(books(connection), Lineage(connection), healths(connection, AS_OF), products, month)


def test_a_product_s_cost_is_its_line_of_the_statement_this_month_and_last(connection: Connection) -> None:
    found = shown(connection, NOVEMBER)
    row = next(row for row in found.products if row.product == PRODUCT)
    lines = {
        month: {line.account: line.amount for line in statement(books(connection), month, "product").lines}
        for month in (OCTOBER, NOVEMBER)
    }
    assert (row.cost, row.cost_before) == (lines[NOVEMBER][PRODUCT], lines[OCTOBER][PRODUCT])
    assert [month.amount for month in row.trend] == [lines[OCTOBER][PRODUCT], lines[NOVEMBER][PRODUCT]]
    assert (row.title, row.owners) == ("Triage", (TEAM,))
    assert shown(connection, OCTOBER).products[0].cost_before is None


def test_its_newest_model_says_what_most_of_it_is(connection: Connection) -> None:
    rows = {row.product: row.model for row in shown(connection, NOVEMBER).products}
    found = loaded(books(connection), MODEL)
    parts = [found.direct, found.upstream, found.trials, found.serving, found.tokens]
    assert rows[PRODUCT] is not None
    assert (rows[PRODUCT].version, rows["product:quiet"]) == (MODEL, None)
    assert rows[PRODUCT].share == Fraction(max(parts)) / Fraction(sum(parts))
    assert getattr(found, {said: part for part, said in PARTS.items()}[rows[PRODUCT].part]) == max(parts)


def test_a_home_with_too_much_to_run_again_says_it_on_each_model_s_page(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trivium.evidence.overview.WORK", 0)
    assert [row.model for row in shown(connection, NOVEMBER).products] == [None, None]


def test_its_quality_is_that_of_everything_upstream(connection: Connection) -> None:
    row = next(row for row in shown(connection, NOVEMBER).products if row.product == PRODUCT)
    assert set(stands_on(Lineage(connection), PRODUCT)) == {RAW, X, CLEAN}
    assert (row.datasets, row.kept, row.checks, row.bad) == (3, 0, 1, (X,))


def test_a_dataset_that_two_products_stand_on_is_counted_once() -> None:
    found = shown(clinic(Belongs(ENDPOINT, "product:second")), NOVEMBER)
    assert {row.product: (row.kept, row.checks) for row in found.products}["product:second"] == (0, 1)
    assert (len(found.products), found.kept, found.checks) == (2, 0, 1)


def test_the_total_is_the_month_and_a_quiet_product_costs_nothing(connection: Connection) -> None:
    found = shown(connection, NOVEMBER)
    assert (found.total, found.total_before) == (Decimal(46), Decimal("160.01"))
    quiet = found.products[-1]
    assert (quiet.product, quiet.cost, quiet.owners, quiet.checks) == ("product:quiet", Decimal(0), (), 0)


def test_what_could_not_be_joined_is_split_by_resource_with_the_line_that_joins_it(connection: Connection) -> None:
    report = unjoined(connection, books(connection), OCTOBER)
    lost = next(row for row in report.rows if row.name == "vm-lost")
    assert (lost.money, lost.kind) == (Decimal("7.01"), "resource")
    assert report.total == add(*(row.money for row in report.rows))
    assert report.count == len(report.rows)
    assert read_declaration(lost.line.encode(), "fix") is not None


def test_however_many_runs_have_no_job_all_money_counts_and_all_are_counted() -> None:
    days = ("2026-10-12T08:00:00Z", "2026-10-12T09:00:00Z")
    told = clinic(*(event for number in range(4) for event in ran(f"lone{number}", *days, job="lone")))
    told.execute(
        text("UPDATE graph_runs SET job = NULL WHERE run IN (SELECT id FROM graph_names WHERE key LIKE '%lone%')")
    )
    paid = [charge(f"lone{number}", "3", "12") for number in (2, 3)]
    report = unjoined(told, books(told, AS_OF, *paid), OCTOBER, limit=1)
    assert [row.name for row in report.rows if row.why == WITHOUT_JOB] == ["run:lone2", "run:lone3", "run:lone0"]
    assert (report.total, report.count) == (Decimal("13.01"), len(report.rows) + 1)


def test_nothing_is_to_be_done_where_nothing_is_wrong() -> None:
    assert next_steps(Situation(asset=PRODUCT, cost=Decimal(10), before=Decimal(9))) == ()


def test_what_is_bad_comes_first_then_who_owns_it_then_what_it_rests_on() -> None:
    steps = next_steps(Situation(
        asset=ENDPOINT, bad=(Bad(dataset=X, failing=("unique",), job="job:n/p", cost=Decimal(25)),), owned=False,
        placed=False, weak=Decimal("0.3"), resource="vm-1", cost=Decimal(20), before=Decimal(10),
    ))  # fmt: skip
    assert [step.doing for step in steps] == ["fix first", "declare", "allocate", "tag", "look"]
    assert (steps[0].asset, steps[0].job, steps[0].cost) == (X, "job:n/p", Decimal(25))
    assert (steps[3].share, steps[4].share) == (Decimal("0.3"), Decimal(1))


@pytest.mark.parametrize("asset", [PRODUCT, X, 'dataset:n/"quoted" \\ name', "endpoint:é\t"])
def test_each_line_is_a_declaration_that_can_be_read(asset: str) -> None:
    steps = next_steps(Situation(asset=asset, owned=False, placed=False, weak=Decimal(1), resource='i-"0'))
    lines = [step.line for step in steps if step.line]
    assert len(lines) == 3
    for line in lines:
        assert read_declaration(line.encode(), "fix") is not None


def test_a_small_rise_and_a_small_part_are_left_alone() -> None:
    quiet = Situation(asset=X, weak=Decimal("0.24"), resource="vm-1", cost=Decimal("12.4"), before=Decimal(10))
    assert next_steps(quiet) == ()
    assert next_steps(Situation(asset=X, cost=Decimal(5), before=Decimal(0))) == ()


def test_a_team_that_only_a_tag_names_is_listed_until_somebody_declares_it() -> None:
    lone = replace(charge("", "3", "12"), columns={"ChargeCategory": "Usage", "tag_team": "night"})
    known = clinic()
    row = next(row for row in unjoined(known, books(known, AS_OF, lone), OCTOBER).rows if row.name == "team:night")
    assert (row.money, row.line) == (Decimal(3), '[[team]]\nname = "night"')
    declared = clinic(Titled("team:night", "The night shift"))
    names = {row.name for row in unjoined(declared, books(declared, AS_OF, lone), OCTOBER).rows}
    assert "team:night" not in names
