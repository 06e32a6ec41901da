"""Which FOCUS column a header means: versions 1.0 to 1.4, any case, and the other datasets of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from trivium.facts.charges import AMOUNTS, FOCUS
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.intake.files.blocks import Form
from trivium.intake.files.headers import check_count as headers_in_bounds
from trivium.intake.files.headers import plain_name

FORMER: Final = {"ProviderName": ("ServiceProviderName", "HostProviderName")}
"""Columns that FOCUS 1.4 dropped and the columns they fill where those are absent or null.

FOCUS 1.3 gives ServiceProviderName the definition that ProviderName had, and says of no older column who hosts; the
provider is the nearest. PublisherName has no successor: it is kept in `Extra` as it stands, and so is ProviderName.
"""
MARKS: Final = (
    ("1.4", ("InvoiceDetailId", "CommitmentProgramEligibilityDetails")),
    ("1.3", ("AllocatedMethodId", "AllocatedResourceId", "AllocatedTags", "ContractApplied", "ServiceProviderName")),
    ("1.2", ("InvoiceId", "PricingCurrency", "BillingAccountType", "SubAccountType")),
    ("1.1", ("SkuMeter", "SkuPriceDetails", "ServiceSubcategory", "CapacityReservationId")),
)
"""The newest columns of each version; a file is of the newest version of which it has a column."""
_OTHERS: Final = (
    ("Invoice Detail", ("InvoiceDetailId", "InvoiceId", "BilledCost")),
    ("Billing Period", ("BillingPeriodStatus", "BillingPeriodStart")),
    ("Contract Commitment", ("ContractCommitmentId", "ContractId")),
)
_NEEDED: Final = ("BilledCost", "EffectiveCost", "ChargePeriodStart", "ChargePeriodEnd", "BillingCurrency")
_SELDOM: Final = frozenset(name for name in AMOUNTS if name.endswith(("Cost", "Quantity")))
_FIX: Final = "Give a FOCUS 1.0 to 1.4 Cost and Usage file: CSV, CSV.gz, Parquet or JSON lines."


class Layout(msgspec.Struct, frozen=True):
    """Where each FOCUS column stands in a file: `columns` and `former` by name, `extra` by (name, index).

    `renamed` are headers taken under another spelling, `repeated` those that came twice and were put into `extra`.
    """

    columns: dict[str, int]
    former: dict[str, int]
    extra: tuple[tuple[str, int], ...]
    version: str
    renamed: tuple[str, ...]
    repeated: tuple[str, ...]


_BY_PLAIN: Final = {plain_name(name): name for name in (*FOCUS, *FORMER)}


def known_columns(headers: Sequence[str]) -> int:
    """Count the headers that FOCUS knows; 0 for text that is no header."""
    return sum(plain_name(header) in _BY_PLAIN for header in headers)


def check_count(headers: Sequence[str]) -> None:
    """Refuse a file whose columns have no end."""
    headers_in_bounds(headers, _FIX)


@lru_cache(maxsize=256)
def layout_of(headers: tuple[str, ...]) -> Layout:
    """Find the FOCUS columns among a file's headers; the exact spelling goes before others, the first before later."""
    check_count(headers)
    taken: dict[str, int] = {}
    exact = {name: index for index, name in reversed(list(enumerate(headers))) if name in FOCUS or name in FORMER}
    taken.update(exact)
    extra: list[tuple[str, int]] = []
    renamed: list[str] = []
    repeated: list[str] = []
    for index, header in enumerate(headers):
        name = None if header.lower().startswith("x_") else _BY_PLAIN.get(plain_name(header))
        if name is not None and name not in taken:
            taken[name] = index
        if name is None or taken[name] != index:
            extra.append((_free(header.strip() or f"column {index + 1}", extra), index))
            repeated += [header] if name is not None or headers.count(header) > 1 else []
        elif header != name:
            renamed.append(header)
    columns = {name: index for name, index in taken.items() if name not in FORMER}
    former = {name: index for name, index in taken.items() if name in FORMER}
    return Layout(
        columns, former, tuple(sorted(extra)), version_of(taken), tuple(renamed), tuple(dict.fromkeys(repeated))
    )


def seldom_repeating(headers: tuple[str, ...]) -> frozenset[int]:
    """Give the places of the amounts of which nearly every row has another."""
    columns = layout_of(headers).columns
    return frozenset(columns[name] for name in _SELDOM if name in columns)


FORM: Final = Form("bill", "not_focus", known_columns, seldom_repeating, check_count)
"""What a file of charges looks like."""


def version_of(names: Sequence[str] | dict[str, int]) -> str:
    """Tell the FOCUS version from the columns."""
    if "HostProviderName" in names and "ProviderName" not in names:
        return "1.4"
    return next((version for version, marks in MARKS if any(mark in names for mark in marks)), "1.0")


def other_dataset(headers: Sequence[str]) -> str:
    """Name the FOCUS dataset other than Cost and Usage that these are the columns of; empty for none."""
    names = {plain_name(header) for header in headers}
    if {"chargeperiodstart", "effectivecost"} <= names:
        return ""
    return next((name for name, marks in _OTHERS if {mark.lower() for mark in marks} <= names), "")


def check_cost_and_usage(headers: Sequence[str], source: str) -> None:
    """Refuse another dataset of FOCUS, and headers without what a charge cannot be without: cost, period, currency."""
    if name := other_dataset(headers):
        title = f"The file looks like FOCUS {name}; Trivium reads FOCUS Cost and Usage, and {name} holds no charges."
        raise refuse("other_dataset", title, where=source, fix=_FIX)
    columns = layout_of(tuple(headers)).columns
    missing = [name for name in _NEEDED if name not in columns]
    if "BilledCost" in columns or "EffectiveCost" in columns:
        missing = [name for name in missing if name not in {"BilledCost", "EffectiveCost"}]
    if missing:
        raise _no_focus(headers, missing, source)


def _no_focus(headers: Sequence[str], missing: Sequence[str], source: str) -> ProblemError:
    names = {header.lower() for header in headers}
    fix = _FIX
    if names & {"lineitem/unblendedcost", "line_item_unblended_cost"}:
        fix = "This is an AWS Cost and Usage Report; export the bill as FOCUS instead (AWS Data Exports)."
    first = ", ".join(shown(header, 30) for header in headers[:4])
    title = f"The file lacks {', '.join(missing)}: it is no FOCUS Cost and Usage data. Its columns begin with {first}."
    return refuse("not_focus", title, where=source, fix=fix)


def _free(name: str, extra: Sequence[tuple[str, int]]) -> str:
    """Give a repeated header a name of its own: `Id`, `Id #2`, `Id #3`."""
    taken = {other for other, _ in extra}
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} #{number}"
    return free
