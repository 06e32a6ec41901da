"""Does the worked example come out of a real server and command line to the last digit, and stay when it is closed?

The example's dates are moved by whole years, so that its month is over whenever this runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.stories.served import Served, end, serve, trivium

WORKED = Path(__file__).resolve().parents[2] / "examples" / "worked"
MONTH, NEXT = "2024-11", "2024-12"
AT_THE_SIXTH, AT_THE_EIGHTH = f"{MONTH}-06T12:00:00Z", f"{MONTH}-08T12:00:00Z"
FEATURES = "dataset:worked/features"
LATE_ROW = "1.50,1.50,EUR,Usage,2024-11-20T00:00:00Z,2024-11-21T00:00:00Z,late,{}\n"
COLUMNS = (
    "BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,InvoiceIssuerName,Tags\n"
)


def moved(name: str) -> str:
    """Give a file of the example two years earlier."""
    text = (WORKED / name).read_text(encoding="utf-8")
    return text.replace("2026-11", MONTH).replace("2026-12", NEXT)


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("worked")
    served = serve(folder / "home")
    try:
        for line in moved("events.jsonl").splitlines():
            assert post(served, line.encode()) == 201
        for name, command in (("bill.csv", ("import", "focus")), ("declare.toml", ("declare", "--yes"))):
            (folder / name).write_text(moved(name), encoding="utf-8")
            said = trivium(*command, folder / name, "--url", served.address)
            assert said.returncode == 0, said.stderr
        yield served
    finally:
        end(served)


def post(served: Served, line: bytes) -> int:
    return served.ask("/api/v1/lineage", line, {"content-type": "application/json"})[0]


def ask(served: Served, *arguments: str) -> Any:
    said = trivium(*arguments, "--json", "--url", served.address)
    assert said.returncode == 0, said.stderr
    return msgspec.json.decode(said.stdout)


def lines(statement: Any) -> dict[str, str]:
    return {line["account"]: line["amount"] for line in statement["lines"]}


def test_as_of_the_sixth(worked: Served) -> None:
    shown = ask(worked, "cost", "show", "model:m/1", "--as-of", AT_THE_SIXTH)
    assert (shown["direct"], shown["upstream"], shown["trials"], shown["build"]) == ("40", "144", "58", "242")
    statement = ask(worked, "cost", "statement", "--period", MONTH, "--as-of", AT_THE_SIXTH)
    assert lines(statement) == {"model:m/1": "242", "unallocated": "7.01"}
    assert statement["total"] == "249.01"


def test_as_of_the_eighth(worked: Served) -> None:
    shown = ask(worked, "cost", "show", "model:m/1", "--as-of", AT_THE_EIGHTH)
    assert (shown["direct"], shown["build"]) == ("40", "238.666666667")
    statement = ask(worked, "cost", "statement", "--period", MONTH, "--as-of", AT_THE_EIGHTH)
    assert lines(statement) == {FEATURES: "93.333333333", "model:m/1": "238.666666667", "unallocated": "7.01"}
    assert statement["total"] == "339.01"


def test_the_explanation_adds_up_at_every_node(worked: Served) -> None:
    explained = ask(worked, "cost", "explain", "model:m/1", "--as-of", AT_THE_EIGHTH, "--depth", "64")
    assert explained["total"] == "238.666666667"
    pending = [{**explained, "amount": explained["total"]}]
    charged = Decimal(0)
    while pending:
        node = pending.pop()
        own = sum(Decimal(charge["amount"]) for charge in node["charges"])
        assert own + sum(Decimal(part["amount"]) for part in node["parts"]) == Decimal(node["amount"]), node["asset"]
        charged += own
        pending += node["parts"]
    assert charged == Decimal(explained["total"])


def test_closed_it_stays_whatever_comes_late(worked: Served, tmp_path: Path) -> None:
    before = ask(worked, "cost", "statement", "--period", MONTH)
    closed = ask(worked, "cost", "close", MONTH)
    assert [(book["currency"], book["total"]) for book in closed["books"]] == [("EUR", "339.01")]
    reader = moved("events.jsonl").splitlines()[-1].replace("0000000000b3", "0000000000f9").replace("prepare", "late")
    assert post(worked, reader.replace('"name": "raw"', '"name": "features"', 1).encode()) == 201
    late = tmp_path / "late.csv"
    late.write_text(COLUMNS + LATE_ROW, encoding="utf-8")
    assert trivium("import", "focus", late, "--url", worked.address).returncode == 0
    after = ask(worked, "cost", "statement", "--period", MONTH)
    assert after["closed"]
    assert (lines(after), after["total"], after["late"]) == (lines(before), "339.01", "0")
    following = ask(worked, "cost", "statement", "--period", NEXT)
    assert (following["total"], following["late"], following["brought_forward"]) == ("1.5", "1.5", after["carried"])
    again = trivium("cost", "close", MONTH, "--url", worked.address)
    assert (again.returncode, "closed already" in again.stderr) == (1, True)
