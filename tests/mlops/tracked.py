"""A ledger that keeps models, and short ways to say what clients ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trivium.intake.mlflow import requests as ask
from trivium.ledger.book import Ledger
from trivium.mlops.changing import Decision
from trivium.mlops.fold import ModelsFold
from trivium.mlops.tracking.experiments import MakeExperiment
from trivium.mlops.tracking.logging import LogMany
from trivium.mlops.tracking.reading import whole_runs
from trivium.mlops.tracking.records import Run
from trivium.mlops.tracking.runs import MakeRun, find_run


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """Open a ledger that keeps models."""
    with Ledger.open(folder / "home", folds=[ModelsFold()]) as ledger:
        yield ledger


def told(ledger: Ledger, command: Decision) -> Any:
    """Carry a command out and give what it tells."""
    ledger.execute(command)
    with ledger.reading() as connection:
        command.answer(connection)
    return command.told


def experiment(ledger: Ledger, name: str = "search") -> str:
    return str(told(ledger, MakeExperiment(ask.CreateExperiment(name=name)))["experiment_id"])


def run(ledger: Ledger, experiment_id: str = "0", **asked: Any) -> str:
    made = told(ledger, MakeRun(ask.CreateRun(experiment_id=experiment_id, start_time=1_000, **asked)))
    return str(made["run"].info.run_id)


def log(ledger: Ledger, run_id: str, **given: Any) -> None:
    pairs = {name: [ask.Pair(*pair) for pair in given.get(name, {}).items()] for name in ("params", "tags")}
    ledger.execute(LogMany(ask.LogBatch(run_id=run_id, metrics=given.get("metrics", []), **pairs)))


def metric(key: str, value: float, timestamp: int = 1, step: int = 0, **more: str) -> ask.Metric:
    return ask.Metric(key=key, value=value, timestamp=timestamp, step=step, **more)


def whole(ledger: Ledger, run_id: str) -> Run:
    with ledger.reading() as connection:
        return whole_runs(connection, [find_run(connection, run_id)])[0]
