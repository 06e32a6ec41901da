"""Does each page show what its question answers, as text that nothing in it can run?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path

import msgspec
import pytest

from tests.entrypoints.tracked import FIRST, tracked_rooms
from tests.entrypoints.worked import JSON, Caller, caller, worked_rooms
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import cost_statement
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.web.routes import PAGES
from trivium.finops import books

HTML = {"accept": "text/html"}
FILLED = {
    "{key:path}": "model:m/1",
    "{endpoint:path}": "endpoint:m",
    "{sequence}": "3",
    "{experiment:path}": "m-search",
    "{run:path}": FIRST,
    "{model:path}": "m",
}


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    with tracked_rooms(tmp_path_factory.mktemp("pages") / "home") as opened:
        yield opened


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("path", ["/-/patterns", *(path for path, _, _ in PAGES if path != "/traces/{trace}")])
def test_every_page_is_there_with_the_worked_example(path: str, asked: Caller) -> None:
    answer = asked.ask(filled(path), headers=HTML)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), answer.body[-500:]
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", [path for path, _, _ in PAGES if "{" not in path])
def test_every_page_is_there_when_the_home_is_empty(path: str, empty: Rooms) -> None:
    assert caller(empty).ask(path, headers=HTML).status == 200


def test_the_front_page_of_an_empty_home_is_the_set_up(empty: Rooms) -> None:
    answer = caller(empty).ask("/", headers=HTML)
    assert (answer.status, b"OPENLINEAGE_URL=http://127.0.0.1:8080" in answer.body) == (200, True)


@pytest.mark.parametrize("by", ["asset", "team", "product"])
def test_the_amounts_of_the_statement_are_on_its_page(by: str, rooms: Rooms, asked: Caller) -> None:
    asked_of = {"period": "2026-11", "by": by, "as_of": "2026-11-09T00:00:00Z"}
    answer = cost_statement.ask(rooms, cost_statement.Params(**asked_of))
    text = asked.ask("/statement?" + "&".join(f"{k}={v}" for k, v in asked_of.items()), headers=HTML).body.decode()
    amounts = [Decimal(value) for value in re.findall(r'<data class="amount" value="([^"]+)"', text)]
    for line in answer.lines:
        assert Decimal(line.amount) in amounts
    assert Decimal(answer.total) in amounts
    assert Decimal(answer.total) == Decimal("339.01")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/ledger/99",
        "/ledger/x",
        "/ledger?before=x",
        "/statement?period=soon",
        "/statement?by=x",
        "/explain/foo",
        "/ledger?kind=x",
    ],
)
def test_a_fault_is_a_page_for_people(path: str, asked: Caller) -> None:
    answer = asked.ask(path, headers=HTML)
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"].startswith("text/html")
    assert b'class="problem"' in answer.body


def test_a_program_is_told_in_json(asked: Caller) -> None:
    assert asked.ask("/nowhere").headers["content-type"] == "application/problem+json"


def test_names_of_clients_stay_text(empty: Rooms) -> None:
    asked = caller(empty)
    name = "<svg onload=alert(1)>\"'{{7*7}}"
    event = {
        "eventTime": "2026-11-01T00:00:00Z", "eventType": "COMPLETE", "producer": "p", "schemaURL": "s",
        "run": {"runId": name}, "job": {"namespace": name, "name": name}, "outputs": [{"namespace": "n", "name": name}],
    }  # fmt: skip
    assert asked.ask("/api/v1/lineage", msgspec.json.encode(event), JSON).status == 201
    for path in ("/assets", "/assets?q=svg", "/ledger", "/ledger/1", "/unmatched", "/statement"):
        text = asked.ask(path, headers=HTML).body.decode()
        assert "<svg onload" not in text
        assert "{{7*7}}" in unescape(text) or path in {"/unmatched", "/statement"}


def test_a_page_says_when_money_was_divided_in_micro_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with worked_rooms(tmp_path / "home") as nano:
        pages = [caller(nano).ask(path, headers=HTML).body for path in ("/statement", "/explain/model:m/1")]
        assert not any(b"ivided in micro-units" in page for page in pages)
    monkeypatch.setattr(books, "NANO_LIMIT", Decimal(1))
    with open_rooms(tmp_path / "home") as micro:
        pages = [caller(micro).ask(path, headers=HTML).body for path in ("/statement", "/explain/model:m/1")]
        assert all(b"ivided in micro-units" in page for page in pages)
