"""How do a month's invoices become its statement: from BilledCost by billing period to EffectiveCost by charge time?

Each step is summed from the charges themselves, without the books; what the steps leave over is shown as what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import msgspec
import numpy as np

from trivium.facts.money import SCALE, add, of_units, subtract
from trivium.facts.period import Period
from trivium.finops.books import Books
from trivium.finops.charges import Bill
from trivium.finops.closings import Closings
from trivium.finops.statement import Statement

_BILLED: Final = """
    SELECT coalesce("InvoiceId", ''), coalesce("ChargeCategory", ''),
        CASE WHEN "CommitmentDiscountStatus" = 'Unused' THEN 'unused'
            WHEN "CommitmentDiscountId" IS NOT NULL THEN 'covered' ELSE '' END AS commitment,
        sum("BilledCost"), sum("EffectiveCost")
    FROM charges_history
    WHERE until_sequence IS NULL AND "BillingCurrency" = $1
        AND "BillingPeriodStart" >= make_timestamp(CAST($2 AS BIGINT))
        AND "BillingPeriodStart" < make_timestamp(CAST($3 AS BIGINT))
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_MOVED: Final = """
    SELECT here, held, counted, opened, begun, starts, ends, sum(amount), count(*) FROM (
        SELECT amount, here, held, counted, opened, first <= $4 AS begun,
            CASE WHEN last <= $2 THEN $2 - 1 WHEN first >= $3 THEN $3
                WHEN first >= $2 AND last <= $3 THEN $2 ELSE first END AS starts,
            CASE WHEN last <= $2 THEN $2 WHEN first >= $3 THEN $3 + 1
                WHEN first >= $2 AND last <= $3 THEN $3 ELSE last END AS ends
        FROM (
            SELECT "EffectiveCost" AS amount, until_sequence IS NULL AS held,
                coalesce("BillingPeriodStart" >= make_timestamp(CAST($2 AS BIGINT))
                    AND "BillingPeriodStart" < make_timestamp(CAST($3 AS BIGINT)), false) AS here,
                since_sequence <= $5 AND coalesce(until_sequence > $5, true) AS counted,
                since_sequence <= $6 AND coalesce(until_sequence > $6, true) AS opened,
                epoch_us("ChargePeriodStart") AS first,
                greatest(epoch_us("ChargePeriodEnd"), epoch_us("ChargePeriodStart") + 1) AS last
            FROM charges_history WHERE "BillingCurrency" = $1
        ) WHERE here OR (first < $3 AND last > $2) OR (first < $2 AND counted <> opened)
    ) GROUP BY ALL ORDER BY ALL
"""
"""Sums by what decides the step; what lies before, in or after the month has one period each, the rest its own."""
_EVER: Final = 2**62
"""A sequence that no ledger reaches."""
PURCHASES: Final = "Bought ahead, carried by what it covers"
COVERED: Final = "Use covered by commitments"
UNUSED: Final = "Commitments that were not used"
OTHER: Final = "Other differences between billed and effective cost"
NOT_NOW: Final = "Invoiced now, for other months"
NOW: Final = "Of this month, invoiced at other times"
TO_COME: Final = "Of this month, not begun yet"
AFTER: Final = "Recorded after the month was closed, counted later"
LATE: Final = "Late charges of closed months"
ROUNDED: Final = "Rounded where charges reach over months"
UNEXPLAINED: Final = "Not reconciled: no charge explains it"


class Step(msgspec.Struct, frozen=True):
    """One step of the bridge, as money to add."""

    label: str
    amount: Decimal


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """`billed` + Σ `steps` = `effective`, exactly; `invoices` are (id, Σ BilledCost) and sum to `billed`.

    A step `UNEXPLAINED` is there only where charges and statement disagree, which is a fault.
    """

    billed: Decimal
    invoices: tuple[tuple[str, Decimal], ...]
    steps: tuple[Step, ...]
    effective: Decimal


def bridge(bill: Bill, books: Books, month: Period, drawn: Statement, known: int | None = None) -> Bridge:
    """Lay the steps from the invoices of a billing period to a month's statement, as of a ledger sequence."""
    invoices, steps = _billed(bill, books.currency, month, known)
    moved, slack = _moved(bill, books, month, known)
    steps |= moved
    billed = add(*invoices.values())
    left = subtract(drawn.total, billed, *steps.values())
    steps[ROUNDED if abs(left) <= slack else UNEXPLAINED] = left
    return Bridge(
        billed=billed,
        invoices=tuple(invoices.items()),
        steps=tuple(Step(label, amount) for label, amount in steps.items() if amount),
        effective=drawn.total,
    )


def _billed(
    bill: Bill, currency: str, month: Period, known: int | None
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Sum BilledCost by invoice, and by its reason what EffectiveCost differs from it."""
    invoices: dict[str, Decimal] = {}
    steps = dict.fromkeys((PURCHASES, COVERED, UNUSED, OTHER), Decimal(0))
    rows = bill.query(_BILLED, [currency, month.start, month.end], as_of=known)
    for invoice, category, commitment, billed, effective in rows:
        invoices[invoice] = add(invoices.get(invoice, Decimal(0)), billed)
        label = _reason(category, commitment)
        steps[label] = subtract(add(steps[label], effective), billed)
    return invoices, steps


def _reason(category: str, commitment: str) -> str:
    """Say why the billed and the effective cost of charges differ."""
    if category == "Purchase":
        return PURCHASES
    return {"unused": UNUSED, "covered": COVERED}.get(commitment, OTHER)


def _moved(bill: Bill, books: Books, month: Period, known: int | None) -> tuple[dict[str, Decimal], Decimal]:
    """Sum what lies between billing periods and charge time, and by how much rounding may make it differ.

    The statement prorates each charge to the last unit of 10⁻¹⁸, these sums are exact before they are rounded: they
    differ by less than a unit for each charge that reaches over months and each step.
    """
    closed, opened = _sequences(books.closings, month, books.as_of)
    begun = books.as_of if month.start <= books.as_of else -_EVER
    rows = bill.query(_MOVED, [books.currency, month.start, month.end, begun, closed, opened], as_of=known)
    sums = dict.fromkeys((NOT_NOW, NOW, TO_COME, AFTER, LATE), Fraction(0))
    for row in rows:
        for label, amount in _steps_of(row, month, is_closed=closed != _EVER):
            sums[label] += amount
    own = {(month.start - 1, month.start), (month.start, month.end), (month.end, month.end + 1)}
    astride = sum(count for *_, starts, ends, _, count in rows if (starts, ends) not in own)
    return {label: of_units(int(amount), SCALE) for label, amount in sums.items()}, of_units(
        2 * astride + len(sums) if astride else 0, SCALE
    )


def _steps_of(row: Sequence[Any], month: Period, *, is_closed: bool) -> list[tuple[str, Fraction]]:
    """Give what one sum of charges adds to each step, in units of 10⁻¹⁸.

    `held` charges hold now; `counted` ones held when the month was closed; `opened` ones when the month before was.
    """
    here, held, counted, opened, begun, starts, ends, amount, _ = row
    units = Fraction(amount) * 10**SCALE
    within = units * max(0, min(ends, month.end) - max(starts, month.start)) / (ends - starts)
    before = units * max(0, min(ends, month.start) - starts) / (ends - starts)
    found = []
    if held:
        found.append((NOT_NOW, within - units) if here else (NOW, within))
    if held and not is_closed and not begun:
        found.append((TO_COME, -within))
    if is_closed and held != counted:
        found.append((AFTER, within if counted else -within))
    if counted != opened:
        found.append((LATE, before if counted else -before))
    return found


def _sequences(closings: Closings, month: Period, as_of: int) -> tuple[int, int]:
    """Give the sequences that a month was closed and opened at: what came in between for closed months is late in it.

    A month that is open is closed at no sequence; one that follows no closed month, or has not begun, has nothing late.
    """
    if month.start > as_of:
        return _EVER, _EVER
    place = int(np.searchsorted(closings.end, month.end))
    closed = int(closings.sequence[place]) if place < len(closings.end) else _EVER
    follows = place > 0 and closings.end[place - 1] == month.start
    return closed, int(closings.sequence[place - 1]) if follows else closed
