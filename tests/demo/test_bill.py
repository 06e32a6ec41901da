"""Is the demo's bill sound FOCUS 1.4, and for exactly the resources that ran?"""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from trivium.demo.bill import Charge, correction, month_charges, written
from trivium.demo.months import HOUR
from trivium.demo.skus import TOKENS
from trivium.demo.told import Metered, Ran
from trivium.facts.charges import FOCUS
from trivium.facts.instants import parse_instant
from trivium.facts.period import parse_period

MONTH = parse_period("2026-06")
NOON = parse_instant("2026-06-10T12:00:00Z")
RUNS = [
    Ran("a", "biopsy.train", NOON, NOON + HOUR, "vm-training"),
    Ran("b", "forms.train", NOON, NOON + 2 * HOUR, "gpu-a", failed=True),
    Ran("c", "forms.label", NOON, NOON + 8 * HOUR, "labelling-project-7"),
    Ran("d", "biopsy.clean", NOON, NOON + HOUR),
]
METERED = [
    Metered("llm-gateway", NOON - 12 * HOUR, "gpt-4o-input", 500_000),
    Metered("llm-gateway", NOON - 12 * HOUR, "gpt-4o-output", 200_000),
    Metered("llm-gateway", NOON - 12 * HOUR, "gpt-4o-input", 1_000_001),
]


def rows_of(charges: list[Charge]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(charges, MONTH).decode())))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return rows_of(month_charges(MONTH, MONTH.end, RUNS, METERED))


def test_it_has_the_columns_of_the_standard(rows: list[dict[str, str]]) -> None:
    assert tuple(rows[0]) == FOCUS
    assert len(FOCUS) == 65


def test_every_kind_of_charge_is_there(rows: list[dict[str, str]]) -> None:
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Tax", "Credit", "Purchase"}
    assert {row["CommitmentDiscountStatus"] for row in rows} == {"", "Used", "Unused"}
    assert {row["BillingCurrency"] for row in rows} == {"EUR"}
    assert any("endpoint:" in row["Tags"] for row in rows)


def test_tokens_are_billed_to_the_last_one_by_gateway_day_model_and_sort(rows: list[dict[str, str]]) -> None:
    tokens = [row for row in rows if row["ConsumedUnit"] == "1M Tokens"]
    assert [(row["ResourceId"], row["SkuId"], row["ConsumedQuantity"], row["EffectiveCost"]) for row in tokens] == [
        ("llm-gateway", "gpt-4o-input", "1.500001", "3.4500023"),
        ("llm-gateway", "gpt-4o-output", "0.2", "1.84"),
    ]
    assert {(row["ChargePeriodStart"], row["ChargePeriodEnd"]) for row in tokens} == {
        ("2026-06-10T00:00:00Z", "2026-06-11T00:00:00Z")
    }


def test_no_price_of_tokens_is_finer_than_a_nano_unit_for_one_token() -> None:
    assert all(-(sku.price.as_tuple().exponent) + 6 <= 9 for sku in TOKENS.values())


def test_machines_are_billed_for_their_runs_only(rows: list[dict[str, str]]) -> None:
    machines = {row["ResourceId"]: row for row in rows if row["ResourceId"] in {"vm-training", "gpu-a", "gpu-b"}}
    assert set(machines) == {"vm-training", "gpu-a"}
    assert machines["gpu-a"]["ChargePeriodStart"] == "2026-06-10T12:00:00Z"
    assert machines["gpu-a"]["ChargePeriodEnd"] == "2026-06-10T14:10:00Z"
    assert len([row for row in rows if row["ResourceId"] == "labelling-project-7"]) == 1


def test_a_commitment_is_paid_ahead_and_stands_on_what_it_covers(rows: list[dict[str, str]]) -> None:
    [purchase] = [row for row in rows if row["ChargeCategory"] == "Purchase"]
    covered = [row for row in rows if row["CommitmentDiscountStatus"]]
    assert Decimal(purchase["EffectiveCost"]) == 0
    assert sum(Decimal(row["EffectiveCost"]) for row in covered) == Decimal(purchase["BilledCost"])
    assert all(Decimal(row["BilledCost"]) == 0 for row in covered)
    unused = [row for row in covered if row["CommitmentDiscountStatus"] == "Unused"]
    assert all(not row["ConsumedQuantity"] and Decimal(row["EffectiveCost"]) > 0 for row in unused)


def test_tax_is_that_of_what_is_billed(rows: list[dict[str, str]]) -> None:
    [tax] = [row for row in rows if row["ChargeCategory"] == "Tax"]
    billed = sum(Decimal(row["BilledCost"]) for row in rows if row is not tax)
    assert Decimal(tax["BilledCost"]) == (billed * Decimal("0.19")).quantize(Decimal("0.01"))


def test_a_month_is_billed_through_the_last_midnight() -> None:
    through = parse_instant("2026-06-03")
    days = {
        row["ChargePeriodStart"][:10]
        for row in rows_of(month_charges(MONTH, through, []))
        if row["ResourceId"] == "cluster-shared"
    }
    assert days == {"2026-06-01", "2026-06-02"}


def test_a_correction_takes_back_what_a_trial_was_billed() -> None:
    [row] = rows_of(correction(RUNS))
    assert (row["ChargeClass"], row["ResourceId"]) == ("Correction", "gpu-a")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-06-10T12:00:00Z", "2026-06-10T14:00:00Z")
    assert Decimal(row["EffectiveCost"]) == -2 * Decimal("6.45")
