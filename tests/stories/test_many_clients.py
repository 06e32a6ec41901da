"""A hundred MLflow clients log at once: no error, and nothing that was acknowledged is lost."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.clients.talking import environment, interpreter
from tests.stories.served import Served

CROWD = Path(__file__).with_name("crowd.py")
PROCESSES = 4
CLIENTS = 100


def crowds(served: Served, seconds: float) -> list[Any]:
    """Let all clients log for so many seconds; gives what each process was acknowledged."""
    python = interpreter("mlflow3")
    line = [python, CROWD, served.address, str(CLIENTS // PROCESSES), str(seconds)]
    started = [
        subprocess.Popen(
            [*line, f"crowd {number}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(served.address)
        )
        for number in range(PROCESSES)
    ]
    ended = [one.communicate(timeout=seconds + 300) for one in started]
    assert [one.returncode for one in started] == [0] * PROCESSES, ended
    return [msgspec.json.decode(out.splitlines()[-1]) for out, _ in ended]


def kept(served: Served, experiment: str) -> dict[str, dict[str, int]]:
    """Count what stands of each run of an experiment, page by page."""
    found: dict[str, dict[str, int]] = {}
    token = ""
    while True:
        asked = msgspec.json.encode({"experiment_ids": [experiment], "max_results": 50, "page_token": token})
        _, _, body = served.ask("/api/2.0/mlflow/runs/search", asked, {"content-type": "application/json"})
        page = msgspec.json.decode(body)
        for run in page.get("runs", ()):
            name = run["info"]["run_id"]
            metrics = sum(history(served, name, key) for key in ("loss", "curve"))
            own = [tag for tag in run["data"]["tags"] if tag["key"].startswith("t")]
            found[name] = {"metrics": metrics, "params": len(run["data"].get("params", ())), "tags": len(own)}
        token = page.get("next_page_token", "")
        if not token:
            return found


def history(served: Served, run: str, key: str) -> int:
    page = served.json(f"/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key={key}")
    return len(page.get("metrics", ()))


def check(served: Served, seconds: float) -> None:
    told = crowds(served, seconds)
    assert [error for one in told for error in one["errors"]] == []
    assert sum(len(one["runs"]) for one in told) == CLIENTS
    for one in told:
        assert kept(served, one["experiment"]) == one["runs"]
    calls, worst = sum(one["calls"] for one in told), max(one["p95_ms"] for one in told)
    print(f"{CLIENTS} clients, {calls} calls in {seconds:.0f} s, slowest p95 of a process {worst:.0f} ms")  # noqa: T201


def test_a_hundred_clients_lose_nothing(own_server: Served) -> None:
    check(own_server, 6)


@pytest.mark.full
def test_a_hundred_clients_lose_nothing_in_a_minute(own_server: Served) -> None:
    check(own_server, 60)
