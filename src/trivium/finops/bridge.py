"""How do a month's invoices become its statement: from BilledCost by billing period to EffectiveCost by charge time?"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.charges import Bill

_ROWS: Final = """
    SELECT coalesce("InvoiceId", ''), coalesce("ChargeCategory", ''),
        CASE WHEN "CommitmentDiscountStatus" = 'Unused' THEN 'unused'
            WHEN "CommitmentDiscountId" IS NOT NULL THEN 'covered' ELSE '' END AS commitment,
        "ChargePeriodEnd" <= make_timestamp(CAST(? AS BIGINT))
            OR "ChargePeriodStart" >= make_timestamp(CAST(? AS BIGINT)) AS elsewhere,
        sum("BilledCost"), sum("EffectiveCost")
    FROM charges
    WHERE "BillingCurrency" = ? AND "BillingPeriodStart" >= make_timestamp(CAST(? AS BIGINT))
        AND "BillingPeriodStart" < make_timestamp(CAST(? AS BIGINT))
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
PURCHASES: Final = "Bought ahead, carried by what it covers"
COVERED: Final = "Use covered by commitments"
UNUSED: Final = "Commitments that were not used"
OTHER: Final = "Other differences between billed and effective cost"
NOT_NOW: Final = "Invoiced now, for other months"
NOW: Final = "Of this month, invoiced at other times"
LATE: Final = "Late charges of closed months"


class Step(msgspec.Struct, frozen=True):
    """One step of the bridge, as money to add."""

    label: str
    amount: Decimal


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """`billed` + Σ `steps` = `effective`, exactly; `invoices` are (id, Σ BilledCost) and sum to `billed`."""

    billed: Decimal
    invoices: tuple[tuple[str, Decimal], ...]
    steps: tuple[Step, ...]
    effective: Decimal


def bridge(bill: Bill, currency: str, month: Period, total: Decimal, late: Decimal, known: int | None = None) -> Bridge:
    """Lay the steps from the invoices of a billing period to a statement's `total`, of which `late` is late."""
    asked = [month.start, month.end, currency, month.start, month.end]
    rows = [
        (invoice, category, commitment, elsewhere, billed or Decimal(0), effective or Decimal(0))
        for invoice, category, commitment, elsewhere, billed, effective in bill.query(_ROWS, asked, as_of=known)
    ]
    invoices: dict[str, Decimal] = {}
    steps: dict[str, Decimal] = dict.fromkeys((PURCHASES, COVERED, UNUSED, OTHER), Decimal(0))
    for invoice, category, commitment, _, billed, effective in rows:
        invoices[invoice] = add(invoices.get(invoice, Decimal(0)), billed)
        label = _reason(category, commitment)
        steps[label] = add(steps[label], effective, -billed)
    steps[NOT_NOW] = -add(*(effective for *_, elsewhere, _, effective in rows if elsewhere))
    billed = add(*invoices.values())
    steps[NOW] = add(total, -late, -billed, *(-amount for amount in steps.values()))
    steps[LATE] = late
    assert add(billed, *steps.values()) == total
    return Bridge(
        billed=billed,
        invoices=tuple(invoices.items()),
        steps=tuple(Step(label, amount) for label, amount in steps.items() if amount),
        effective=total,
    )


def _reason(category: str, commitment: str) -> str:
    """Say why the billed and the effective cost of charges differ."""
    if category == "Purchase":
        return PURCHASES
    return {"unused": UNUSED, "covered": COVERED}.get(commitment, OTHER)
