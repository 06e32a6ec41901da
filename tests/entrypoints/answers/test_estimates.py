"""A bill for tokens that two services share is split by what their spans used, in a real home, by hand."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.worked import WORKED, caller
from tests.intake.otlp.told import CHAT, request
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import cost_statement, import_focus
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.otlp import PATH
from trivium.facts.instants import DAY, SECOND, parse_instant

PB = {"content-type": "application/x-protobuf"}
BEGIN = parse_instant("2026-11-05T00:00:00Z")
NIGHT = "2026-11-20T00:00:00Z"


def charge(amount: str, day: int, unit: str) -> dict[str, str]:
    """Give a row of the worked bill as another charge, of a day in November, for the resource `llm`."""
    with (WORKED / "bill.csv").open(encoding="utf-8", newline="") as file:
        row = dict(next(iter(csv.DictReader(file))))
    return row | {
        "BilledCost": amount, "EffectiveCost": amount, "ListCost": amount, "ContractedCost": amount, "Tags": "",
        "ChargePeriodStart": f"2026-11-{day:02d}T00:00:00Z", "ChargePeriodEnd": f"2026-11-{day + 1:02d}T00:00:00Z",
        "ResourceId": "llm", "ResourceName": "llm", "ConsumedUnit": unit, "PricingUnit": unit,
        "InvoiceDetailId": f"{amount}-{day}",
    }  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Rooms]:
    """Open a home with a bill: tokens on the 5th and the 7th, and hours on the 5th."""
    rows = [charge("10.00", 5, "Tokens"), charge("4.00", 7, "Tokens"), charge("6.00", 5, "Hours")]
    bill = tmp_path / "bill.csv"
    with bill.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with open_rooms(tmp_path / "home") as rooms:
        import_focus.ask(rooms, import_focus.Params(), [bill])
        yield rooms


def spans(service: str, number: int, model: str = "gpt-4o", day: int = 0) -> bytes:
    """Make one call of 1,000 tokens in and 100 out, which cost 0.0035 with gpt-4o."""
    span: dict[str, Any] = {
        "span": f"{number:016x}", "at": BEGIN + day * DAY + number * SECOND, "kind": 2,
        "attributes": CHAT | {"gen_ai.request.model": model},
    }  # fmt: skip
    return request(span, service=service, cloud_resource_id="llm").SerializeToString()


def stands(rooms: Rooms) -> dict[str, str]:
    answer = cost_statement.ask(rooms, cost_statement.Params(period="2026-11", as_of=NIGHT))
    return {line.account: line.amount for line in answer.lines}


def test_tokens_are_split_by_estimates_and_all_else_as_before(home: Rooms) -> None:
    asked = caller(home)
    for number in (1, 2, 3):
        asked.ask(PATH, spans("assistant", number), PB)
    asked.ask(PATH, spans("triage", 4), PB)
    found = stands(home)
    # tokens of the 5th 3 : 1 of 10, of the 7th without spans and all hours 1 : 1 of 4 and 6
    assert found == {"endpoint:assistant": "12.5", "endpoint:triage": "7.5"}


def test_the_order_in_which_spans_come_shows_nowhere(home: Rooms, tmp_path: Path) -> None:
    asked = caller(home)
    bodies = [spans("triage", 4), *(spans("assistant", number) for number in (3, 1, 2)), spans("triage", 4)]
    for body in bodies:
        asked.ask(PATH, body, PB)
    assert stands(home) == {"endpoint:assistant": "12.5", "endpoint:triage": "7.5"}


def test_where_a_price_is_unknown_tokens_split(home: Rooms) -> None:
    asked = caller(home)
    asked.ask(PATH, spans("assistant", 1), PB)
    asked.ask(PATH, spans("triage", 2, "nobody-knows-1"), PB)
    asked.ask(PATH, spans("triage", 3, "nobody-knows-1"), PB)
    found = stands(home)
    assert found["endpoint:assistant"].startswith("8.3333"), "10 in thirds by tokens, 4 and 6 equally"
    assert found["endpoint:triage"].startswith("11.6666")


def test_an_earlier_state_is_split_by_what_was_known_then(home: Rooms) -> None:
    asked = caller(home)
    asked.ask(PATH, spans("assistant", 1), PB)
    asked.ask(PATH, spans("triage", 2), PB)
    then = home.ledger.head().sequence
    before = stands(home)
    asked.ask(PATH, spans("triage", 3), PB)
    answer = cost_statement.ask(home, cost_statement.Params(period="2026-11", as_of=NIGHT, known=then))
    assert sorted(line.amount for line in answer.lines) == sorted(before.values()) == ["10", "10"]
    assert stands(home) != before


def test_an_estimate_without_a_bill_stands_in_no_statement(home: Rooms) -> None:
    asked = caller(home)
    body = request(
        {"at": BEGIN, "attributes": CHAT, "kind": 2}, service="alone", cloud_resource_id="another"
    ).SerializeToString()
    asked.ask(PATH, body, PB)
    assert "endpoint:alone" not in stands(home)
