"""From a table to a model version: a pipeline that emits OpenLineage and logs to MLflow, both with their own clients.

By hand: `prepare` costs 90.00 and writes `features`. Trials T1 (40.00) and T2 (10.00) read it, 300 MB and 100 MB by
OpenLineage, so they drain 67.50 and 22.50. T1 becomes version 1: direct 40.00, upstream 67.50, trials 10.00 + 22.50.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import input_statistics_input_dataset as statistics

from tests.clients.talking import interpreter
from tests.stories.served import Served, end, serve, trivium

TRAINING = Path(__file__).with_name("training.py")
BUCKET = "s3://lake"
PREPARE, FIRST, SECOND = (f"0199a0e0-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))
HEAD = (
    "BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,InvoiceIssuerName,Tags\n"
)
ROW = '{0},{0},EUR,Usage,2024-11-{1:02}T00:00:00Z,2024-11-{2:02}T00:00:00Z,cloud,"{{""{3}"": ""{4}""}}"\n'


@pytest.fixture(scope="module", params=["mlflow3", "mlflow2"])
def thread(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Any]]:
    folder = tmp_path_factory.mktemp("thread")
    served = serve(folder / "home")
    try:
        emit(served)
        line = [interpreter(request.param), TRAINING, served.address, FIRST, SECOND]
        trained = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
        assert trained.returncode == 0, trained.stderr
        said = msgspec.json.decode(trained.stdout.splitlines()[-1])
        bill = folder / "bill.csv"
        rows = [
            ("90.00", 3, 4, "openlineage.run_id", PREPARE),
            ("40.00", 5, 6, "mlflow.run_id", said["first"]),
            ("10.00", 5, 6, "openlineage.run_id", SECOND),
        ]
        bill.write_text(HEAD + "".join(ROW.format(*row) for row in rows), encoding="utf-8")
        imported = trivium("import", "focus", bill, "--url", served.address)
        assert imported.returncode == 0, imported.stderr
        yield served, said
    finally:
        end(served)


def emit(served: Served) -> None:
    """Run the pipeline's lineage: prepare on the 3rd, two trainings on the 5th that read what it wrote."""
    client = OpenLineageClient(config={"transport": {"type": "http", "url": served.address}})
    table = f"{BUCKET}", "features"
    prepared = [OutputDataset(*table)]
    tell(client, PREPARE, "prepare", 3, outputs=prepared)
    for run, megabytes in ((FIRST, 300), (SECOND, 100)):
        size = statistics.InputStatisticsInputDatasetFacet(size=megabytes * 10**6)
        tell(client, run, "train", 5, inputs=[InputDataset(*table, inputFacets={"inputStatistics": size})])


def tell(client: OpenLineageClient, run: str, job: str, day: int, **uses: Any) -> None:
    for state, hour in ((RunState.START, 10), (RunState.COMPLETE, 11)):
        at = datetime(2024, 11, day, hour, tzinfo=UTC).isoformat()
        client.emit(
            RunEvent(eventType=state, eventTime=at, run=Run(run), job=Job("shop", job), producer="https://shop", **uses)
        )


def ask(served: Served, *arguments: str) -> Any:
    said = trivium(*arguments, "--json", "--url", served.address)
    assert said.returncode == 0, said.stderr
    return msgspec.json.decode(said.stdout)


def test_a_version_costs_what_was_computed_by_hand(thread: tuple[Served, Any]) -> None:
    served, _ = thread
    shown = ask(served, "cost", "show", "model:churn/1")
    assert (shown["direct"], shown["upstream"], shown["trials"]) == ("40", "67.5", "32.5")
    assert shown["build"] == "140"


def test_the_month_adds_up_and_nothing_is_left_over(thread: tuple[Served, Any]) -> None:
    served, _ = thread
    statement = ask(served, "cost", "statement", "--period", "2024-11")
    assert {line["account"]: line["amount"] for line in statement["lines"]} == {"model:churn/1": "140"}
    assert statement["total"] == "140"


def test_a_training_seen_twice_is_one_run(thread: tuple[Served, Any]) -> None:
    served, said = thread
    one, other = (ask(served, "asset", "show", f"run:{run}") for run in (said["first"], FIRST))
    assert one["asset"] == other["asset"]
    reached = ask(served, "blast", "dataset:s3:%2F%2Flake/features".replace("%2F", "/"))
    assert "model:churn/1" in msgspec.json.encode(reached).decode()
