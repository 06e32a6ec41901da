"""Each kind of dirt has its rule: what is repaired, what is refused, what is kept as it stands."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

import pytest

from tests.intake.focus.bills import csv_of, read, read_one, reasons, row


def test_a_sound_row_is_taken_as_it_is(tmp_path):
    report, charge = read_one(tmp_path)
    assert (report.rows, report.imported, report.refused, report.repaired, report.problems) == (1, 1, 0, 0, ())
    assert charge["BilledCost"] == Decimal("1.25")
    assert charge["ChargePeriodStart"] == datetime.datetime(2026, 10, 5, 8)
    assert (charge["line"], charge["resource"], charge["batch"], charge["in_tokens"]) == (2, 1, 1, False)
    assert charge["Extra"] is None


def test_the_literal_null_is_no_value(tmp_path):
    report, charge = read_one(tmp_path, ResourceName="NULL", ListCost="NULL", Tags="NULL")
    assert (charge["ResourceName"], charge["ListCost"], charge["Tags"]) == (None, None, None)
    assert reasons(report, "repaired") == {("null_text", "ResourceName"), ("null_text", "ListCost")}
    assert report.repaired == 1


def test_blank_is_no_value(tmp_path):
    report, charge = read_one(tmp_path, ResourceName="  ", ContractedCost="")
    assert (charge["ResourceName"], charge["ContractedCost"], report.repaired) == (None, None, 0)


def test_a_time_without_a_zone_is_utc(tmp_path):
    report, charge = read_one(tmp_path, ChargePeriodStart="2026-10-05 08:00:00")
    assert charge["ChargePeriodStart"] == datetime.datetime(2026, 10, 5, 8)
    assert reasons(report, "repaired") == {("no_zone", "ChargePeriodStart")}


def test_a_time_with_an_offset_is_moved_to_utc(tmp_path):
    report, charge = read_one(tmp_path, ChargePeriodStart="2026-10-05T10:30:00+02:00")
    assert charge["ChargePeriodStart"] == datetime.datetime(2026, 10, 5, 8, 30)
    assert report.repaired == 0


def test_a_date_alone_is_midnight_utc(tmp_path):
    report, charge = read_one(tmp_path, ChargePeriodStart="2026-10-05")
    assert charge["ChargePeriodStart"] == datetime.datetime(2026, 10, 5)
    assert reasons(report, "repaired") == {("no_zone", "ChargePeriodStart")}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ChargePeriodStart": ""}, ("no_period", "ChargePeriodStart")),
        ({"ChargePeriodEnd": "10/5/2026"}, ("bad_time", "ChargePeriodEnd")),
        ({"ChargePeriodEnd": "2026-10-05T08:00:00Z"}, ("bad_period", "ChargePeriodEnd")),
        ({"ChargePeriodEnd": "2026-10-04T08:00:00Z"}, ("bad_period", "ChargePeriodEnd")),
        ({"BilledCost": "", "EffectiveCost": "NULL"}, ("no_amount", "EffectiveCost")),
        ({"BilledCost": "12 EUR"}, ("not_a_number", "BilledCost")),
        ({"EffectiveCost": "NaN"}, ("not_a_number", "EffectiveCost")),
        ({"EffectiveCost": "Infinity"}, ("not_a_number", "EffectiveCost")),
        ({"EffectiveCost": "1,234.50"}, ("not_a_number", "EffectiveCost")),
        ({"EffectiveCost": "1" + "0" * 20}, ("too_large", "EffectiveCost")),
        ({"EffectiveCost": "1E+30"}, ("too_large", "EffectiveCost")),
        ({"EffectiveCost": "9" * 5000}, ("not_a_number", "EffectiveCost")),
        ({"BillingCurrency": ""}, ("no_currency", "BillingCurrency")),
        ({"BillingCurrency": "=1+1"}, ("bad_currency", "BillingCurrency")),
    ],
)
def test_a_row_is_refused_with_its_reason_and_line(tmp_path, changes, reason):
    report, rows = read(tmp_path, csv_of([row(), row(**changes), row()]))
    assert (report.rows, report.imported, report.refused) == (3, 2, 1)
    assert reasons(report, "refused") == {reason}
    [trouble] = [trouble for trouble in report.problems if trouble.outcome == "refused"]
    assert (trouble.lines, trouble.count) == ((3,), 1)
    assert trouble.done
    assert trouble.fix
    assert [charge["line"] for charge in rows] == [2, 4]


def test_refused_rows_are_counted_once(tmp_path):
    report, _ = read(tmp_path, csv_of([row(BilledCost="x", EffectiveCost="y", ChargePeriodStart="")]))
    assert (report.refused, sum(t.count for t in report.problems if t.outcome == "refused")) == (1, 1)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1E-5", "0.00001"), ("-1.5e2", "-150"), ("+7", "7"), (".5", "0.5"), ("5.", "5"), (" 3.25 ", "3.25"),
        ("1.234567890123456789", "1.234567890123456789"),
        ("-99999999999999999.999999999999999999", "-99999999999999999.999999999999999999"),
    ],
)  # fmt: skip
def test_amounts_are_exact(tmp_path, text, amount):
    report, charge = read_one(tmp_path, EffectiveCost=text)
    assert charge["EffectiveCost"] == Decimal(amount)
    assert (report.refused, report.repaired) == (0, 0)


def test_finer_than_18_places_is_rounded_half_even_and_counted(tmp_path):
    report, charge = read_one(tmp_path, EffectiveCost="9.31322574615479E-10", BilledCost="0.0000000000000000005")
    assert charge["EffectiveCost"] == Decimal("0.000000000931322575")
    assert charge["BilledCost"] == 0
    assert reasons(report, "repaired") == {("rounded", "EffectiveCost"), ("rounded", "BilledCost")}


def test_one_missing_cost_is_taken_from_the_other(tmp_path):
    report, rows = read(tmp_path, csv_of([row(EffectiveCost=""), row(BilledCost="")]))
    assert [(c["BilledCost"], c["EffectiveCost"]) for c in rows] == [
        (Decimal("1.25"), Decimal("1.25")),
        (Decimal(1), Decimal(1)),
    ]
    assert reasons(report, "repaired") == {("no_effective_cost", "EffectiveCost"), ("no_billed_cost", "BilledCost")}


def test_a_price_or_quantity_that_does_not_fit_is_kept_as_text(tmp_path):
    report, charge = read_one(tmp_path, ConsumedQuantity="1E+25", ListUnitPrice="free")
    assert (charge["ConsumedQuantity"], charge["ListUnitPrice"]) == (None, None)
    assert json.loads(charge["Extra"]) == {"ConsumedQuantity": "1E+25", "ListUnitPrice": "free"}
    assert reasons(report, "noted") == {("too_large", "ConsumedQuantity"), ("not_a_number", "ListUnitPrice")}
    assert report.imported == 1


def test_a_missing_billing_period_is_the_month_of_the_charge(tmp_path):
    report, charge = read_one(
        tmp_path, BillingPeriodStart="NULL", BillingPeriodEnd=None, ChargePeriodEnd="2027-01-01T00:00:00Z",
        ChargePeriodStart="2026-12-31T23:00:00Z",
    )  # fmt: skip
    assert charge["BillingPeriodStart"] == datetime.datetime(2026, 12, 1)
    assert charge["BillingPeriodEnd"] == datetime.datetime(2027, 1, 1)
    assert ("no_billing_period", "BillingPeriodStart") in reasons(report, "repaired")


def test_nulls_in_mandatory_columns_are_taken(tmp_path):
    report, charge = read_one(
        tmp_path, BillingAccountId="", InvoiceIssuerName="", ChargeCategory="", ServiceName="NULL", ListCost=""
    )
    assert (charge["BillingAccountId"], charge["InvoiceIssuerName"], charge["ChargeCategory"]) == (
        None,
        "Cloud",
        "Usage",
    )
    assert ("no_category", "ChargeCategory") in reasons(report, "repaired")
    assert report.batches[0].account == ""


def test_a_category_in_another_case_is_corrected_and_an_unknown_one_is_kept(tmp_path):
    report, rows = read(tmp_path, csv_of([row(ChargeCategory="TAX"), row(ChargeCategory="Gift")]))
    assert [charge["ChargeCategory"] for charge in rows] == ["Tax", "Gift"]
    assert reasons(report, "repaired") == {("category_spelling", "ChargeCategory")}
    assert reasons(report, "noted") == {("unknown_category", "ChargeCategory")}


def test_a_currency_in_small_letters_is_written_in_capitals(tmp_path):
    report, charge = read_one(tmp_path, BillingCurrency="eur")
    assert charge["BillingCurrency"] == "EUR"
    assert reasons(report, "repaired") == {("currency_spelling", "BillingCurrency")}


def test_a_virtual_currency_is_a_currency(tmp_path):
    assert read_one(tmp_path, BillingCurrency="Snow Credits")[1]["BillingCurrency"] == "Snow Credits"


@pytest.mark.parametrize(
    ("column", "text", "tokens"),
    [
        ("ConsumedUnit", "Tokens", True), ("PricingUnit", "1K Tokens", True), ("PricingUnit", "1M tokens", True),
        ("SkuMeter", "Input Tokens", True), ("ConsumedUnit", "Hours", False), ("SkuMeter", "", False),
    ],
)  # fmt: skip
def test_what_is_metered_in_tokens_is_marked(tmp_path, column, text, tokens):
    assert read_one(tmp_path, **{column: text})[1]["in_tokens"] is tokens


def test_batches_part_by_issuer_account_period_and_currency_and_sum_exactly(tmp_path):
    rows = [row(), row(BillingCurrency="USD"), row(BillingAccountId="7"), row(EffectiveCost="-0.000000000000000001")]
    report, charges = read(tmp_path, csv_of(rows))
    assert [charge["batch"] for charge in charges] == [1, 2, 3, 1]
    assert [(b.currency, b.account, b.rows, str(b.effective_cost)) for b in report.batches] == [
        ("EUR", "42", 2, "0.999999999999999999"),
        ("USD", "42", 1, "1.000000000000000000"),
        ("EUR", "7", 1, "1.000000000000000000"),
    ]


def test_resources_are_numbered_in_order_of_appearance(tmp_path):
    rows = [row(ResourceId="b"), row(ResourceId="a"), row(ResourceId="b", AllocatedResourceId="c"), row(ResourceId="")]
    report, charges = read(tmp_path, csv_of([{"AllocatedResourceId": "", **given} for given in rows]))
    assert [charge["resource"] for charge in charges] == [1, 2, 1, None]
    assert [charge["allocated_resource"] for charge in charges] == [None, None, 3, None]
    assert report.new_resources == 3


def test_sums_beyond_decimal_38_18_refuse_the_file(tmp_path):
    from trivium.facts.problem import ProblemError

    with pytest.raises(ProblemError, match="add up to more than DECIMAL"):
        read(tmp_path, csv_of([row(EffectiveCost="9" * 20)] * 2))
