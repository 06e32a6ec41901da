"""Is the worked example that we ship the one that the rule is explained with?"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from trivium.finops.imports import import_focus
from trivium.intake.openlineage.reader import accept
from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger

WORKED = Path(__file__).resolve().parents[2] / "examples" / "worked"
LINES = (WORKED / "events.jsonl").read_bytes().splitlines()


@pytest.mark.parametrize("line", LINES)
def test_each_event_is_taken_as_it_stands(line: bytes) -> None:
    fact = accept(line)
    assert msgspec.json.decode(fact.body) == msgspec.json.decode(line)


def test_the_bill_is_taken_whole_and_to_the_cent(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "home", folds=[Manifest()])
    lake = Lake(tmp_path / "home" / "lake", ledger.reading)
    try:
        report = import_focus(WORKED / "bill.csv", ledger=ledger, lake=lake)
        until = "SELECT sum(EffectiveCost) FROM charges WHERE ChargePeriodStart < TIMESTAMP '2026-11-06'"
        assert (report.rows, report.imported, report.refused, report.repaired) == (8, 8, 0, 0)
        assert (Decimal(report.effective_cost), report.currency) == (Decimal("339.01"), "EUR")
        assert lake.query(until) == [(Decimal("249.01"),)]
    finally:
        lake.close()
        ledger.close()


def test_every_tagged_run_of_the_bill_has_events() -> None:
    runs = {msgspec.json.decode(line)["run"]["runId"] for line in LINES}
    bill = (WORKED / "bill.csv").read_text(encoding="utf-8")
    assert len(runs) == 7
    assert all(f"run:{run}" in bill for run in runs)
