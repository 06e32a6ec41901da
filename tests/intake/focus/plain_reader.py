"""A slow reader of bills, row by row from docs/reference/charges.md alone: what the fast one is measured against.

It reads CSV with comma, the columns of `bills.SOUND`, and extra ones; nothing of `trivium.intake` is used.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

CORE = ("BilledCost", "EffectiveCost")
AMOUNTS = (*CORE, "ListCost", "ContractedCost", "ConsumedQuantity", "ListUnitPrice")
TIMES = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
TEXTS = (
    "BillingAccountId", "BillingCurrency", "ChargeCategory", "InvoiceIssuerName", "ServiceProviderName",
    "HostProviderName", "ResourceId", "ResourceName", "ResourceType",
)  # fmt: skip
CATEGORIES = {name.lower(): name for name in ("Adjustment", "Credit", "Purchase", "Tax", "Usage")}
PREFIXES = ("user:", "aws:", "tag:")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
LIMIT = Decimal(10) ** 20
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=20 * 366)


class Refused(Exception):
    """A row that is left out, with its reason and column."""


@dataclass
class Told:
    """What the plain reader found: rows by column, and each (outcome, reason, column) with its lines."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[tuple[str, str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    read: int = 0
    refused: int = 0
    repaired: int = 0

    def sums(self) -> dict[tuple[str, str, datetime, str], tuple[int, Decimal, Decimal]]:
        """Sum rows and money by issuer, account, billing period and currency."""
        found: dict[tuple[str, str, datetime, str], tuple[int, Decimal, Decimal]] = {}
        with localcontext() as context:
            context.prec = 80
            for row in self.rows:
                key = (
                    row["InvoiceIssuerName"] or "", row["BillingAccountId"] or "", row["BillingPeriodStart"],
                    row["BillingCurrency"],
                )  # fmt: skip
                count, billed, effective = found.get(key, (0, Decimal(0), Decimal(0)))
                found[key] = (count + 1, billed + row["BilledCost"], effective + row["EffectiveCost"])
        return found


def read_plainly(text: str) -> Told:
    """Read a whole file."""
    told = Told()
    reader = csv.reader(io.StringIO(text, newline="\n"))
    headers, before = next(reader), reader.line_num
    for cells in reader:
        line, before = before + 1, reader.line_num
        if not cells:
            continue
        told.read += 1
        notes: list[tuple[str, str, str]] = []
        try:
            told.rows.append({**_row(_cells(headers, cells), notes), "line": line})
            told.repaired += any(outcome == "repaired" for outcome, _, _ in notes)
        except Refused as refusal:
            told.refused += 1
            notes = [("refused", *refusal.args)]
        for note in notes:
            told.faults[note].append(line)
    return told


def _cells(headers: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(headers):
        raise Refused("column_count", "")
    if any("\0" in cell for cell in cells):
        raise Refused("nul", "")
    return dict(zip(headers, cells, strict=True))


def _row(cells: dict[str, str], notes: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Make one row sound, or raise Refused."""
    row: dict[str, Any] = {name: _text(cells, name, notes) for name in TEXTS}
    extra = {name: cells[name].strip() for name in cells if name.startswith("x_") and _held(cells[name])}
    row["InvoiceIssuerName"] = row["InvoiceIssuerName"] or row["ServiceProviderName"]
    row |= _times(cells, notes)
    for name in AMOUNTS:
        row[name] = _amount(cells, name, notes, extra)
    _costs(row, notes)
    _currency(row, notes)
    _category(row, notes)
    row["Tags"], row["tag_team"] = _tags(cells["Tags"], notes, extra)
    row["Extra"] = dict(sorted(extra.items())) or None
    return row


def _held(cell: str) -> bool:
    return cell.strip().upper() not in {"", "NULL"}


def _text(cells: dict[str, str], name: str, notes: list[tuple[str, str, str]]) -> str | None:
    if cells[name].strip().upper() == "NULL":
        notes.append(("repaired", "null_text", name))
    return cells[name].strip() if _held(cells[name]) else None


def _times(cells: dict[str, str], notes: list[tuple[str, str, str]]) -> dict[str, datetime]:
    read = {name: _time(cells[name]) for name in TIMES}
    start, end = read["ChargePeriodStart"][0], read["ChargePeriodEnd"][0]
    for name in ("ChargePeriodStart", "ChargePeriodEnd"):
        if read[name][1] == "bad_time":
            raise Refused("bad_time", name)
        if read[name][0] is None:
            raise Refused("no_period", name)
    assert start is not None
    assert end is not None
    if end <= start:
        raise Refused("bad_period", "ChargePeriodEnd")
    if start < EARLIEST or end > LATEST:
        raise Refused("unlikely_period", "ChargePeriodStart")
    if end - start > LONGEST:
        raise Refused("unlikely_period", "ChargePeriodEnd")
    notes.extend(("repaired", "no_zone", name) for name in TIMES if read[name][1] == "no_zone")
    first, last = read["BillingPeriodStart"][0], read["BillingPeriodEnd"][0]
    if first is None:
        notes.append(("repaired", "no_billing_period", "BillingPeriodStart"))
        first = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if last is None or last <= first:
        notes.append(("repaired", "no_billing_period", "BillingPeriodEnd"))
        month = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        last = (month + timedelta(days=32)).replace(day=1)
    found = {"BillingPeriodStart": first, "BillingPeriodEnd": last, "ChargePeriodStart": start, "ChargePeriodEnd": end}
    return {name: moment.replace(tzinfo=None) for name, moment in found.items()}


def _time(cell: str) -> tuple[datetime | None, str]:
    text = re.sub(r"\s*(UTC|GMT)$", "Z", cell.strip())
    if not _held(text):
        return None, ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None, "bad_time"
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC), "no_zone"
    return moment.astimezone(UTC), ""


def _amount(
    cells: dict[str, str], name: str, notes: list[tuple[str, str, str]], extra: dict[str, str]
) -> Decimal | None:
    text = cells[name].strip()
    if not _held(text):
        notes.extend([("repaired", "null_text", name)] if text else [])
        return None
    fault = "" if NUMBER.fullmatch(text) else "not_a_number"
    rounded = Decimal(0)
    if not fault:
        with localcontext() as context:
            context.prec = 2000
            exact = Decimal(text)
            small = abs(exact) < LIMIT
            rounded = exact.quantize(Decimal(1).scaleb(-18), rounding=ROUND_HALF_EVEN) if small else exact
        fault = "too_large" if abs(rounded) >= LIMIT else ""
        if not fault and rounded != exact:
            notes.append(("repaired", "rounded", name))
    if fault and name in CORE:
        raise Refused(fault, name)
    if fault:
        notes.append(("noted", fault, name))
        extra[name] = text
        return None
    return rounded


def _costs(row: dict[str, Any], notes: list[tuple[str, str, str]]) -> None:
    billed, effective = row["BilledCost"], row["EffectiveCost"]
    if billed is None and effective is None:
        raise Refused("no_amount", "EffectiveCost")
    if billed is None:
        notes.append(("repaired", "no_billed_cost", "BilledCost"))
        row["BilledCost"] = effective
    if effective is None:
        notes.append(("repaired", "no_effective_cost", "EffectiveCost"))
        row["EffectiveCost"] = billed


def _currency(row: dict[str, Any], notes: list[tuple[str, str, str]]) -> None:
    text = row["BillingCurrency"]
    if text is None:
        raise Refused("no_currency", "BillingCurrency")
    if len(text) == 3 and text.isalpha() and text != text.upper():
        notes.append(("repaired", "currency_spelling", "BillingCurrency"))
        text = row["BillingCurrency"] = text.upper()
    if not re.fullmatch(r"[A-Z]{3}|[A-Za-z][A-Za-z0-9_. -]{0,31}", text):
        raise Refused("bad_currency", "BillingCurrency")


def _category(row: dict[str, Any], notes: list[tuple[str, str, str]]) -> None:
    text = row["ChargeCategory"]
    if text is None:
        notes.append(("repaired", "no_category", "ChargeCategory"))
        row["ChargeCategory"] = "Usage"
    elif text.lower() not in CATEGORIES:
        notes.append(("noted", "unknown_category", "ChargeCategory"))
    elif text not in CATEGORIES.values():
        notes.append(("repaired", "category_spelling", "ChargeCategory"))
        row["ChargeCategory"] = CATEGORIES[text.lower()]


def _tags(
    cell: str, notes: list[tuple[str, str, str]], extra: dict[str, str]
) -> tuple[dict[str, str] | None, str | None]:
    if cell.strip().upper() in {"", "NULL", "{}"}:
        return None, None
    try:
        given = json.loads(cell)
        assert isinstance(given, dict)
    except (ValueError, AssertionError):
        notes.append(("noted", "bad_tags", "Tags"))
        extra["Tags"] = cell.strip()
        return None, None
    tags: dict[str, str] = {}
    collided = False
    for key in sorted(given, key=lambda key: (len(key), key)):
        bare = key
        while prefix := next((each for each in PREFIXES if bare.startswith(each) and bare != each), ""):
            bare = bare.removeprefix(prefix)
        if tags.get(bare, given[key]) != given[key]:
            collided, bare = True, key
        tags[bare] = given[key]
    notes.extend([("noted", "tag_collision", "Tags")] if collided else [])
    team = next((tags[key].strip() for key in ("trivium:team", "team", "owner") if tags.get(key, "").strip()), None)
    return dict(sorted(tags.items())), team


def counted(told: Told) -> dict[tuple[str, str, str], tuple[int, tuple[int, ...]]]:
    """Count the faults, with the first five lines of each."""
    return {key: (len(lines), tuple(sorted(lines)[:5])) for key, lines in Counter(told.faults).items() if lines}
