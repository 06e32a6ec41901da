"""Does a real server make one graph out of what dbt really sent, in any order, and does no SQL step carry cost?"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.shared_data import shared
from tests.stories.served import Served, end, serve, trivium

JSON = {"content-type": "application/json"}
TABLE = "dataset:duckdb://jaffle_shop.duckdb/jaffle_shop.main."
RAW = {f"{TABLE}raw_{name}" for name in ("customers", "orders", "payments")}
MODELS = {f"{TABLE}{name}" for name in ("customers", "orders", "stg_customers", "stg_orders", "stg_payments")}
FORMS = ("legacy", "structured")
PRICE = Decimal("0.25")
COLUMNS = (
    "BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,InvoiceIssuerName,Tags"
)


def recorded(form: str) -> list[bytes]:
    return shared(f"data/openlineage/dbt_{form}.jsonl").read_bytes().splitlines()


def post(served: Served, lines: list[bytes]) -> None:
    for line in lines:
        assert served.ask("/api/v1/lineage", line, JSON)[0] in {200, 201}


def post_in_batches(served: Served, lines: list[bytes]) -> None:
    for place in range(0, len(lines), 40):
        batch = b"[" + b",".join(lines[place : place + 40]) + b"]"
        assert served.ask("/api/v1/lineage/batch", batch, JSON)[0] == 204


def shuffled(lines: list[bytes], seed: int) -> list[bytes]:
    mixed = list(lines)
    np.random.default_rng(seed).shuffle(mixed)
    return mixed


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Export the graph of each recording from three servers: as sent, backwards and twice, shuffled in batches."""
    texts: dict[str, list[str]] = {}
    for form in FORMS:
        lines = recorded(form)
        for number, (send, told) in enumerate([
            (post, lines), (post, lines[::-1] + lines), (post_in_batches, shuffled(lines + lines[::3], 5)),
        ]):  # fmt: skip
            served = serve(tmp_path_factory.mktemp(f"{form}-{number}") / "home")
            try:
                send(served, told)
                answer = trivium("graph", "export", "--json", "--url", served.address)
                assert answer.returncode == 0, answer.stderr
                texts.setdefault(form, []).append(answer.stdout)
            finally:
                end(served)
    return texts


@pytest.mark.parametrize("form", FORMS)
def test_any_order_and_repetition_gives_the_same_text(exported: dict[str, list[str]], form: str) -> None:
    assert len(exported[form]) == 3
    assert len(set(exported[form])) == 1


def graph(exported: dict[str, list[str]], form: str) -> Any:
    return msgspec.json.decode(exported[form][0])


def datasets(graph: Any) -> set[str]:
    return {asset["asset"] for asset in graph["assets"] if asset["kind"] == "dataset"}


def edges(graph: Any) -> set[tuple[str, str]]:
    """Give who feeds whom, from table to table; what is written from nothing is fed by nothing."""
    return {(read, write) for flow in graph["flows"] for write in flow["writes"] for read in flow["reads"] or [""]}


def test_legacy_gives_the_five_tables(exported: dict[str, list[str]]) -> None:
    assert datasets(graph(exported, "legacy")) == MODELS


def test_structured_adds_exactly_the_three_raw_tables_and_their_edges(exported: dict[str, list[str]]) -> None:
    legacy, structured = graph(exported, "legacy"), graph(exported, "structured")
    assert datasets(structured) - datasets(legacy) == RAW
    assert datasets(legacy) <= datasets(structured)
    new = edges(structured) - edges(legacy)
    assert {edge for edge in new if edge[0] in RAW} == {
        (f"{TABLE}raw_{name}", f"{TABLE}stg_{name}") for name in ("customers", "orders", "payments")
    }
    assert all(edge[0] in RAW or edge[1] in RAW for edge in new)
    assert all(
        write.removeprefix(TABLE).startswith("stg_") and not read for read, write in edges(legacy) - edges(structured)
    )


@pytest.mark.parametrize("form", FORMS)
def test_no_audit_table_of_a_test_is_an_asset(exported: dict[str, list[str]], form: str) -> None:
    assert b"dbt_test__audit" in b"".join(recorded("structured"))
    assert "dbt_test__audit" not in exported[form][0]


def test_no_sql_step_carries_cost(tmp_path: Path) -> None:
    events = [msgspec.json.decode(line) for line in recorded("structured")]
    steps = sorted({event["run"]["runId"] for event in events if kind_of(event) == "SQL"})
    day = events[0]["eventTime"][:10]
    bill = tmp_path / "bill.csv"
    times = f"{day}T00:00:00Z,{day}T23:00:00Z"
    rows = [f'{PRICE},{PRICE},EUR,Usage,{times},warehouse,"{{""openlineage.run_id"": ""{step}""}}"' for step in steps]
    bill.write_text("\n".join([COLUMNS, *rows, ""]), encoding="utf-8")
    served = serve(tmp_path / "home")
    try:
        post(served, shuffled(recorded("structured"), 3))
        assert trivium("import", "focus", bill, "--url", served.address).returncode == 0
        asked = trivium("cost", "statement", "--period", day[:7], "--json", "--url", served.address)
        statement = msgspec.json.decode(asked.stdout)
    finally:
        end(served)
    lines = {line["account"]: Decimal(line["amount"]) for line in statement["lines"]}
    assert len(steps) == 86
    assert Decimal(statement["total"]) == PRICE * len(steps) == sum(lines.values())
    assert lines.keys().isdisjoint(f"run:{step}" for step in steps)
    assert set(lines) <= MODELS | RAW, "all of it is in tables"


def kind_of(event: Any) -> str:
    return str(event["job"].get("facets", {}).get("jobType", {}).get("jobType", ""))
