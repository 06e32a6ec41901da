"""Small bills, made by hand: a sound row, and ways to write rows and to read them back."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from trivium.intake.focus.reader import Job, read_bill
from trivium.intake.focus.report import FileReport

SOUND: dict[str, str] = {
    "BilledCost": "1.25",
    "EffectiveCost": "1.00",
    "ListCost": "2",
    "ContractedCost": "1.5",
    "BillingAccountId": "42",
    "BillingCurrency": "EUR",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-05T08:00:00Z",
    "ChargePeriodEnd": "2026-10-05T09:00:00Z",
    "ChargeCategory": "Usage",
    "InvoiceIssuerName": "Cloud",
    "ServiceProviderName": "Cloud",
    "HostProviderName": "Cloud",
    "ResourceId": "res-1",
    "ResourceName": "first",
    "ResourceType": "VM",
    "Tags": '{"team":"a"}',
}


def csv_of(rows: Sequence[Mapping[str, str]], *, delimiter: str = ",", ends: str = "\n") -> bytes:
    """Write rows as CSV; the columns are those of the first row."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator=ends)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def row(**changes: str | None) -> dict[str, str]:
    """Give the sound row with changes; None leaves the column out."""
    return {name: value for name, value in {**SOUND, **changes}.items() if value is not None}


def read(folder: Path, content: bytes, name: str = "bill") -> tuple[FileReport, list[dict[str, Any]]]:
    """Read a bill in this process; gives the report and the rows written, as Python values."""
    path = folder / name
    path.write_bytes(content)
    job = Job(path=str(path), charges=str(folder / "charges.parquet"), resources=str(folder / "resources.parquet"))
    report = read_bill(job)
    rows = pq.read_table(folder / "charges.parquet").to_pylist()
    return report, rows


def read_one(folder: Path, **changes: str | None) -> tuple[FileReport, dict[str, Any]]:
    """Read a bill of the sound row with changes; gives its row, or nothing when it was refused."""
    report, rows = read(folder, csv_of([row(**changes)]))
    return report, rows[0] if rows else {}


def reasons(report: FileReport, outcome: str) -> set[tuple[str, str]]:
    """List (reason, column) of an outcome."""
    return {(trouble.reason, trouble.column) for trouble in report.problems if trouble.outcome == outcome}
