"""Writes the bills for what `run_pipelines.py` ran: FOCUS 1.4, one file a month.

python examples/write_bill.py --work lake
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from trivium.demo.bill import month_charges, written
from trivium.demo.months import months_of, through_of
from trivium.demo.told import Ran
from trivium.facts.instants import now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    asked = parser.parse_args()
    runs = [ran for path in sorted(asked.work.glob("*.runs.json")) for ran in read(path)]
    for month in months_of(now()):
        charges = month_charges(month, through_of(now()), [ran for ran in runs if ran.start in month])
        (asked.work / f"focus-{month}.csv").write_bytes(written(charges, month))
        print(f"focus-{month}.csv: {len(charges)} charges")


def read(path: Path) -> list[Ran]:
    return msgspec.json.decode(path.read_bytes(), type=list[Ran])


if __name__ == "__main__":
    main()
