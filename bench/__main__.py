"""`make bench`: everything; `make bench ARGS="attribution --quick"`: one part, small."""

from __future__ import annotations

import argparse
import sys

from bench.attribution import attribution
from bench.bills import bills
from bench.drift import drift
from bench.otlp import otlp
from bench.pages import pages
from bench.result import table, write
from bench.server import server
from bench.tracking import tracking

PARTS = {
    "server": server,
    "bills": bills,
    "attribution": attribution,
    "pages": pages,
    "otlp": otlp,
    "drift": drift,
    "tracking": tracking,
}


def main() -> int:
    """Measure the parts asked for, print their tables, and keep what was measured in full."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="what to measure; everything when left out")
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing kept")
    asked = parser.parse_args()
    for name in asked.part or PARTS:
        sys.stderr.write(f"measuring {name}\n")
        results = PARTS[name](not asked.quick)
        print(table(results), flush=True)
        if not asked.quick:
            write(name, results, PARTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
