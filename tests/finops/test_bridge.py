"""From invoices to the statement: each step has its reason, and the steps are the whole difference."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from trivium.facts.money import add
from trivium.facts.period import parse_period
from trivium.finops.bridge import COVERED, LATE, NOT_NOW, NOW, OTHER, PURCHASES, UNUSED, bridge

NOVEMBER = parse_period("2026-11")
COLUMNS = (
    '"InvoiceId" VARCHAR, "ChargeCategory" VARCHAR, "CommitmentDiscountStatus" VARCHAR, "CommitmentDiscountId" VARCHAR,'
    ' "ChargePeriodStart" TIMESTAMP, "ChargePeriodEnd" TIMESTAMP, "BilledCost" DECIMAL(38,18),'
    ' "EffectiveCost" DECIMAL(38,18), "BillingCurrency" VARCHAR, "BillingPeriodStart" TIMESTAMP'
)


class Table:
    """A lake of one table."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._engine = duckdb.connect()
        self._engine.execute(f"CREATE TABLE charges ({COLUMNS})")
        for row in rows:
            self._engine.execute("INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        return self._engine.execute(sql, list(parameters)).fetchall()


def row(
    invoice: str, billed: str, effective: str, category: str = "Usage", status: str | None = None,
    commitment: str | None = None, day: str = "2026-11-05", period: str = "2026-11-01", currency: str = "EUR",
) -> tuple[Any, ...]:  # fmt: skip
    end = day[:-2] + f"{int(day[-2:]) + 1:02}"
    return invoice, category, status, commitment, day, end, Decimal(billed), Decimal(effective), currency, period


ROWS = [
    row("i-1", "100", "100"),
    row("i-1", "300", "0", "Purchase", commitment="c"),
    row("i-1", "0", "180", status="Used", commitment="c"),
    row("i-1", "0", "40", status="Unused", commitment="c"),
    row("i-2", "9", "8.5"),
    row("i-2", "-30", "-30", day="2026-10-20"),
    row("i-0", "70", "70", day="2026-11-02", period="2026-10-01"),
    row("i-3", "5", "5", currency="USD"),
]


def test_each_step_has_its_reason_and_all_steps_are_the_difference() -> None:
    found = bridge(Table(ROWS), "EUR", NOVEMBER, Decimal("390.5"), Decimal(-8))
    assert found.invoices == (("i-1", Decimal(400)), ("i-2", Decimal(-21)))
    assert found.billed == Decimal(379)
    steps = {step.label: step.amount for step in found.steps}
    assert steps == {
        PURCHASES: Decimal(-300), COVERED: Decimal(180), UNUSED: Decimal(40), OTHER: Decimal("-0.5"),
        NOT_NOW: Decimal(30), NOW: Decimal(70), LATE: Decimal(-8),
    }  # fmt: skip
    assert add(found.billed, *steps.values()) == found.effective == Decimal("390.5")


@pytest.mark.parametrize("total", ["0", "12.000000000000000001", "-3"])
def test_a_month_without_invoices_is_all_from_other_times(total: str) -> None:
    found = bridge(Table([]), "EUR", NOVEMBER, Decimal(total), Decimal(0))
    assert (found.billed, found.invoices, found.effective) == (Decimal(0), (), Decimal(total))
    assert add(*(step.amount for step in found.steps)) == Decimal(total)
    assert {step.label for step in found.steps} <= {NOW}
