"""§1 of the rule: from the invoices of a billing month to the statement of that month."""

from __future__ import annotations

from fractions import Fraction

from tests.oracle.allocation import parts_of
from tests.oracle.answers import statement
from tests.oracle.history import Charge, History
from tests.oracle.months import month_of
from tests.oracle.rules import AS_WRITTEN, Rules
from tests.oracle.tanks import ZERO


def bridged(history: History, month: str, as_of: int, rules: Rules = AS_WRITTEN) -> dict[str, Fraction]:
    """Return the BilledCost of each invoice, the steps by which the statement differs from them, and its total."""
    drawn = statement(history, month, as_of=as_of, rules=rules)
    found = {
        "difference": ZERO,
        "invoiced now": ZERO,
        "invoiced elsewhen": ZERO,
        "late": sum(drawn.late.values(), ZERO),
    }
    for charge in history.deliveries:
        if not isinstance(charge, Charge):
            continue
        billed = charge.amount if charge.billed is None else charge.billed
        now = sum((part.amount for part in parts_of(charge, rules) if part.month == month), ZERO)
        period = charge.billing_month or month_of(charge.start)
        if period == month if rules.invoices_by_billing_period else now:
            found[charge.invoice] = found.get(charge.invoice, ZERO) + billed
            found["difference"] += charge.amount - billed
            found["invoiced now"] -= charge.amount - now
        elif rules.bridge_is_whole:
            found["invoiced elsewhen"] += now
    return {name: amount for name, amount in found.items() if amount} | {"total": drawn.total}
