"""Does a command do the same through a server as on a home: bills, declarations, closing, keys?"""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.shared_data import shared
from tests.stories.served import Served, trivium

PREFIX = "/api/trivium/v1"
JSON = {"content-type": "application/json"}
BILLS = ("focus_1_0_official_sample.csv", "focus_1_2_aws_generated.csv", "focus_1_4_cost_and_usage.csv")


def said(*arguments: object, code: int = 0):
    answer = trivium(*arguments, "--json")
    assert answer.returncode == code, answer.stderr
    return msgspec.json.decode(answer.stdout or answer.stderr)


def oracle(path: Path, column: str) -> Decimal:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sum((Decimal(row[column]) for row in csv.DictReader(file)), Decimal(0))


def test_real_bills_through_a_server_to_the_last_digit(own_server: Served, tmp_path: Path) -> None:
    files = [shared(f"data/focus/{name}") for name in BILLS]
    one = said("import", "focus", files[0], "--url", own_server.address)
    assert (one["rows"], one["imported"], one["sources"][0]["name"]) == (1000, 1000, BILLS[0])
    assert Decimal(one["effective_cost"]) == oracle(files[0], "EffectiveCost")
    rest = said("import", "focus", *files[1:], "--home", own_server.home)
    assert (rest["rows"], rest["imported"]) == (2000, 2000)
    assert [source["name"] for source in rest["sources"]] == list(BILLS[1:])
    assert Decimal(rest["billed_cost"]) == sum(oracle(path, "BilledCost") for path in files[1:])
    again = said("import", "focus", *files[1:], "--url", own_server.address)
    assert (again["imported"], again["already_known"]) == (0, True)
    assert len(said("import", "list", "--url", own_server.address)["imports"]) == 2
    alone = said("import", "focus", *files[1:], "--home", tmp_path / "alone")
    assert {name: alone[name] for name in ("rows", "billed_cost", "effective_cost", "problems")} == {
        name: rest[name] for name in ("rows", "billed_cost", "effective_cost", "problems")
    }
    assert list(own_server.home.glob("upload-*")) == []


def test_every_face_gives_the_same_total(own_server: Served) -> None:
    said("import", "focus", shared(f"data/focus/{BILLS[2]}"), "--url", own_server.address)
    by_http = own_server.json(f"{PREFIX}/cost/statement?by=team&as_of=2026-10-01")
    by_command = said("cost", "statement", "--by", "team", "--as-of", "2026-10-01", "--home", own_server.home)
    assert by_http == by_command
    total = Decimal(by_http["total"]) + Decimal(by_http["brought_forward"])
    assert sum(Decimal(line["amount"]) for line in by_http["lines"]) == total
    assert own_server.stop() == 0
    assert said("cost", "statement", "--by", "team", "--as-of", "2026-10-01", "--home", own_server.home) == by_command


def test_a_month_closes_in_order_and_stays(own_server: Served) -> None:
    said("import", "focus", shared(f"data/focus/{BILLS[2]}"), "--url", own_server.address)
    before = said("cost", "statement", "--period", "2026-05", "--url", own_server.address)
    assert before["closed"] is False
    closed = said("cost", "close", "2026-05", "--url", own_server.address)
    assert closed["period"] == "2026-05"
    after = said("cost", "statement", "--period", "2026-05", "--url", own_server.address)
    assert (after["closed"], after["closing"]["sequence"]) == (True, closed["sequence"])
    moves = {"closed", "closing", "as_of"}
    assert {k: v for k, v in after.items() if k not in moves} == {k: v for k, v in before.items() if k not in moves}
    assert said("cost", "close", "2026-05", "--url", own_server.address, code=1)["code"] == "month_closed"
    assert said("cost", "close", "2999-01", "--url", own_server.address, code=1)["code"] == "month_open"


def test_an_idempotency_key_answers_once(own_server: Served) -> None:
    body = msgspec.json.encode({"toml": '[[product]]\nname = "p"\n', "name": "mine"})
    headers = {**JSON, "idempotency-key": "k-1"}
    first = own_server.ask(f"{PREFIX}/declare", body, headers)
    assert (first[0], len(msgspec.json.decode(first[2])["changes"])) == (200, 1)
    assert own_server.ask(f"{PREFIX}/declare", body, headers)[2] == first[2]
    other = msgspec.json.encode({"toml": '[[product]]\nname = "q"\n', "name": "mine"})
    status, _, answer = own_server.ask(f"{PREFIX}/declare", other, headers)
    assert (status, msgspec.json.decode(answer)["code"]) == (409, "key_conflict")
    assert msgspec.json.decode(own_server.ask(f"{PREFIX}/declare", body, JSON)[2])["changes"] == []
    assert own_server.json(f"{PREFIX}/ledger/head")["sequence"] == 1


def test_a_declaration_through_a_server_names_file_and_line(own_server: Served, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[[team]]\nname = "a"\n\n[[teem]]\nname = "b"\n', encoding="utf-8")
    fault = said("declare", file, "--yes", "--url", own_server.address, code=2)
    assert fault["where"].startswith("wrong.toml")
    assert "[[team]]" in fault["fix"]


def test_health_and_metrics(server: Served) -> None:
    status, headers, body = server.ask("/health")
    assert (status, body.splitlines()[0], headers["content-type"]) == (200, b"OK", "text/plain; charset=utf-8")
    status, _, body = server.ask("/health", headers={"accept": "application/json"})
    assert msgspec.json.decode(body)["state"] == "ok"
    text = server.ask("/metrics")[2].decode()
    for name in ("trivium_requests_total", "trivium_ledger_sequence", "trivium_oldest_unprocessed_age_seconds"):
        assert f"\n{name}" in text
    assert 'route="/health"' in text


@pytest.mark.parametrize(
    "command",
    [["ledger", "verify"], ["ledger", "proof", "1"], ["ledger", "consistency", "1"], ["ledger", "rebuild"], ["doctor"]],
)
def test_questions_of_trust_through_a_server(command: list[str], own_server: Served) -> None:
    line = shared("data/openlineage/dbt_legacy.jsonl").read_bytes().splitlines()[0]
    assert own_server.ask("/api/v1/lineage", line, JSON)[0] == 201
    assert said(*command, "--url", own_server.address)
    assert said(*command, "--home", own_server.home)
