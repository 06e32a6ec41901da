"""Runs the pipelines of one of the demo's products, month by month, and tells a server.

    python examples/run_pipelines.py biopsy-triage --url http://127.0.0.1:8080 --work lake

The files stand in `lake/health-lake`, the product's declaration in `lake/biopsy-triage.toml`, what ran in
`lake/biopsy-triage.runs.json` and the tokens that were used in `lake/biopsy-triage.metered.json`; `write_bill.py` makes
the bill from these two.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import msgspec

from trivium.demo.months import months_of
from trivium.demo.pipelines.worker import Worker
from trivium.demo.told import Metered, Ran
from trivium.facts.instants import now

PRODUCTS = {
    "biopsy-triage": ("biopsy_triage", "BiopsyTriage"),
    "form-digitiser": ("form_digitiser", "FormDigitiser"),
    "patient-assistant": ("patient_assistant", "PatientAssistant"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("product", choices=PRODUCTS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--work", type=Path, required=True)
    asked = parser.parse_args()
    module, name = PRODUCTS[asked.product]
    worker = Worker(getattr(import_module(f"trivium.demo.pipelines.{module}"), name)(asked.work, now()))
    runs: list[Ran] = []
    metered: list[Metered] = []
    for month in months_of(now()):
        worker.run(month)
        told = worker.tell(asked.url)
        print(f"{month}: {len(told.runs)} runs, {told.sent} events, trials, spans and rows")
        runs.extend(told.runs)
        metered.extend(told.metered)
    (asked.work / f"{asked.product}.toml").write_text(told.toml, encoding="utf-8")
    (asked.work / f"{asked.product}.runs.json").write_bytes(msgspec.json.encode(runs))
    (asked.work / f"{asked.product}.metered.json").write_bytes(msgspec.json.encode(metered))


if __name__ == "__main__":
    main()
