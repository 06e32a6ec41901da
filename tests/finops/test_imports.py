"""A bill comes in once, whole and exact, and replaces what it corrects."""

from __future__ import annotations

import csv
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from tests.shared_data import shared
from trivium.finops.imports import import_focus
from trivium.lake.lake import Lake
from trivium.ledger.book import Ledger

BILLS = ("focus_1_0_official_sample.csv", "focus_1_2_aws_generated.csv", "focus_1_4_cost_and_usage.csv")


@pytest.fixture
def ledger(tmp_path):
    from trivium.lake.manifest import Manifest

    ledger = Ledger.open(tmp_path / "home", folds=[Manifest()])
    yield ledger
    ledger.close()


@pytest.fixture
def lake(ledger, tmp_path):
    lake = Lake(tmp_path / "home" / "lake", ledger.reading)
    yield lake
    lake.close()


def oracle(path: Path, column: str) -> Decimal:
    with path.open(encoding="utf-8-sig", newline="") as file, localcontext() as context:
        context.prec = 100
        return sum((Decimal(row[column]) for row in csv.DictReader(file)), Decimal(0))


@pytest.mark.parametrize("name", BILLS)
def test_real_bills_import_to_the_last_digit(name, ledger, lake):
    path = shared(f"data/focus/{name}")
    report = import_focus(path, ledger=ledger, lake=lake)
    assert (report.rows, report.imported, report.refused, report.currency) == (1000, 1000, 0, "USD")
    assert Decimal(report.billed_cost) == oracle(path, "BilledCost")
    assert Decimal(report.effective_cost) == oracle(path, "EffectiveCost")
    [(billed, effective)] = lake.query("SELECT sum(BilledCost), sum(EffectiveCost) FROM charges")
    assert (billed, effective) == (oracle(path, "BilledCost"), oracle(path, "EffectiveCost"))
    again = import_focus(path, ledger=ledger, lake=lake)
    assert (again.imported, again.already_known, again.billed_cost) == (0, True, report.billed_cost)
    assert lake.query("SELECT count(*) FROM charges") == [(1000,)]
