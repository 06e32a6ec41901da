"""Writes a FOCUS 1.4 Cost and Usage file of any size, with the shape of a real bill, from a seed.

`python -m bench.focus_rows 5000000 /tmp/bill.csv` (or `.csv.gz`, `.parquet`, `.jsonl`). A month of hourly charges:
resources, accounts, services and tags repeat as they do in bills; amounts have 10 to 14 decimal places and differ.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

BLOCK = 250_000
SERVICES = (
    ("AmazonEC2", "Compute", "Virtual Machines", "Hours"),
    ("AmazonS3", "Storage", "Object Storage", "GB-Months"),
    ("AmazonSageMaker", "AI and Machine Learning", "Machine Learning Platforms", "Hours"),
    ("AmazonBedrock", "AI and Machine Learning", "Generative AI", "1K Tokens"),
    ("AmazonRDS", "Databases", "Relational Databases", "Hours"),
    ("AWSDataTransfer", "Networking", "Network Connectivity", "GB"),
)
CATEGORIES = ("Usage",) * 96 + ("Purchase", "Tax", "Credit", "Adjustment")


def block(rows: int, seed: int, resources: int) -> pa.Table:
    """Make one block of rows; the same seed gives the same rows."""
    random = np.random.default_rng(seed)
    service = random.integers(0, len(SERVICES), rows)
    resource = (random.zipf(1.3, rows) % resources).astype(np.int64)
    hour = np.sort(random.integers(0, 31 * 24, rows))
    category = random.integers(0, len(CATEGORIES), rows)
    nanos = random.integers(1, 10**13, rows)
    quantity = random.integers(1, 10**8, rows)
    account = resource % 40
    cost = _amount(np.where(np.array(CATEGORIES)[category] == "Credit", -nanos, nanos), 12)
    columns: dict[str, Any] = {
        "BilledCost": cost,
        "BillingAccountId": _pick([f"1000000000{i:02d}" for i in range(4)], account % 4),
        "BillingAccountName": _pick([f"Payer {i}" for i in range(4)], account % 4),
        "BillingCurrency": _pick(["USD"], np.zeros(rows, int)),
        "BillingPeriodStart": _pick(["2026-10-01T00:00:00Z"], np.zeros(rows, int)),
        "BillingPeriodEnd": _pick(["2026-11-01T00:00:00Z"], np.zeros(rows, int)),
        "ChargeCategory": _pick(list(CATEGORIES), category),
        "ChargeClass": _pick([None], np.zeros(rows, int)),
        "ChargeDescription": _pick([f"{name} usage in region" for name, *_ in SERVICES], service),
        "ChargeFrequency": _pick(["Usage-Based"], np.zeros(rows, int)),
        "ChargePeriodStart": _pick(_hours(0), hour),
        "ChargePeriodEnd": _pick(_hours(1), hour),
        "ConsumedQuantity": _amount(quantity, 6),
        "ConsumedUnit": _pick([unit for *_, unit in SERVICES], service),
        "ContractedCost": cost,
        "ContractedUnitPrice": _pick([f"0.{i:010d}" for i in range(1, 400)], resource % 399),
        "EffectiveCost": _amount(nanos * 9 // 10, 12),
        "InvoiceId": _pick(["INV-2026-10-0001"], np.zeros(rows, int)),
        "InvoiceIssuerName": _pick(["AWS"], np.zeros(rows, int)),
        "ListCost": cost,
        "ListUnitPrice": _pick([f"0.{i:010d}" for i in range(1, 400)], resource % 399),
        "PricingCategory": _pick(["Standard"], np.zeros(rows, int)),
        "PricingQuantity": _amount(quantity, 6),
        "PricingUnit": _pick([unit for *_, unit in SERVICES], service),
        "HostProviderName": _pick(["AWS"], np.zeros(rows, int)),
        "ServiceProviderName": _pick(["AWS"], np.zeros(rows, int)),
        "RegionId": _pick(["eu-west-1", "eu-central-1", "us-east-1"], resource % 3),
        "ResourceId": _pick([f"arn:aws:res:eu:4200000000:thing/{i:08x}" for i in range(resources)], resource),
        "ResourceName": _pick([f"thing-{i:x}" for i in range(resources)], resource),
        "ResourceType": _pick([kind for _, _, kind, _ in SERVICES], service),
        "ServiceCategory": _pick([kind for _, kind, _, _ in SERVICES], service),
        "ServiceName": _pick([name for name, *_ in SERVICES], service),
        "SkuId": _pick([f"SKU-{i:012x}" for i in range(500)], resource % 500),
        "SkuMeter": _pick([kind for _, _, kind, _ in SERVICES], service),
        "SubAccountId": _pick([f"2000000000{i:02d}" for i in range(40)], account),
        "SubAccountName": _pick([f"account-{i}" for i in range(40)], account),
        "Tags": _pick(_tags(), resource % 1200),
    }
    return pa.table(columns)


def write(rows: int, path: Path, *, resources: int = 20_000, seed: int = 1) -> None:
    """Write `rows` rows; the format is told by the name."""
    text = "".join(path.suffixes[-2:])
    with path.open("wb") as plain:
        out: IO[bytes] = gzip.GzipFile(fileobj=plain, mode="wb", compresslevel=1) if text.endswith(".gz") else plain  # type: ignore[assignment]
        writer: Any = None
        for number, start in enumerate(range(0, rows, BLOCK)):
            table = block(min(BLOCK, rows - start), seed + number, resources)
            if path.suffix == ".parquet":
                writer = writer or pq.ParquetWriter(plain, table.schema, compression="snappy")
                writer.write_table(table)
            elif ".jsonl" in text:
                out.write(_lines(table))
            else:
                dense = pa.table({name: pc.cast(table[name], pa.string()) for name in table.column_names})
                pcsv.write_csv(dense, out, pcsv.WriteOptions(include_header=start == 0, quoting_style="needed"))
        if writer is not None:
            writer.close()
        if out is not plain:
            out.close()


def _lines(table: pa.Table) -> bytes:
    import msgspec

    rows = table.to_pylist()
    for row in rows:
        row["Tags"] = msgspec.Raw(row["Tags"].encode()) if row["Tags"] else None
        for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity"):
            row[name] = msgspec.Raw(str(row[name]).encode())
    return b"\n".join(msgspec.json.encode(row) for row in rows) + b"\n"


def _pick(values: list[str | None] | list[str], places: Any) -> pa.Array:
    indices = pa.array(places % len(values), pa.int32())
    if None in values:
        return pc.dictionary_encode(pa.array(values, pa.string()).take(indices))
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string()))


def _amount(units: Any, places: int) -> pa.Array:
    """Write whole units of 10^-places as exact decimal text."""
    raw = pc.cast(pa.array(units, pa.int64()), pa.string())
    sign = pc.if_else(pc.starts_with(raw, "-"), "-", "")
    digits = pc.utf8_lpad(pc.utf8_ltrim(raw, "-"), places + 1, "0")
    whole = pc.utf8_slice_codeunits(digits, 0, -places)
    return pc.binary_join_element_wise(sign, whole, pa.scalar("."), pc.utf8_slice_codeunits(digits, -places), "")


def _hours(shift: int) -> list[str]:
    start = np.datetime64("2026-10-01T00", "h") + shift
    return [f"{start + i}:00:00Z" for i in range(31 * 24)]


def _tags() -> list[str | None]:
    tags: list[str | None] = []
    for i in range(1200):
        asset = f'"trivium:asset":"endpoint:model-{i % 60}",' if i % 3 == 0 else ""
        tags.append(f'{{{asset}"user:team":"team-{i % 17}","env":"prod","cost":"cc-{i}"}}' if i % 10 else None)
    return tags


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--resources", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    write(args.rows, args.path, resources=args.resources, seed=args.seed)


if __name__ == "__main__":
    main()
