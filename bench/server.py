"""A running server measured from outside: start, memory, and OpenLineage events that are durable when answered."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import psutil

from bench.result import Result

CONNECTIONS = 16
EVENT_BYTES = 4_500


def server(full: bool) -> list[Result]:
    """Measure start and memory, then events per second over 16 connections."""
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder)) as (process, port, seconds):
        memory = psutil.Process(process.pid).memory_info().rss / 2**20
        rate, errors = _events(port, 20_000 if full else 4_000)
        after = psutil.Process(process.pid).memory_info().rss / 2**20
    return [
        Result("start to /health", seconds, "s", "≤ 2 s", seconds <= 2),
        Result("memory after start", memory, "MB", "≤ 250 MB", memory <= 250),
        Result(
            f"OpenLineage, one {EVENT_BYTES / 1000} KB event a request, {CONNECTIONS} connections, durable", rate,
            "events/s", "≥ 5,000 events/s", rate >= 5_000, better="more",
            note=f"{errors} errors; client and server share the cores; memory after: {after:.0f} MB",
        ),
    ]  # fmt: skip


@contextmanager
def _running(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    port = _free_port()
    begun = time.perf_counter()
    command = [str(Path(sys.executable).with_name("trivium")), "up", "--home", str(home / "home"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _healthy(port):
            if process.poll() is not None:
                raise RuntimeError("the server did not start")
        yield process, port, time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(30)


def _healthy(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _events(port: int, count: int) -> tuple[float, int]:
    """Send events from two processes of eight connections each; gives (answered per second, errors)."""
    context = get_context("spawn")
    each = count // 2
    with context.Pool(2) as pool:
        pool.map(_warm, [port, port])
        begun = time.perf_counter()
        errors = sum(pool.starmap(_send, [(port, each), (port, each)]))
        return count / (time.perf_counter() - begun), errors


def _warm(port: int) -> int:
    return _send(port, CONNECTIONS)


def _send(port: int, count: int) -> int:
    """Send `count` events over eight connections kept alive, one request under way on each; count the failures.

    Requests are prepared before, and answers read as raw bytes, so that the client costs as little as it can.
    """
    lanes = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS // 2)]
    for lane in lanes:
        lane.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bodies = [_request(port) for _ in range(count)]
    failures, sent = 0, 0
    while sent < count:
        batch = lanes[: min(len(lanes), count - sent)]
        for lane in batch:
            lane.sendall(bodies[sent])
            sent += 1
        for lane in batch:
            failures += not lane.recv(65_536).startswith(b"HTTP/1.1 20")
    for lane in lanes:
        lane.close()
    return failures


def _request(port: int) -> bytes:
    body = _event()
    head = (
        f"POST /api/v1/lineage HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _event() -> bytes:
    """Make one event of a run with a read, a write and a schema, padded to the size of real ones."""
    run = str(uuid.uuid4())
    facet = {"_producer": "https://example.org/bench", "_schemaURL": "https://example.org/schema"}
    fields = [{"name": f"column_{number}", "type": "VARCHAR"} for number in range(20)]
    event = {
        "eventType": "COMPLETE", "eventTime": "2026-10-05T08:30:00Z", "producer": "https://example.org/bench",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": {}}, "job": {"namespace": "bench", "name": f"job_{run[:2]}", "facets": {}},
        "inputs": [{"namespace": "lake", "name": f"in_{run[:2]}", "facets": {"schema": {**facet, "fields": fields}}}],
        "outputs": [{"namespace": "lake", "name": f"out_{run[:2]}", "facets": {"schema": {**facet, "fields": fields}}}],
    }  # fmt: skip
    size = len(json.dumps(event))
    event["run"]["facets"]["padding"] = {**facet, "text": "x" * max(0, EVENT_BYTES - size - 120)}  # type: ignore[index]
    return json.dumps(event).encode()
