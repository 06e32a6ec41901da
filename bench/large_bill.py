"""The bill of a large home for one month: clusters, storage, serving, tokens, what nobody tagged, tax and credit."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from decimal import Decimal

from trivium.facts.instants import DAY, Instant, format_instant
from trivium.facts.money import add, plain
from trivium.facts.period import Period

CURRENCY = "EUR"
CLUSTERS, BUCKETS = 3, 4
"""Of one pipeline."""
Row = dict[str, str]


def bill(month: Period, until: Instant, pipelines: int) -> bytes:
    """Write the month up to an instant as FOCUS 1.4 CSV: one row a day for each resource, 9 for each pipeline."""
    rows = list(_usage(month, until, pipelines))
    billed = add(*(Decimal(row["BilledCost"]) for row in rows))
    rows.append(_row(month, month.start, until, "Tax", billed * Decimal("0.19")))
    rows.append(_row(month, month.start, until, "Credit", billed * Decimal("-0.03")))
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted({name for row in rows for name in row}), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _usage(month: Period, until: Instant, pipelines: int) -> Iterator[Row]:
    chosen = random.Random(str(month))
    for start in range(month.start, until, DAY):
        for pipeline in range(pipelines):
            named = [(f"cluster-{CLUSTERS * pipeline + place:03d}", "Clusters", 60) for place in range(CLUSTERS)]
            named += [(f"bucket-{pipeline:03d}-{place}", "Storage", 2) for place in range(BUCKETS)]
            named.append((f"vm-{pipeline:03d}", "Serving", 12))
            for resource, service, most in named:
                cost = Decimal(chosen.randint(10**6, most * 10**9)).scaleb(-9)
                yield _row(month, start, start + DAY, "Usage", cost, service, resource)
            tags = f'{{"trivium:asset":"endpoint:serve-{pipeline:03d}"}}' if pipeline % 2 else "{}"
            cost = Decimal(chosen.randint(1, 10**9)).scaleb(-9)
            yield _row(month, start, start + DAY, "Usage", cost, "Language models", tags=tags)
        for lost in range(max(2, pipelines // 5)):
            cost = Decimal(chosen.randint(1, 9 * 10**9)).scaleb(-9)
            yield _row(month, start, start + DAY, "Usage", cost, "Compute", f"vm-notebook-{lost:02d}")


def _row(
    month: Period, start: Instant, end: Instant, category: str, cost: Decimal, service: str = "", resource: str = "",
    tags: str = "{}",
) -> Row:  # fmt: skip
    amount = plain(cost)
    return {
        "BilledCost": amount, "EffectiveCost": amount, "ListCost": amount, "ContractedCost": amount,
        "BillingAccountId": "platform", "BillingAccountName": "Platform", "BillingCurrency": CURRENCY,
        "BillingPeriodStart": format_instant(month.start), "BillingPeriodEnd": format_instant(month.end),
        "ChargeCategory": category, "ChargeDescription": service or category, "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": format_instant(start), "ChargePeriodEnd": format_instant(end),
        "InvoiceId": f"INV-{month}", "InvoiceIssuerName": "Example Cloud", "HostProviderName": "Example Cloud",
        "ServiceProviderName": "Example Cloud", "ServiceName": service, "ServiceCategory": service and "Compute",
        "ResourceId": resource, "ResourceName": resource, "Tags": tags, "PricingQuantity": "1", "PricingUnit": "Days",
        "SubAccountId": "lake", "SubAccountName": "Lake",
    }  # fmt: skip
