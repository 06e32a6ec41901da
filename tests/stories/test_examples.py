"""Is the worked example that we ship the one that the rule is explained with, and do the example scripts run?"""

from __future__ import annotations

import csv
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.stories.served import Served, clean_environment, trivium
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import cost_statement, declare
from trivium.facts.instants import parse_instant
from trivium.facts.statements import TrialOf, VersionRegistered
from trivium.finops.imports import import_focus
from trivium.intake.declaration.reader import read_declaration
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


def test_the_declaration_says_what_lineage_and_bill_cannot_know() -> None:
    declaration = read_declaration((WORKED / "declare.toml").read_bytes(), file="declare.toml")
    trials = {said.run for said in declaration.statements if isinstance(said, TrialOf)}
    [version] = [said for said in declaration.statements if isinstance(said, VersionRegistered)]
    assert declaration.name == "worked"
    assert {run[-2:] for run in trials} == {"e1", "e2"}
    assert (version.version, version.at) == ("model:m/1", parse_instant("2026-11-06"))
    assert set(version.runs) < trials


AS_OF = {
    "2026-11-06T12:00:00Z": {"model:m/1": "242", "unallocated": "7.01"},
    "2026-11-08T12:00:00Z": {
        "dataset:worked/features": "93.333333333",
        "model:m/1": "238.666666667",
        "unallocated": "7.01",
    },
}


def test_a_home_filled_with_it_answers_to_the_last_digit(tmp_path: Path) -> None:
    with open_rooms(tmp_path / "home") as rooms:
        rooms.ledger.append([accept(line) for line in LINES])
        import_focus(WORKED / "bill.csv", ledger=rooms.ledger, lake=rooms.lake)
        declare.ask(rooms, declare.Params(toml=(WORKED / "declare.toml").read_text(encoding="utf-8")))
        for as_of, lines in AS_OF.items():
            answer = cost_statement.ask(rooms, cost_statement.Params(period="2026-11", as_of=as_of))
            assert {line.account: line.amount for line in answer.lines} == lines
            assert Decimal(answer.total) == sum(map(Decimal, lines.values()))


def test_every_tagged_run_of_the_bill_has_events() -> None:
    runs = {msgspec.json.decode(line)["run"]["runId"] for line in LINES}
    bill = (WORKED / "bill.csv").read_text(encoding="utf-8")
    assert len(runs) == 7
    assert all(f"run:{run}" in bill for run in runs)


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, WORKED.parent / script, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment(), timeout=240)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_steps_of_the_demo_can_be_taken_by_hand(own_server: Served, tmp_path: Path) -> None:
    said = run("run_pipelines.py", "form-digitiser", "--url", own_server.address, "--work", tmp_path)
    told = [int(line.split()[3]) for line in said.splitlines()]
    assert len(run("write_bill.py", "--work", tmp_path).splitlines()) == 4
    assert len(told) == 4
    assert all(told)
    bills = sorted(tmp_path.glob("focus-*.csv"))
    declared = trivium("declare", tmp_path / "form-digitiser.toml", "--yes", "--url", own_server.address)
    imported = trivium("import", "focus", *bills, "--json", "--url", own_server.address)
    assert (declared.returncode, imported.returncode) == (0, 0), imported.stderr
    rows = [row for bill in bills for row in csv.DictReader(bill.read_text(encoding="utf-8").splitlines())]
    report = msgspec.json.decode(imported.stdout)
    assert (report["rows"], report["imported"], report["refused"], report["repaired"]) == (len(rows), len(rows), 0, 0)
    assert Decimal(report["effective_cost"]) == sum(Decimal(row["EffectiveCost"]) for row in rows)
    shown = trivium("cost", "show", "model:form-digitiser/3", "--json", "--url", own_server.address)
    assert Decimal(msgspec.json.decode(shown.stdout)["trials"]) > 0
