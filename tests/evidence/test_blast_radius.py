"""What a bad dataset reaches, what was spent since, what is at risk a day, and the repair, on the clinic."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from tests.dataops.test_quality import checked
from tests.evidence.clinic import (
    AS_OF,
    CLEAN,
    CLEANSE,
    ENDPOINT,
    MODEL,
    OTHER,
    PREPARE,
    PRODUCT,
    RAW,
    TRAIN,
    X,
    at,
    charge,
    inflows,
    served,
)
from tests.evidence.clinic import connection as clinic
from trivium.evidence.blast_radius import BlastRadius, blast_radius, in_order
from trivium.facts.problem import ProblemError
from trivium.facts.statements import Valued
from trivium.graph.flows_reader import read_flows
from trivium.graph.reach import Contact


@pytest.fixture(scope="module")
def connection() -> Connection:
    return clinic()


def blast(connection: Connection, dataset: str = X, as_of: int = AS_OF, **more: int) -> BlastRadius:
    return blast_radius(connection, inflows(connection, as_of), dataset, as_of, **more)


def test_it_is_bad_since_its_last_passing_check_and_reaches_what_read_it_after(connection: Connection) -> None:
    found = blast(connection)
    assert found.since == at("2026-10-03")
    assert {one.asset: one.distance for one in found.assets} == {
        CLEANSE: 1, TRAIN: 1, CLEAN: 2, MODEL: 2, ENDPOINT: 3, PRODUCT: 4,
    }  # fmt: skip
    assert (PREPARE in {one.asset for one in found.assets}, found.runs) == (False, 2)


def test_spent_are_the_own_charges_of_the_reached_runs(connection: Connection) -> None:
    assert blast(connection).spent == Decimal(43)
    assert blast(connection, since=at("2026-10-06T12:00:00Z")).spent == Decimal(3)
    assert blast(connection, since=at("2026-10-01")).spent == Decimal(44)


def test_at_risk_is_the_mean_of_the_last_28_days_with_charges(connection: Connection) -> None:
    risk = blast(connection).at_risk_per_day
    assert risk.serving == Decimal(2)
    assert risk.tokens == Decimal("0.357142857")
    assert risk.value == Decimal(120)


def test_charges_before_it_was_bad_are_not_spent_since(connection: Connection) -> None:
    paid_before = inflows(connection, AS_OF, charge("c1", "100", "01"))
    assert blast_radius(connection, paid_before, X, AS_OF).spent == Decimal(43)
    assert blast_radius(connection, paid_before, X, AS_OF, at("2026-10-01")).spent == Decimal(144)


def test_days_after_the_instant_do_not_count(connection: Connection) -> None:
    instant = at("2026-10-11T12:00:00Z")
    ten_days = replace(served(0, "100"), end=at("2026-10-20"))
    paid_ahead = inflows(connection, instant, ten_days)
    risk = blast_radius(connection, paid_ahead, X, instant).at_risk_per_day
    assert (risk.serving, risk.tokens) == (Decimal(12), Decimal(0))


def test_the_repair_runs_what_it_depends_on_first_at_the_mean_of_its_last_runs(connection: Connection) -> None:
    found = blast(connection)
    assert [(one.job, one.cost, one.runs) for one in found.sources] == [(PREPARE, Decimal(25), 2)]
    assert [(one.job, one.cost) for one in found.repair] == [(CLEANSE, Decimal(2)), (TRAIN, Decimal(40))]
    assert {one.seconds for one in found.repair} == {3600}


def test_since_is_unknown_when_no_check_ever_passed() -> None:
    connection = clinic(checked("09", "raw", unique=False))
    found = blast(connection, RAW)
    assert (found.since, found.spent) == (None, None)
    assert {X, OTHER, MODEL, PRODUCT} <= {one.asset for one in found.assets}
    assert found.at_risk_per_day.value == Decimal(120)


def test_a_product_without_declared_value_is_not_worth_nothing() -> None:
    connection = clinic(Valued(PRODUCT, "120", "EUR"))
    found = blast(connection)
    assert found.at_risk_per_day.value == Decimal(120)
    euros = clinic()
    euros.exec_driver_sql("DELETE FROM graph_declared WHERE statement LIKE '%product.valued%'")
    assert blast(euros).at_risk_per_day.value is None


def test_what_reaches_no_product_risks_nothing(connection: Connection) -> None:
    found = blast(connection, OTHER, since=at("2026-10-08"))
    assert (found.assets, found.spent) == ((), Decimal(0))
    assert found.at_risk_per_day.value == Decimal(0)


def test_only_a_dataset_has_a_blast_radius(connection: Connection) -> None:
    with pytest.raises(ProblemError) as refused:
        blast(connection, MODEL)
    assert (refused.value.problem.status, MODEL in refused.value.problem.title) == (422, True)


def test_jobs_stand_after_those_that_they_depend_on_even_when_touched_later(connection: Connection) -> None:
    touched = {CLEANSE: Contact(9, CLEANSE, 5), TRAIN: Contact(1, TRAIN, 1)}
    assert in_order(read_flows(connection), touched) == [CLEANSE, TRAIN]
