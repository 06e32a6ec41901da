"""What does the health service's provider bill for a month? FOCUS 1.4, for exactly the resources that its runs used.

Beside usage there are idle hours, a machine that nobody tagged, tax, a credit, a commitment that is not used up, and
later a correction of a month that was closed by then.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from trivium.demo.months import HOUR, MINUTE, days_of
from trivium.demo.skus import (
    CLUSTER,
    CONTAINER,
    GPU,
    KEYS,
    LABELS,
    SERVING,
    SMALL,
    STORAGE,
    SUPPORT,
    TOKENS,
    TRANSFER,
    VM,
    Sku,
)
from trivium.demo.told import Metered, Ran
from trivium.facts.charges import FOCUS
from trivium.facts.instants import DAY, Instant, format_instant
from trivium.facts.money import add, plain
from trivium.facts.period import Period

CURRENCY: Final = "EUR"
PROVIDER: Final = "Example Cloud"
_CENT: Final = Decimal("0.01")
_TAX_RATE: Final = Decimal("0.19")
_CREDIT: Final = Decimal("-60.00")
_COMMITTED_AN_HOUR: Final = Decimal("0.4500")
_USED_AN_HOUR: Final = Decimal("0.3600")
_CLUSTER_HOURS: Final = range(2, 7)
_SWITCHED_OFF_AFTER: Final = 20 * MINUTE
COMMITMENT: Final = "commitment-2026-serving"

_BY_RESOURCE: Final = {"vm-training": VM, "vm-evaluation": VM, "gpu-a": GPU, "gpu-b": GPU}
_STORED_GB: Final = {
    "storage-biopsy-raw": 840, "storage-biopsy-clean": 610, "storage-biopsy-features": 1_150,
    "storage-forms-scans": 2_400, "storage-forms-labelled": 120, "storage-forms-features": 330,
    "storage-assistant-index": 60,
}  # fmt: skip
_FORMS_LABELLED: Final = 1_400


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the bill before it is written: `quantity` of a SKU over a stretch of time."""

    sku: Sku | None
    start: Instant
    end: Instant
    quantity: Decimal
    effective: Decimal
    billed: Decimal
    resource: str = ""
    category: str = "Usage"
    description: str = ""
    correction: bool = False
    commitment: str = ""
    tags: dict[str, str] = {}


def month_charges(
    month: Period, through: Instant, runs: Sequence[Ran], metered: Sequence[Metered] = ()
) -> list[Charge]:
    """List what a month costs up to an instant, for the resources and tokens that were used; tax comes last."""
    days = days_of(month, through)
    charges = [*_cluster(days), *_machines(runs), *_labelling(runs), *_tokens(metered)]
    for day in days:
        charges.extend(_daily(day))
    charges.append(_usage(SUPPORT, month.start, month.end, Decimal(1), description="Support plan"))
    charges.append(_purchase(month))
    charges.append(_flat("Credit", month.start, days[-1] + DAY, _CREDIT, "Credit for a regional health service"))
    billed = add(*(charge.billed for charge in charges))
    tax = (billed * _TAX_RATE).quantize(_CENT, ROUND_HALF_EVEN)
    charges.append(_flat("Tax", month.start, days[-1] + DAY, tax, "Value added tax, 19 %"))
    return charges


def correction(runs: Sequence[Ran]) -> list[Charge]:
    """Take back part of the hours of the first GPU trial of a month: they were billed twice."""
    trial = min((ran for ran in runs if ran.resource in {"gpu-a", "gpu-b"}), key=lambda ran: (ran.start, ran.run))
    amount = _usage(GPU, trial.start, trial.end, _hours(trial.start, trial.end)).effective
    charge = _usage(GPU, trial.start, trial.end, -_hours(trial.start, trial.end), trial.resource)
    assert charge.effective == -amount
    return [msgspec.structs.replace(charge, correction=True, description="Hours that were billed twice")]


def written(charges: Iterable[Charge], billing: Period) -> bytes:
    """Write charges as FOCUS 1.4 Cost and Usage: CSV with all 65 columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FOCUS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, charge in enumerate(charges, 1):
        writer.writerow(_row(charge, billing, number))
    return text.getvalue().encode()


def _cluster(days: Iterable[Instant]) -> Iterator[Charge]:
    """Bill the shared cluster by the hour of each night, whoever uses it."""
    for day in days:
        for hour in _CLUSTER_HOURS:
            start = day + hour * HOUR
            yield _usage(CLUSTER, start, start + HOUR, Decimal(1), "cluster-shared", description="Cluster nodes")


def _machines(runs: Iterable[Ran]) -> Iterator[Charge]:
    """Bill each training machine for its runs, and for the minutes until it is switched off."""
    for ran in runs:
        if sku := _BY_RESOURCE.get(ran.resource):
            end = ran.end + _SWITCHED_OFF_AFTER // 2
            yield _usage(sku, ran.start, end, _hours(ran.start, end), ran.resource, description="Machine hours")


def _labelling(runs: Iterable[Ran]) -> Iterator[Charge]:
    """Bill the people who label, by the form."""
    for ran in runs:
        if ran.resource.startswith("labelling-"):
            yield _usage(
                LABELS, ran.start, ran.end, Decimal(_FORMS_LABELLED), ran.resource, description="Labelled forms"
            )


def _tokens(metered: Sequence[Metered]) -> Iterator[Charge]:
    """Bill tokens by gateway, day, model and sort, whoever asked: the gateway does not know."""
    sums: dict[tuple[Instant, str, str], int] = {}
    for one in metered:
        key = (one.day, one.resource, one.sku)
        sums[key] = sums.get(key, 0) + one.tokens
    for (day, resource, sku), tokens in sorted(sums.items()):
        quantity = Decimal(tokens).scaleb(-6)
        yield _usage(TOKENS[sku], day, day + DAY, quantity, resource, description="Tokens of a language model")


def _daily(day: Instant) -> Iterator[Charge]:
    """Bill what runs all day: serving, storage, a machine that nobody remembers, transfer, keys."""
    end = day + DAY
    hours = Decimal(24)
    used, unused = hours * _USED_AN_HOUR, hours * (_COMMITTED_AN_HOUR - _USED_AN_HOUR)
    yield Charge(
        sku=SERVING, start=day, end=end, quantity=hours, effective=used, billed=Decimal(0),
        resource="vm-serving-triage", commitment="Used", description="Serving, covered by the commitment",
    )  # fmt: skip
    yield Charge(
        sku=SERVING, start=day, end=end, quantity=Decimal(0), effective=unused, billed=Decimal(0),
        commitment="Unused", description="Commitment that was not used",
    )  # fmt: skip
    yield _usage(SERVING, day, end, hours, "vm-serving-forms", description="Serving")
    tags = {"trivium:asset": "endpoint:patient-assistant"}
    yield _usage(CONTAINER, day, end, hours, "container-assistant", description="Serving", tags=tags)
    yield _usage(SMALL, day, end, hours, "vm-notebook-3", description="Machine hours")
    for resource, stored in _STORED_GB.items():
        yield _usage(STORAGE, day, end, Decimal(stored), resource, description="Stored data")
    yield _usage(TRANSFER, day, end, Decimal("12.5"), description="Data transfer out")
    yield _usage(KEYS, day, end, Decimal(1), description="Keys")


def _purchase(month: Period) -> Charge:
    """Bill the commitment for the month ahead: its effective cost stands on the usage that it covers."""
    hours = Decimal((month.end - month.start) // HOUR)
    return Charge(
        sku=SERVING, start=month.start, end=month.end, quantity=hours, effective=Decimal(0),
        billed=hours * _COMMITTED_AN_HOUR, category="Purchase", commitment="Purchase",
        description="Commitment for serving machines",
    )  # fmt: skip


def _usage(
    sku: Sku, start: Instant, end: Instant, quantity: Decimal, resource: str = "", *, description: str = "",
    tags: dict[str, str] | None = None,
) -> Charge:  # fmt: skip
    cost = quantity * sku.price
    return Charge(
        sku=sku, start=start, end=end, quantity=quantity, effective=cost, billed=cost, resource=resource,
        description=description, tags=tags or {},
    )  # fmt: skip


def _flat(category: str, start: Instant, end: Instant, amount: Decimal, description: str) -> Charge:
    return Charge(
        sku=None, start=start, end=end, quantity=Decimal(1), effective=amount, billed=amount, category=category,
        description=description,
    )  # fmt: skip


def _hours(start: Instant, end: Instant) -> Decimal:
    """Count hours to the minute, in six places."""
    return (Decimal(end - start) / HOUR).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


def _row(charge: Charge, billing: Period, number: int) -> dict[str, str]:
    """Write one charge in the columns of FOCUS 1.4; columns that do not apply stay empty."""
    month = str(billing)
    return {
        "BilledCost": plain(charge.billed),
        "BillingAccountId": "health-service",
        "BillingAccountName": "Regional health service",
        "BillingAccountType": "Account",
        "BillingCurrency": CURRENCY,
        "BillingPeriodEnd": format_instant(billing.end),
        "BillingPeriodStart": format_instant(billing.start),
        "ChargeCategory": charge.category,
        "ChargeClass": "Correction" if charge.correction else "",
        "ChargeDescription": charge.description,
        "ChargeFrequency": "Recurring" if charge.category == "Purchase" else "Usage-Based",
        "ChargePeriodEnd": format_instant(charge.end),
        "ChargePeriodStart": format_instant(charge.start),
        "ContractedCost": plain(charge.billed or charge.effective),
        "EffectiveCost": plain(charge.effective),
        "HostProviderName": PROVIDER,
        "InvoiceDetailId": f"{month}-{number:05d}",
        "InvoiceId": f"INV-{month}",
        "InvoiceIssuerName": PROVIDER,
        "ListCost": plain(charge.billed or charge.effective),
        "PricingCurrency": CURRENCY,
        "RegionId": "eu-north-2",
        "RegionName": "North",
        "ServiceProviderName": PROVIDER,
        "SubAccountId": "health-lake",
        "SubAccountName": "Health lake",
        "SubAccountType": "Project",
        "Tags": msgspec.json.encode(charge.tags).decode(),
        **_resource_columns(charge),
        **_commitment_columns(charge),
        **_sku_columns(charge),
    }


def _resource_columns(charge: Charge) -> dict[str, str]:
    if not charge.resource:
        return {}
    kind = charge.sku.resource_type if charge.sku else ""
    return {"ResourceId": charge.resource, "ResourceName": charge.resource, "ResourceType": kind}


def _commitment_columns(charge: Charge) -> dict[str, str]:
    if not charge.commitment:
        return {}
    columns = {
        "CommitmentDiscountCategory": "Spend",
        "CommitmentDiscountId": COMMITMENT,
        "CommitmentDiscountName": "Serving, one year",
        "CommitmentDiscountType": "Savings plan",
        "CommitmentDiscountQuantity": plain(charge.effective or charge.billed),
        "CommitmentDiscountUnit": CURRENCY,
    }
    if charge.category == "Purchase":
        return {**columns, "ResourceId": COMMITMENT, "ResourceName": "Serving, one year", "ResourceType": "Commitment"}
    return {**columns, "CommitmentDiscountStatus": charge.commitment}


def _sku_columns(charge: Charge) -> dict[str, str]:
    """Say what was sold, how much of it and at which price; an unused commitment consumed nothing."""
    if charge.sku is None:
        return {}
    sku = charge.sku
    columns = {
        "ServiceCategory": sku.category,
        "ServiceName": sku.service,
        "ServiceSubcategory": sku.subcategory,
        "SkuId": sku.id,
        "SkuMeter": sku.id,
        "SkuPriceId": f"{sku.id}-eur",
        "ListUnitPrice": plain(sku.price),
        "ContractedUnitPrice": plain(sku.price),
        "PricingCategory": "Committed" if charge.commitment else "Standard",
        "PricingQuantity": plain(charge.quantity),
        "PricingUnit": sku.unit,
        "PricingCurrencyContractedUnitPrice": plain(sku.price),
        "PricingCurrencyListUnitPrice": plain(sku.price),
        "PricingCurrencyEffectiveCost": plain(charge.effective),
    }
    if charge.quantity and charge.category == "Usage":
        columns |= {"ConsumedQuantity": plain(charge.quantity), "ConsumedUnit": sku.unit}
    return columns
