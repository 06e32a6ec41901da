"""MLflow's own server and ours, told and asked the same in one run by the same client.

Both are durable: MLflow's SQLite syncs as it is set up by MLflow, ours before every answer. The client sends each
request in one segment with TCP_NODELAY, without which MLflow's server loses about 40 ms a request to delayed ACK.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen

import psutil  # type: ignore[import-untyped]

from bench.lanes import Answer, ask, ask_timed, request
from bench.mlflow_server import fill, mlflow_running, version_of_mlflow
from bench.otlp import SPANS
from bench.otlp import body as spans_of
from bench.result import Result
from bench.serving import running

CONNECTIONS = 8
BATCH = 1_000
METRICS = 10
ROWS = 100
WARMING = 16
IDLE_S = 0.05
"""CPU seconds within one second below which a server has nothing to do."""
SETTLED_WITHIN_S = 180
_API = "/api/2.0/mlflow"
_SEARCH = {"filter": "metrics.m0 > 0.5 and params.kind = 'b'", "order_by": ["metrics.m1 DESC"], "max_results": ROWS}


@dataclass(frozen=True)
class Load:
    """How much is sent: requests of one metric, batches of BATCH metrics, requests of spans; runs that are searched."""

    metrics: int
    batches: int
    spans: int
    runs: int
    searches: int


@dataclass(frozen=True)
class Took:
    """What one kind of request took: units a second (for searches, seconds of one), CPU µs of the server for each."""

    rate: float
    cpu_us: float


@dataclass(frozen=True)
class Measured:
    """What one server took: seconds to start, MB and processes after it, and each kind of request."""

    start_s: float
    memory_mb: float
    processes: int
    metrics: Took
    batched: Took
    spans: Took
    search: Took
    found: tuple[str, ...]
    loaded_mb: float


def tracking(full: bool) -> list[Result]:
    """Measure MLflow's server, then ours, and compare what both find."""
    runs = 10_000 if full else 2_000
    theirs = Load(metrics=400 if full else 100, batches=8, spans=2, runs=runs, searches=9)
    ours = Load(metrics=40_000 if full else 4_000, batches=200 if full else 40, spans=60, runs=runs, searches=101)
    peer = f"MLflow {version_of_mlflow()}"
    with tempfile.TemporaryDirectory() as folder:
        them = _measured(mlflow_running(Path(folder)), theirs, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        us = _measured(running(Path(folder) / "home"), ours, None)
    assert us.found == them.found, "both servers find the same runs in the same order"
    return [
        _result("start to /health", us.start_s, "s", 10, them.start_s, peer),
        _result("memory after start", us.memory_mb, "MB", 8, them.memory_mb, peer,
                f"resident, of all processes: {us.processes} and {them.processes}; after the load"
                f" {us.loaded_mb:,.0f} and {them.loaded_mb:,.0f} MB"),
        _result(f"log-metric, {CONNECTIONS} connections, durable", us.metrics.rate, "requests/s", 30,
                them.metrics.rate, peer, "requests in one segment with TCP_NODELAY: without it the peer loses 40 ms"
                f" each to delayed ACK; {_cpu(us.metrics, them.metrics, 'a request')}", better="more"),
        _result(f"log-batch of {BATCH:,} metrics, {CONNECTIONS} connections", us.batched.rate, "metrics/s", 20,
                them.batched.rate, peer, _cpu(us.batched, them.batched, "a metric"), better="more"),
        _result(f"runs/search, {runs:,} runs × {METRICS} metrics, filter and order, {ROWS} rows",
                us.search.rate * 1_000, "ms", 20, them.search.rate * 1_000, peer,
                f"median; the same runs in the same order; {_cpu(us.search, them.search, 'a search')}"),
        _result(f"OTLP, {SPANS} spans a request, {CONNECTIONS // 2} connections", us.spans.rate, "spans/s", 100,
                them.spans.rate, peer, _cpu(us.spans, them.spans, "a span"), better="more"),
    ]  # fmt: skip


def _cpu(us: Took, them: Took, each: str) -> str:
    """Say what each cost the servers, which other load on the machine changes little."""
    return f"CPU of the servers {each}: {us.cpu_us:,.0f} and {them.cpu_us:,.0f} µs, {them.cpu_us / us.cpu_us:.0f}×"


def _result(
    what: str, ours: float, unit: str, times: int, theirs: float, peer: str, note: str = "", better: str = "less"
) -> Result:
    """Make a line whose budget is a ratio."""
    ratio = theirs / ours if better == "less" else ours / theirs
    return Result(what, ours, unit, f"≥ {times}×", ratio >= times, theirs, peer, better, note)


def _measured(
    server: AbstractContextManager[tuple[Popen[bytes], int, float]], load: Load, folder: Path | None
) -> Measured:
    """Measure one server; `folder` is where MLflow's has its database, None for ours."""
    with server as (process, port, start_s):
        _settle(process.pid)
        memory, processes = _memory(process.pid)
        metrics = _took(process.pid, load.metrics, partial(_log_metrics, port, load.metrics))
        batched = _took(process.pid, load.batches * BATCH, partial(_log_batches, port, load.batches))
        spans = _took(process.pid, load.spans * SPANS, partial(_send_spans, port, load.spans))
        if folder is None:
            _fill(port, load.runs)
        else:
            fill(folder, load.runs, METRICS)
        _settle(process.pid)
        found: list[str] = []
        search = _took(process.pid, load.searches, partial(_search, port, load.searches, found))
        loaded, _ = _memory(process.pid)
        return Measured(start_s, memory, processes, metrics, batched, spans, search, tuple(found), loaded)


def _took(pid: int, units: int, send: Callable[[], float]) -> Took:
    """Send, and add up what the server used until it has nothing to do any more."""
    used = _cpu_s(pid)
    rate = send()
    _settle(pid)
    return Took(rate, (_cpu_s(pid) - used) / units * 1e6)


def _memory(pid: int) -> tuple[float, int]:
    """Add up the resident memory, in MB, of a process and all that it started; gives how many they are too."""
    first = psutil.Process(pid)
    sizes = [one.memory_info().rss for one in (first, *first.children(recursive=True))]
    return sum(sizes) / 2**20, len(sizes)


def _settle(pid: int) -> None:
    """Wait until all workers have started: a server answers `/health` when its first one has."""
    until = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < until:
        used = _cpu_s(pid)
        time.sleep(1)
        if _cpu_s(pid) - used < IDLE_S:
            return


def _cpu_s(pid: int) -> float:
    """Add up the CPU seconds of a process and all that it started."""
    first = psutil.Process(pid)
    times = [one.cpu_times() for one in (first, *first.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def _log_metrics(port: int, count: int) -> float:
    """Log single metrics of as many runs as there are connections; gives requests a second."""
    runs = [_run(port, "0", number) for number in range(CONNECTIONS)]
    requests = [
        request(port, f"{_API}/runs/log-metric", {
            "run_id": runs[number % CONNECTIONS], "key": "loss", "value": number / 7, "timestamp": 1_000 + number,
            "step": number,
        })
        for number in range(count + WARMING)
    ]  # fmt: skip
    _all_taken(ask(port, requests[:WARMING], CONNECTIONS))
    begun = time.perf_counter()
    _all_taken(ask(port, requests[WARMING:], CONNECTIONS))
    return count / (time.perf_counter() - begun)


def _log_batches(port: int, count: int) -> float:
    """Log batches of metrics; gives metrics a second."""
    runs = [_run(port, "0", number) for number in range(CONNECTIONS)]
    requests = [request(port, f"{_API}/runs/log-batch", {
        "run_id": runs[number % CONNECTIONS],
        "metrics": [
            {"key": f"m{place % METRICS}", "value": place / 3, "timestamp": 1_000, "step": number * BATCH + place}
            for place in range(BATCH)
        ],
    }) for number in range(count)]  # fmt: skip
    begun = time.perf_counter()
    _all_taken(ask(port, requests, CONNECTIONS))
    return count * BATCH / (time.perf_counter() - begun)


def _send_spans(port: int, count: int) -> float:
    """Send spans as MLflow's client does; gives spans a second."""
    kind = "application/x-protobuf"
    requests = [
        request(port, "/v1/traces", spans_of(number), kind, x_mlflow_experiment_id="0") for number in range(count)
    ]
    begun = time.perf_counter()
    _all_taken(ask(port, requests, CONNECTIONS // 2))
    return count * SPANS / (time.perf_counter() - begun)


def _fill(port: int, count: int) -> None:
    """Tell ours of the runs that `mlflow_fill.py` writes into the peer's database."""
    (made,) = ask(port, [request(port, f"{_API}/experiments/create", {"name": "searched"})])
    experiment = made.json()["experiment_id"]
    creates = [
        request(port, f"{_API}/runs/create", {
            "experiment_id": experiment, "run_name": f"run {number}", "start_time": 1_000 + number,
        })
        for number in range(count)
    ]  # fmt: skip
    runs = {int(_info(answer)["run_name"].split()[1]): _info(answer)["run_id"] for answer in ask(port, creates, 4)}
    batches = [
        request(port, f"{_API}/runs/log-batch", {
            "run_id": runs[number], "params": [{"key": "kind", "value": "abcde"[number % 5]}],
            "metrics": [{"key": f"m{place}", "value": value(number, place), "timestamp": 1_000, "step": 0}
                        for place in range(METRICS)],
        })
        for number in range(count)
    ]  # fmt: skip
    _all_taken(ask(port, batches, CONNECTIONS))


def value(number: int, place: int) -> float:
    """Give a run's value of a metric; all of one metric differ."""
    return (number * 7_919 + place * 104_729) % 100_003 / 100_003


def _search(port: int, count: int, names: list[str]) -> float:
    """Search again and again; gives the median seconds of one search, and adds the names of the runs found."""
    (found,) = ask(port, [_plain(port, "experiments/search", {"max_results": 100})])
    experiments = found.json()["experiments"]
    assert isinstance(experiments, list)
    (experiment,) = (one["experiment_id"] for one in experiments if one["name"] == "searched")
    search = _plain(port, "runs/search", {"experiment_ids": [experiment], **_SEARCH})
    took, answer = ask_timed(port, [search] * count)
    runs = answer.json()["runs"]
    assert isinstance(runs, list)
    assert len(runs) == ROWS
    names += [run["info"]["run_name"] for run in runs]
    return statistics.median(took)


def _plain(port: int, path: str, body: object) -> bytes:
    return request(port, f"{_API}/{path}", body)


def _run(port: int, experiment: str, number: int) -> str:
    (answer,) = ask(port, [_plain(port, "runs/create", {"experiment_id": experiment, "start_time": number})])
    return _info(answer)["run_id"]


def _info(answer: Answer) -> dict[str, str]:
    run = answer.json()["run"]
    assert isinstance(run, dict)
    info: dict[str, str] = run["info"]
    return info


def _all_taken(answers: list[Answer]) -> None:
    refused = [answer for answer in answers if answer.status != 200]
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(answers)} refused, the first: {refused[0].body[:500]!r}")
