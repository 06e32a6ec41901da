"""What a reader says of one file: how many rows, what was refused and repaired, and the batches that came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from trivium.facts.deliveries import Trouble
from trivium.facts.instants import Instant
from trivium.intake.files import troubles
from trivium.intake.files.troubles import NOTED, REFUSED, REPAIRED, Troubles

__all__ = ["NOTED", "REFUSED", "REPAIRED", "SENTENCES", "BatchTotal", "FileReport", "Troubles"]

SENTENCES: Final[dict[str, tuple[str, str]]] = troubles.SENTENCES | {
    "null_text": ("The literal text NULL was taken as no value.", ""),
    "no_period": ("The row was left out: a charge needs a start and an end.", "Export both columns as ISO 8601."),
    "unlikely_period": (
        "The row was left out: its charge period lies outside 1990 to 2199, or lasts more than 20 years.",
        "Correct the charge period.",
    ),
    "bad_period": ("The row was left out: its charge period does not end after its start.", "Ask the issuer."),
    "no_billing_period": ("The calendar month of the charge was taken.", ""),
    "not_a_number": ("The value is no number.", "Write amounts as 1234.56 or 1.5E-3, without unit or grouping."),
    "too_large": ("The value does not fit DECIMAL(38,18).", "Ask the issuer."),
    "rounded": ("The amount was rounded half to even to 18 decimal places.", ""),
    "binary_fraction": ("Stored as DOUBLE: its shortest decimal text was taken.", "Export costs as DECIMAL."),
    "no_amount": ("The row was left out: it has neither BilledCost nor EffectiveCost.", "Export both columns."),
    "no_billed_cost": ("EffectiveCost was taken as BilledCost.", "Export both columns."),
    "no_effective_cost": ("BilledCost was taken as EffectiveCost.", "Export both columns."),
    "no_currency": ("The row was left out: money needs a currency.", "Export BillingCurrency."),
    "bad_currency": ("The row was left out: its BillingCurrency is no currency.", "Write the ISO 4217 code."),
    "currency_spelling": ("The currency was written in capitals.", ""),
    "no_category": ("The charge was taken as Usage.", "Export ChargeCategory."),
    "category_spelling": ("The category was written as FOCUS spells it.", ""),
    "unknown_category": ("The category is none of FOCUS; it was kept.", "Ask the issuer."),
    "bad_tags": ("The tags could not be read; their text was kept in Extra.", "Export tags as a JSON object."),
    "tag_collision": ("Two keys became one without their prefix; the longer one kept it.", "Rename one of the tags."),
    "column_spelling": ("The column was taken as the one of FOCUS that it resembles.", ""),
    "column_twice": ("The column stands twice; the first was taken, the other kept in Extra.", "Drop one."),
}
"""What was done, and what to do, for each reason (docs/reference/charges.md lists them for users)."""


class BatchTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one issuer, account, billing period and currency in a file, with exact sums."""

    batch: int
    issuer: str
    account: str
    period: Instant
    currency: str
    rows: int
    billed_cost: Decimal
    effective_cost: Decimal


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file. `rows` counts every row of it; `repaired` counts rows in which anything was repaired.

    `new_resources` rows were written to the resource dictionary. `sha256` and `bytes` are of the file as it was read.
    """

    sha256: str = ""
    bytes: int = 0
    format: str = ""
    version: str = ""
    rows: int = 0
    imported: int = 0
    refused: int = 0
    repaired: int = 0
    new_resources: int = 0
    batches: tuple[BatchTotal, ...] = ()
    problems: tuple[Trouble, ...] = ()
