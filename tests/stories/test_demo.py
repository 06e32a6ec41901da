"""Does the demo fill a server whose answers are the bill, on every path, and stay where they were closed?"""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from mlflow import MlflowClient
from rich.console import Console

from tests.stories.served import PROGRAM, Served, clean_environment, end, trivium
from trivium.bootstrap import open_rooms
from trivium.demo.tour import DONE, FOLDER, INTERRUPTED, Tour
from trivium.entrypoints.answers import cost_statement
from trivium.facts.instants import parse_instant
from trivium.facts.period import month_of

LIMIT_S = 240
PREFIX = "/api/trivium/v1"
PRODUCTS = ("biopsy-triage", "form-digitiser", "patient-assistant")
PARTS = ("direct", "upstream", "trials", "serving", "tokens")
MOST = {"model:biopsy-triage/4": "upstream", "model:form-digitiser/4": "trials", "model:patient-assistant/2": "tokens"}
"""The part that is most of what the newest version of each model took."""


@dataclass
class Demo:
    """A demo that has answered and goes on serving, and what it printed until then."""

    served: Served
    printed: str

    @cached_property
    def bills(self) -> dict[str, list[dict[str, str]]]:
        """Read the rows of each bill that was imported, by the file's name."""
        files = sorted((self.served.home / "demo").glob("focus-*.csv"))
        return {file.name: list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))) for file in files}

    @cached_property
    def months(self) -> list[str]:
        """Name the months, the open one last."""
        return sorted(
            name.removeprefix("focus-").removesuffix(".csv") for name in self.bills if "correction" not in name
        )

    def billed(self, month: str, *, corrected: bool) -> Decimal:
        """Sum EffectiveCost by charge time, with or without what was corrected later."""
        rows = [row for name, rows in self.bills.items() if corrected or "correction" not in name for row in rows]
        assert all(month_of(start(row)).end >= parse_instant(row["ChargePeriodEnd"]) for row in rows), "one month each"
        return sum((Decimal(row["EffectiveCost"]) for row in rows if str(month_of(start(row))) == month), Decimal(0))

    def statement(self, month: str, **asked: Any) -> Any:
        """Ask for a statement over HTTP."""
        query = "".join(f"&{name}={value}" for name, value in asked.items())
        return self.served.json(f"{PREFIX}/cost/statement?period={month}{query}")

    def ask(self, path: str, **asked: Any) -> Any:
        """Ask any question over HTTP."""
        return self.served.json(f"{PREFIX}{path}?{urlencode(asked)}")


def start(row: dict[str, str]) -> int:
    return parse_instant(row["ChargePeriodStart"])


def begin(home: Path, *options: str, **environment: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Start a demo and read what it prints until it serves or ends."""
    command = [PROGRAM, "demo", "--home", home, *options]
    notes = home.with_name("notes.txt")
    with notes.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=file, text=True, env=clean_environment() | environment
        )
    assert process.stdout is not None
    limit = threading.Timer(LIMIT_S, process.kill)
    limit.start()
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Trivium serves at " in line:
                return process, lines
    finally:
        limit.cancel()
    process.kill()
    process.wait()
    raise AssertionError(f"the demo did not answer: {lines}; it said {notes.read_text(encoding='utf-8')}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("demo") / "home"
    process, lines = begin(home, "--port", "0")
    served = Served(home, process, lines[-1].split("Trivium serves at ")[1].split(",")[0].strip())
    yield Demo(served, "".join(lines))
    end(served)


def test_every_statement_is_its_bill_by_charge_time(demo: Demo) -> None:
    for month in demo.months[:-1]:
        statement = demo.statement(month)
        assert statement["closed"]
        assert (Decimal(statement["total"]), statement["late"]) == (demo.billed(month, corrected=False), "0")
    statement = demo.statement(demo.months[-1])
    late = sum(demo.billed(month, corrected=True) - demo.billed(month, corrected=False) for month in demo.months[:-1])
    assert not statement["closed"]
    assert Decimal(statement["late"]) == late < 0
    assert Decimal(statement["total"]) == demo.billed(demo.months[-1], corrected=True) + late


def test_nothing_is_lost_between_the_months(demo: Demo) -> None:
    statements = [demo.statement(month) for month in demo.months]
    rows = [row for rows in demo.bills.values() for row in rows]
    assert sum(Decimal(one["total"]) for one in statements) == sum(Decimal(row["EffectiveCost"]) for row in rows)
    assert [one["brought_forward"] for one in statements[1:]] == [one["carried"] for one in statements[:-1]]
    for one in statements:
        for by in ("asset", "team", "product"):
            lines = demo.statement(one["period"], by=by)["lines"]
            total = sum(Decimal(line["amount"]) for line in lines)
            assert total == Decimal(one["total"]) + Decimal(one["brought_forward"])


def test_the_statement_is_the_same_on_every_path(demo: Demo, tmp_path: Path) -> None:
    assert trivium("backup", tmp_path / "copy", "--home", demo.served.home).returncode == 0
    assert trivium("restore", tmp_path / "copy", "--home", tmp_path / "again").returncode == 0
    with open_rooms(tmp_path / "again") as rooms:
        for month in demo.months:
            answer = demo.statement(month)
            as_of = answer["as_of"]
            asked = ("cost", "statement", "--period", month, "--as-of", as_of)
            by_command = msgspec.json.decode(trivium(*asked, "--json", "--url", demo.served.address).stdout)
            by_python = cost_statement.ask(rooms, cost_statement.Params(period=month, as_of=as_of))
            by_server = demo.statement(month, as_of=as_of)
            assert by_command == by_server == msgspec.json.decode(msgspec.json.encode(by_python))
            status, _, table = demo.served.ask(f"{PREFIX}/cost/statement.csv?period={month}&as_of={as_of}")
            lines = list(csv.DictReader(io.StringIO(table.decode())))
            assert status == 200
            assert [(line["account"], line["amount"]) for line in lines] == [
                (line["account"], line["amount"]) for line in by_server["lines"]
            ]


def test_closed_months_have_not_moved_since_they_were_closed(demo: Demo) -> None:
    facts = demo.served.json(f"{PREFIX}/facts?kind=month.closed&limit=10")["facts"]
    closed = {fact["subject"].removeprefix("month:"): fact["sequence"] for fact in facts}
    assert sorted(closed) == demo.months[:-1]
    for month, sequence in closed.items():
        then, now = demo.statement(month, known=sequence), demo.statement(month)
        assert then["lines"] == now["lines"]
        assert (then["total"], then["late"]) == (now["total"], now["late"])


def test_the_correction_takes_the_way_of_its_trial(demo: Demo) -> None:
    [row] = demo.bills[f"focus-{demo.months[-1]}-correction.csv"]
    [corrected] = demo.ask("/facts", kind="charges.imported", limit=1)["facts"]
    before, after = (
        {line["account"]: Decimal(line["amount"]) for line in demo.statement(demo.months[-1], known=known)["lines"]}
        for known in (corrected["sequence"] - 1, corrected["sequence"])
    )
    moved = {key: after[key] - before.get(key, Decimal(0)) for key in after if after[key] != before.get(key)}
    assert before.keys() <= after.keys()
    assert sum(moved.values()) == Decimal(row["EffectiveCost"])
    assert {key.partition("/")[0] for key in moved} - {"rounding"} <= {
        "experiment:form-digitiser", "model:form-digitiser", "endpoint:form-digitiser",
    }  # fmt: skip


def test_three_products_tell_three_stories(demo: Demo) -> None:
    for version, part in MOST.items():
        cost = demo.ask("/cost/show", key=version)
        parts = {name: Decimal(cost[name]) for name in PARTS}
        assert sum(parts.values()) == Decimal(cost["total"])
        assert parts[part] > Decimal(cost["total"]) / 2
        row = next(one for one in demo.ask("/overview")["products"] if one["model"] == version)
        assert row["most"] == {"upstream": "data"}.get(part, part)
        assert Decimal(row["share"]) == (parts[part] / Decimal(cost["total"])).quantize(Decimal("0.0001"))
        assert Decimal(row["cost"]) == next(
            Decimal(line["amount"])
            for line in demo.statement(demo.months[-1], by="product")["lines"]
            if line["account"] == row["product"]
        )
    assert {one["product"] for one in demo.ask("/overview")["products"]} == {f"product:{name}" for name in PRODUCTS}


def test_tokens_of_the_bill_are_those_of_the_spans_and_estimates_split_them(demo: Demo) -> None:
    for month in demo.months:
        usage = demo.ask("/usage", period=month)
        rows = [row for row in demo.bills[f"focus-{month}.csv"] if row["ConsumedUnit"] == "1M Tokens"]
        assert {row["ResourceId"] for row in rows} == {"llm-gateway"}
        billed = sum(Decimal(row["ConsumedQuantity"]) for row in rows)
        assert billed == Decimal(usage["input_tokens"] + usage["output_tokens"]) / 1_000_000
        coverage = {one["basis"]: Decimal(one["amount"]) for one in demo.statement(month)["coverage"]}
        assert coverage["estimate"] == sum(Decimal(row["EffectiveCost"]) for row in rows)
    assert {line["endpoint"] for line in usage["lines"]} == {"endpoint:form-digitiser", "endpoint:patient-assistant"}
    assert [one["model"] for one in usage["unknown"]] == ["clinic-chat-8b"]
    assert usage["cache_read_tokens"] > 0
    for version in MOST:
        tokens = Decimal(demo.ask("/cost/show", key=version)["tokens"])
        assert (tokens > 0) is not version.startswith("model:biopsy-triage/")


def test_what_is_not_joined_is_little_and_explained(demo: Demo) -> None:
    found = demo.ask("/graph/unmatched")
    assert {one["name"] for one in found["names"]} == {
        "vm-notebook-3", "Example Key Management", "dataset:s3://health-lake/biopsy/feature",
    }  # fmt: skip
    assert all(one["why"] and one["line"] for one in found["names"])
    assert Decimal(found["share"]) < Decimal("0.05")


@pytest.mark.parametrize("version", ["model:biopsy-triage/3", "model:form-digitiser/3", "model:patient-assistant/2"])
def test_an_accurate_prediction_of_each_product_has_a_price(version: str, demo: Demo) -> None:
    found = demo.ask("/kpi/cost-per-accurate-prediction", version=version, period=demo.months[-2])["run_rate"]
    assert found["reason"] == ""
    assert Decimal(found["cost"]) == sum(Decimal(found[part]) for part in ("build", "serving", "tokens"))
    assert Decimal(found["low"]) < Decimal(found["value"]) < Decimal(found["high"])
    assert Decimal(0) < Decimal(found["coverage"]) < 1
    assert found["labelled_correct"] < found["labelled"] < found["predictions"]
    lines = demo.ask("/model", model=version.rpartition("/")[0])["versions"]
    lifetime = demo.ask("/kpi/cost-per-accurate-prediction", version=version)["lifetime"]["value"]
    assert {one["version"]: one["per_accurate"] for one in lines}[version] == lifetime


def test_trials_of_both_clients_are_one_run_and_versions_have_aliases_and_arrays(demo: Demo, tmp_path: Path) -> None:
    client = MlflowClient(demo.served.address)
    counted = {one["name"]: (one["runs"], one["failed"]) for one in demo.ask("/experiments")["experiments"]}
    assert {name: counted[name] for name in PRODUCTS} == {
        "biopsy-triage": (24, 4), "form-digitiser": (48, 8), "patient-assistant": (8, 2),
    }  # fmt: skip
    for product in PRODUCTS:
        champion = client.get_model_version_by_alias(product, "champion")
        challenger = client.get_model_version_by_alias(product, "challenger")
        assert int(champion.version) == int(challenger.version) + 1
        assert "trivium.happened_at" in champion.tags
        run = client.get_run(champion.run_id)
        assert run.inputs.dataset_inputs[0].dataset.source_type == "s3"
        told = run.data.tags["openlineage.run_id"]
        assert demo.ask("/run", run=f"run:{told}") == demo.ask("/run", run=f"run:{champion.run_id}")
        learnt = client.get_logged_model(champion.source.rpartition("/")[2])
        assert {one.path for one in client.list_logged_model_artifacts(learnt.model_id)} == {"model.json", "arrays.npz"}
    [forms] = client.get_latest_versions("form-digitiser", ["Production"])
    assert forms.version == "4"
    history = client.get_metric_history(champion.run_id, "mean_reciprocal_rank")
    assert [one.step for one in history] == list(range(20))


def test_the_laboratory_shows_in_drift_and_in_performance(demo: Demo) -> None:
    drift = demo.ask("/drift/show", key="model:biopsy-triage/3", period=demo.months[-1])
    assert (drift["state"], "100 times smaller" in drift["sentence"]) == ("drifted", True)
    assert {one["column"] for one in drift["columns"] if one["state"] == "drifted"} >= {"mean_area"}
    assert drift["sentence"].partition(":")[0] in demo.printed


def test_every_named_account_of_the_bill_is_there(demo: Demo) -> None:
    accounts = {line["account"] for line in demo.statement(demo.months[-1], by="product")["lines"]}
    assert accounts >= {
        "commitment_unused", "credit", "idle", "prepaid", "product:biopsy-triage", "product:form-digitiser",
        "product:patient-assistant", "shared", "tax", "unallocated",
    }  # fmt: skip


def test_the_ledger_verifies_and_the_answers_are_printed_whole(demo: Demo) -> None:
    verified = trivium("ledger", "verify", "--json", "--home", demo.served.home)
    assert (verified.returncode, msgspec.json.decode(verified.stdout)["problems"]) == (0, [])
    assert "facts, verified" in demo.printed
    assert "…" not in demo.printed
    for name in ("vm-notebook-3", "dataset:s3://health-lake/biopsy/feature", *MOST, *demo.months):
        assert name in demo.printed
    by_product = {line["account"]: line["amount"] for line in demo.statement(demo.months[-1], by="product")["lines"]}
    assert f"{Decimal(by_product['product:biopsy-triage']):,.2f}" in demo.printed


def test_what_a_broken_table_puts_at_risk_is_said(demo: Demo) -> None:
    found = demo.served.json(f"{PREFIX}/blast?key=dataset:s3://health-lake/biopsy/features")
    risk = found["money"]["at_risk_per_day"]
    assert found["since"] is not None
    assert {"model:biopsy-triage/4", "endpoint:biopsy-triage"} <= {reached["asset"] for reached in found["assets"]}
    assert Decimal(found["money"]["spent"]) > 0
    assert (Decimal(risk["serving"]) > 0, Decimal(risk["value"])) == (True, 1450)
    assert "at risk each day: value" in demo.printed
    assert "1,450.00" in demo.printed


def figures(printed: str) -> list[str]:
    """Give the printed tables without what differs between two runs: seconds, address, how spans were grouped."""
    return [line for line in printed.splitlines() if not re.search("Trivium serves at|facts, verified", line)]


def test_a_second_run_makes_its_own_home_anew_beside_a_taken_port(demo: Demo, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            assert taken.connect_ex(("127.0.0.1", 8080)) == 0, "somebody else has it: taken all the same"
        ran = trivium("demo", "--exit", TMPDIR=str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert "Port 8080 is taken" in ran.stderr
    assert figures(ran.stdout) == figures(demo.printed)
    assert list(tmp_path.iterdir()) == []


def test_a_kept_home_is_served_again_as_it_was_left(demo: Demo) -> None:
    facts = demo.served.json(f"{PREFIX}/ledger/head")["sequence"]
    assert demo.served.stop(signal.SIGINT) == 0
    again = trivium("demo", "--exit", "--port", "0", "--home", demo.served.home)
    assert again.returncode == 0, again.stderr
    assert figures(again.stdout) == figures(demo.printed)
    head = trivium("ledger", "head", "--json", "--home", demo.served.home)
    assert msgspec.json.decode(head.stdout)["sequence"] == facts


def test_a_home_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert trivium("ledger", "head", "--home", home).returncode == 0
    refused = trivium("demo", "--exit", "--port", "0", "--home", home)
    assert refused.returncode == 2
    assert "has not finished" in refused.stderr


def test_a_demo_that_is_stopped_while_it_fills_leaves_no_process_behind(tmp_path: Path) -> None:
    command = [PROGRAM, "demo", "--port", "0"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=clean_environment() | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert process.stderr is not None
    while "the bill comes" not in process.stderr.readline():
        assert process.poll() is None
    children = (Path("/proc") / str(process.pid) / "task" / str(process.pid) / "children").read_text().split()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert children
    assert not any(running(int(child)) for child in children)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_because_the_demo_is_stopped_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / DONE).touch()
    heard: list[int] = []

    def serve(home: Path, ready: Callable[[str], None]) -> int:
        before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            ready(f"http://127.0.0.1:{listening.getsockname()[1]}")
            asked, _ = listening.accept()
            os.kill(os.getpid(), signal.SIGTERM)
            asked.close()
            for guide in threading.enumerate():
                if guide.name == "demo":
                    guide.join()
        signal.signal(signal.SIGTERM, before)
        return 0

    nowhere = Console(file=io.StringIO())
    assert Tour(serve, nowhere, nowhere).run(tmp_path) == INTERRUPTED
    assert heard == [signal.SIGTERM]


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_months_follow_each_other(demo: Demo) -> None:
    assert len(demo.months) == 4
    ends = [month_of(parse_instant(f"{month}-01")) for month in demo.months]
    assert all(first.end == second.start for first, second in pairwise(ends))
