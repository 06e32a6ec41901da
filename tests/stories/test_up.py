"""Does a server start, answer, and stop as it says?"""

from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.transport.http import HttpConfig, HttpTransport
from openlineage.client.uuid import generate_new_uuid

from tests.shared_data import shared
from tests.stories.served import PROGRAM, Served, clean_environment, end, serve, trivium
from trivium.ledger.lock import holder

PREFIX = "/api/trivium/v1"
JSON = {"content-type": "application/json"}


def event(run: str, state: RunState, hour: int) -> RunEvent:
    return RunEvent(
        eventType=state,
        eventTime=f"2026-11-02T{hour:02d}:00:00Z",
        run=Run(runId=run),
        job=Job(namespace="etl", name="features"),
        producer="https://example.org/etl",
        inputs=[InputDataset(namespace="s3://lake", name="raw")],
        outputs=[OutputDataset(namespace="s3://lake", name="features")],
    )


def test_the_official_client_is_heard(server: Served) -> None:
    client = OpenLineageClient(transport=HttpTransport(HttpConfig(url=server.address, compression=None)))
    run = str(generate_new_uuid())
    client.emit(event(run, RunState.START, 8))
    client.emit(event(run, RunState.COMPLETE, 9))
    client.emit(event(run, RunState.COMPLETE, 9))
    exported = server.json(f"{PREFIX}/graph/export")
    [flow] = [flow for flow in exported["flows"] if flow["run"] == f"run:{run}"]
    assert flow["job"] == "job:etl/features"
    assert flow["reads"] == ["dataset:s3://lake/raw"]
    assert flow["writes"] == ["dataset:s3://lake/features"]
    assert server.json(f"{PREFIX}/ledger/head")["sequence"] == 2


def test_gzip_batches_and_concurrent_clients(own_server: Served) -> None:
    lines = shared("data/openlineage/dbt_legacy.jsonl").read_bytes().splitlines()

    def send(line: bytes) -> int:
        body, headers = gzip.compress(line), {**JSON, "content-encoding": "gzip"}
        return own_server.ask("/api/v1/lineage", body, headers)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, lines * 2)) == {200, 201}
    batch = b"[" + b",".join(lines) + b',{"no": "event"}]'
    status, _, body = own_server.ask("/api/v1/lineage/batch", batch, JSON)
    report = msgspec.json.decode(body)
    assert status == 200
    assert report["summary"] == {
        "received": len(lines) + 1, "successful": len(lines), "failed": 1, "retriable": 0, "non_retriable": 1,
    }  # fmt: skip
    assert report["failed_events"][0]["index"] == len(lines)
    status, _, body = own_server.ask("/api/v1/lineage/batch", b"[" + b",".join(lines) + b"]", JSON)
    assert (status, body) == (204, b"")
    assert own_server.json(f"{PREFIX}/ledger/head")["sequence"] == len(set(lines))


def test_the_same_graph_from_files_and_from_the_server(own_server: Served, tmp_path: Path) -> None:
    lines = shared("data/openlineage/dbt_structured.jsonl").read_bytes().splitlines()
    for line in reversed(lines):
        assert own_server.ask("/api/v1/lineage", line, JSON)[0] in {200, 201}
    asked = trivium("graph", "export", "--json", "--home", own_server.home)
    by_address = trivium("graph", "export", "--json", "--url", own_server.address)
    assert asked.stdout == by_address.stdout
    assert own_server.stop() == 0
    opened = trivium("graph", "export", "--json", "--home", own_server.home)
    assert opened.stdout == asked.stdout
    assert len(msgspec.json.decode(opened.stdout)["flows"]) > 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: int) -> None:
    served = serve(tmp_path / "home")
    try:
        held = holder(served.home)
        assert held is not None
        assert (held.address, held.pid) == (served.address, served.process.pid)
        assert served.stop(number) == 0
    finally:
        end(served)
    held = holder(served.home)
    assert held is None or not held.address


def test_an_address_that_nobody_confirms_is_stale(tmp_path: Path) -> None:
    served = serve(tmp_path / "home")
    try:
        left = (served.home / "ledger.lock").read_bytes()
        served.process.kill()
        served.process.wait(30)
        (served.home / "ledger.lock").write_bytes(left)
        found = trivium("ledger", "head", "--json", "--home", served.home)
        assert (found.returncode, msgspec.json.decode(found.stdout)["sequence"]) == (0, 0)
    finally:
        end(served)


def test_a_server_of_another_home_is_not_asked(own_server: Served, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert trivium("ledger", "head", "--home", other).returncode == 0
    (other / "ledger.lock").write_bytes((own_server.home / "ledger.lock").read_bytes())
    own_server.ask("/api/v1/lineage", shared("data/openlineage/dbt_legacy.jsonl").read_bytes().splitlines()[0], JSON)
    found = trivium("ledger", "head", "--json", "--home", other)
    assert msgspec.json.decode(found.stdout)["sequence"] == 0


def test_a_home_is_for_its_owner_only(server: Served) -> None:
    assert server.home.stat().st_mode & 0o777 == 0o700


def test_a_taken_default_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        (home / "trivium.toml").write_text(f"port = {port}\n", encoding="utf-8")
        served = serve(home, "--bind", "127.0.0.1")
        try:
            assert served.port > port
            served.stop()
            assert served.process.stderr is not None
            assert f"Port {port} is taken" in served.process.stderr.read()
        finally:
            end(served)
        refused = trivium("up", "--home", tmp_path / "b", "--port", port)
        assert (refused.returncode, refused.stdout) == (3, "")


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.168.0.1", "::", "example.org"])
def test_only_the_loopback_is_bound(bind: str, tmp_path: Path) -> None:
    refused = trivium("up", "--home", tmp_path / "home", "--port", "0", "--bind", bind)
    assert refused.returncode == 2
    assert "no loopback address" in refused.stderr


def test_a_second_server_on_one_home_is_refused(server: Served) -> None:
    refused = trivium("up", "--home", server.home, "--port", "0")
    assert refused.returncode == 3
    assert "is held by process" in refused.stderr


def test_nothing_acknowledged_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    served = serve(tmp_path / "home")
    lines = shared("data/openlineage/dbt_structured.jsonl").read_bytes().splitlines()
    try:
        acknowledged = sum(served.ask("/api/v1/lineage", line, JSON)[0] == 201 for line in lines[:40])
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait(30)
    finally:
        end(served)
    verified = trivium("ledger", "verify", "--json", "--home", served.home)
    assert verified.returncode == 0
    assert msgspec.json.decode(verified.stdout)["sequence"] == acknowledged


def test_help_and_version_are_there_at_once() -> None:
    listed = subprocess.run(
        [PROGRAM.parent / "python", "-X", "importtime", PROGRAM, "--help"],
        capture_output=True, text=True, check=True, env=clean_environment(),
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in listed.stderr.splitlines()}
    assert "typer" in imported
    assert imported & {"numpy", "duckdb", "pyarrow", "sqlalchemy", "starlette", "numba", "rich"} == set()
    assert "Exit codes" in listed.stdout
    assert trivium("--version").stdout.strip() == "trivium 0.1.0"
