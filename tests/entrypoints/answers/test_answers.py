"""Is each answer described, and is it the same on every face, to the last digit?"""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.entrypoints.worked import PREFIX, Caller, caller
from trivium.entrypoints.answers import (
    close_month,
    cost_explain,
    cost_show,
    cost_statement,
    declare,
    import_focus,
    ledger_verify,
)
from trivium.entrypoints.answers.questions import NOUNS, QUESTIONS
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.problem import ProblemError
from trivium.facts.statements import Titled
from trivium.graph.declared import Declare

COMMANDS = [declare, close_month, import_focus, ledger_verify]
AT_8TH = "2026-11-08T00:00:00Z"
AT_9TH = "2026-11-09T00:00:00Z"


def records(kind: type[msgspec.Struct]):
    """Give a record and all records within it."""
    yield kind
    for field in msgspec.structs.fields(kind):
        text = [field.type]
        while text:
            one = text.pop()
            if isinstance(one, type) and issubclass(one, msgspec.Struct) and one is not kind:
                yield from records(one)
            text += getattr(one, "__args__", ())


@pytest.mark.parametrize("module", [*(one.module for one in QUESTIONS), *COMMANDS], ids=lambda one: one.__name__)
def test_every_field_has_a_sentence(module) -> None:
    for root in (module.Params, module.Answer):
        for kind in records(root):
            assert kind.__doc__
            for field in msgspec.structs.fields(kind):
                metas = getattr(field.type, "__metadata__", ())
                said = [meta.description for meta in metas if meta.description]
                assert said and said[0].endswith("."), f"{kind.__module__}.{kind.__name__}.{field.name}"  # noqa: PT018


def test_names_and_paths_are_one_each() -> None:
    assert len({one.name for one in QUESTIONS}) == len({one.path for one in QUESTIONS}) == len(QUESTIONS)
    assert {one.noun for one in QUESTIONS} <= {"", *NOUNS}


@pytest.mark.parametrize("by", ["asset", "team", "product"])
def test_a_statement_adds_up_and_is_the_same_on_every_path(by: str, rooms: Rooms, asked: Caller) -> None:
    answer = cost_statement.ask(rooms, cost_statement.Params(period="2026-11", by=by, as_of=AT_9TH))
    total = Decimal(answer.total) + Decimal(answer.brought_forward)
    assert Decimal(answer.total) == Decimal("339.01")
    assert sum(Decimal(line.amount) for line in answer.lines) == total
    assert Decimal(answer.rested) + Decimal(answer.carried) == total
    assert Decimal(answer.bridge.billed) + sum(Decimal(s.amount) for s in answer.bridge.steps) == Decimal(answer.total)
    query = f"period=2026-11&by={by}&as_of={AT_9TH}"
    by_api = msgspec.json.decode(asked.ask(f"{PREFIX}/cost/statement?{query}").body)
    assert by_api == msgspec.json.decode(msgspec.json.encode(answer))
    text = asked.ask(f"{PREFIX}/cost/statement.csv?{query}").body.decode()
    by_csv = {row["account"]: Decimal(row["amount"]) for row in csv.DictReader(io.StringIO(text))}
    table = pq.read_table(io.BytesIO(asked.ask(f"{PREFIX}/cost/statement.parquet?{query}").body))
    by_parquet = dict(zip(table["account"].to_pylist(), table["amount"].to_pylist(), strict=True))
    expected = {line.account: Decimal(line.amount) for line in answer.lines}
    assert by_csv == expected
    assert by_parquet == expected
    assert str(table.schema.field("amount").type) == "decimal128(38, 18)"
    assert set(zip(table["currency"].to_pylist(), table["period"].to_pylist(), strict=True)) == {("EUR", "2026-11")}
    assert {(row["currency"], row["period"]) for row in csv.DictReader(io.StringIO(text))} == {("EUR", "2026-11")}


def test_a_file_holds_all_names(empty: Rooms) -> None:
    teams = [Titled(f"team:t{number}", "Team") for number in range(25)]
    empty.ledger.execute(Declare("teams", teams))
    ask = caller(empty)
    assert len(msgspec.json.decode(ask.ask(f"{PREFIX}/search?q=team").body)["results"]) == 20
    assert len(list(csv.DictReader(io.StringIO(ask.ask(f"{PREFIX}/search.csv?q=team").body.decode())))) == 25


def test_money_of_every_column_is_exact_in_a_file(asked: Caller) -> None:
    file = pq.read_table(io.BytesIO(asked.ask(f"{PREFIX}/overview.parquet?period=2026-12").body))
    assert [str(file.schema.field(name).type) for name in ("cost", "cost_before")] == ["decimal128(38, 18)"] * 2


def test_the_worked_example_at_both_dates(rooms: Rooms) -> None:
    sixth = cost_show.ask(rooms, cost_show.Params(key="model:m/1", as_of="2026-11-07T00:00:00Z"))
    assert (sixth.total, sixth.direct, sixth.upstream, sixth.trials) == ("242", "40", "144", "58")
    eighth = cost_show.ask(rooms, cost_show.Params(key="model:m/1", as_of=AT_8TH))
    assert eighth.total == "238.666666667"
    assert eighth.currency == "EUR"


def test_an_explanation_adds_up_at_every_node(rooms: Rooms) -> None:
    answer = cost_explain.ask(rooms, cost_explain.Params(key="model:m/1", as_of=AT_8TH, depth=8))

    def check(node, amount: str) -> None:
        parts = sum(Decimal(one.amount) for one in (*node.parts, *node.charges))
        assert parts == Decimal(amount)
        for part in node.parts:
            if part.asset != "…":
                check(part, part.amount)

    assert answer.total == "238.666666667"
    check(answer, answer.total)


def test_what_was_known_then_is_asked_again(rooms: Rooms) -> None:
    head = rooms.ledger.head().sequence
    now = cost_statement.ask(rooms, cost_statement.Params(period="2026-11", as_of=AT_8TH))
    then = cost_statement.ask(rooms, cost_statement.Params(period="2026-11", as_of=AT_8TH, known=head))
    assert now == then
    before = cost_statement.ask(rooms, cost_statement.Params(period="2026-11", known=1))
    assert (before.lines, before.total) == ((), "0")


def test_an_unknown_asset_is_not_free(rooms: Rooms) -> None:
    with pytest.raises(ProblemError, match=r"Nothing is known of 'model:m/7'.*model:m/1"):
        cost_show.ask(rooms, cost_show.Params(key="model:m/7"))


def test_the_newest_month_is_asked_and_says_how_far_it_is_filled(rooms: Rooms) -> None:
    answer = cost_statement.ask(rooms, cost_statement.Params())
    assert answer.period == "2026-11"
    assert answer.filled_through is not None
    assert answer.filled_through.startswith("2026-11-0")


def test_a_period_is_one_month(rooms: Rooms) -> None:
    with pytest.raises(ProblemError, match="is no calendar month"):
        cost_statement.ask(rooms, cost_statement.Params(period="2026"))


def test_text_cells_cannot_run(empty: Rooms, tmp_path) -> None:
    from tests.entrypoints.worked import WORKED, caller

    bill = tmp_path / "bill.csv"
    lines = (WORKED / "bill.csv").read_text(encoding="utf-8").splitlines()
    header = next(csv.reader(lines[:1]))
    rows = list(csv.DictReader(lines))
    row = dict(
        rows[0],
        Tags='{"team": "=cmd|\' /C calc\'!A0"}',
        ResourceId="",
        ResourceName="",
        BilledCost="-5",
        EffectiveCost="-5",
    )
    with bill.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerow(row)
    import_focus.ask(empty, import_focus.Params(), [bill])
    text = caller(empty).ask(f"{PREFIX}/graph/unmatched.csv").body.decode()
    statement = caller(empty).ask(f"{PREFIX}/cost/statement.csv").body.decode()
    for cell in (cell for line in csv.reader(io.StringIO(text + statement)) for cell in line):
        assert not cell.startswith(("=", "@", "+")), cell
    assert "-5" in [row["amount"] for row in csv.DictReader(io.StringIO(statement))]
