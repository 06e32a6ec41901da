"""The columns of a charge: the FOCUS 1.4 Cost and Usage dataset, and what Trivium adds at import.

Readers write them, the lake keeps them, and finops asks for them; this list is what the three agree on.
"""

from __future__ import annotations

from typing import Final

TEXT: Final = "text"
AMOUNT: Final = "amount"
"""DECIMAL(38,18), facts.money."""
TIME: Final = "time"
"""Microseconds in UTC, without a zone."""
WHOLE: Final = "int32"
LONG: Final = "int64"
REAL: Final = "float64"
"""A measure or a score; never money."""
TRUTH: Final = "boolean"

COSTS: Final = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
TIMES: Final = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
AMOUNTS: Final = (
    *COSTS, "CommitmentDiscountQuantity", "ConsumedQuantity", "ContractedUnitPrice", "ListUnitPrice",
    "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice",
    "PricingQuantity",
)  # fmt: skip
FOCUS: Final = (
    "AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId", "AllocatedResourceName", "AllocatedTags",
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "CapacityReservationId",
    "CapacityReservationStatus", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory", "CommitmentDiscountId",
    "CommitmentDiscountName", "CommitmentDiscountQuantity", "CommitmentDiscountStatus", "CommitmentDiscountType",
    "CommitmentDiscountUnit", "CommitmentProgramEligibilityDetails", "ConsumedQuantity", "ConsumedUnit",
    "ContractApplied", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "HostProviderName",
    "InvoiceDetailId", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingCurrency", "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "RegionId", "RegionName", "ResourceId",
    "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceProviderName", "ServiceSubcategory",
    "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType",
    "Tags",
)  # fmt: skip
"""The 65 columns of FOCUS 1.4, Cost and Usage, in the order of the specification."""
ACCOUNT: Final = "account"
"""What a rule matches to spread a named account (idle, shared, …): no column of a bill."""
TAG: Final = "tag:"
"""What stands before a tag's key where a rule matches it."""
JOIN_TAGS: Final = ("trivium_asset", "mlflow_run_id", "openlineage_run_id", "team", "product", "account")
"""Tags that say whose a charge is; each has a column `tag_…` and a column `allocated_tag_…`."""
ADDED: Final = (
    *((f"tag_{tag}", TEXT) for tag in JOIN_TAGS),
    *((f"allocated_tag_{tag}", TEXT) for tag in JOIN_TAGS),
    ("resource", WHOLE),
    ("allocated_resource", WHOLE),
    ("in_tokens", TRUTH),
    ("line", LONG),
    ("batch", WHOLE),
    ("Extra", TEXT),
)
"""What stands beside the FOCUS columns: join tags, resource numbers, metered in tokens or not, the line in the source
file, the batch (rows of one issuer, account, billing period, currency and source), and unknown columns as JSON."""
COLUMNS: Final = (
    *((name, AMOUNT if name in AMOUNTS else TIME if name in TIMES else TEXT) for name in FOCUS),
    *ADDED,
)
"""Every column of a file of charges with its type, in order."""
RESOURCES: Final = (("resource", WHOLE), ("ResourceId", TEXT), ("ResourceName", TEXT), ("ResourceType", TEXT))
"""The dictionary of billed resources: one row per ResourceId, with the name and type it was first seen with."""


def is_matchable(name: str) -> bool:
    """Say whether a rule can match on a name: a FOCUS column, `account`, or `tag:KEY`."""
    return name in FOCUS or name == ACCOUNT or (name.startswith(TAG) and name != TAG)
