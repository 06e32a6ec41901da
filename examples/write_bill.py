"""Writes the bills for what `run_pipelines.py` ran: FOCUS 1.4, one file a month.

python examples/write_bill.py --work lake
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeVar

import msgspec

from trivium.demo.bill import month_charges, written
from trivium.demo.months import months_of, through_of
from trivium.demo.told import Metered, Ran
from trivium.facts.instants import now

Kind = TypeVar("Kind", Ran, Metered)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    asked = parser.parse_args()
    runs = read(asked.work, "runs", Ran)
    metered = read(asked.work, "metered", Metered)
    for month in months_of(now()):
        ran = [one for one in runs if one.start in month]
        charges = month_charges(month, through_of(now()), ran, [one for one in metered if one.day in month])
        (asked.work / f"focus-{month}.csv").write_bytes(written(charges, month))
        print(f"focus-{month}.csv: {len(charges)} charges")


def read(work: Path, what: str, kind: type[Kind]) -> list[Kind]:
    return [
        one
        for path in sorted(work.glob(f"*.{what}.json"))
        for one in msgspec.json.decode(path.read_bytes(), type=list[kind])
    ]


if __name__ == "__main__":
    main()
