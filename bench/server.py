"""A running server measured from outside: start, memory, and OpenLineage events that are durable when answered."""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import tempfile
import time
import uuid
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import cast

import psutil

from bench.result import Result
from bench.serving import running

CONNECTIONS = 16
EVENT_BYTES = 4_500
WARMING = 64
"""Requests that each sender sends before the clock runs."""


def server(full: bool) -> list[Result]:
    """Measure start and memory, then events per second over 16 connections."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as (process, port, seconds):
        server = psutil.Process(process.pid)
        memory = server.memory_info().rss / 2**20
        started = _cpu_seconds(server)
        rate, errors, each_us = _events(server, port, 20_000 if full else 4_000)
        folding_us = _folded(server, port) / (20_000 if full else 4_000) * 1e6
        after = server.memory_info().rss / 2**20
    return [
        Result("start to /health", seconds, "s", "≤ 2 s", seconds <= 2, note=f"{started:.1f} s of CPU time"),
        Result("memory after start", memory, "MB", "≤ 250 MB", memory <= 250),
        Result(
            f"OpenLineage, one {EVENT_BYTES / 1000} KB event a request, {CONNECTIONS} connections, durable", rate,
            "events/s", "≥ 5,000 events/s", rate >= 5_000, better="more",
            note=f"{errors} errors; client and server share the cores; CPU of the server per event: {each_us:.0f} µs to"
            f" answer, {folding_us:.0f} µs to fold afterwards; memory after: {after:.0f} MB",
        ),
    ]  # fmt: skip


def _cpu_seconds(server: psutil.Process) -> float:
    """Give the CPU time that the server has used, of user and system."""
    used = server.cpu_times()
    return float(used.user + used.system)


def _events(server: psutil.Process, port: int, count: int) -> tuple[float, int, float]:
    """Send events from two processes of eight connections each; gives (answered per second, errors, CPU µs an event).

    The clock runs from when both have their requests prepared until the last answer.
    """
    context = get_context("spawn")
    ready = context.Barrier(3)
    found = context.SimpleQueue()
    senders = [context.Process(target=_send, args=(port, count // 2, ready, found)) for _ in range(2)]
    for sender in senders:
        sender.start()
    ready.wait()
    begun, used = time.perf_counter(), _cpu_seconds(server)
    errors = sum(found.get() for _ in senders)
    seconds, used = time.perf_counter() - begun, _cpu_seconds(server) - used
    for sender in senders:
        sender.join()
    return count / seconds, errors, used / count * 1e6


def _folded(server: psutil.Process, port: int) -> float:
    """Wait until the projections have seen every event; gives the CPU seconds that it took."""
    used = _cpu_seconds(server)
    while _oldest_unprocessed_s(port) > 0:
        time.sleep(0.1)
    return _cpu_seconds(server) - used


def _oldest_unprocessed_s(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/health", headers={"Accept": "application/json"})
    return float(json.load(connection.getresponse())["oldest_unprocessed_age_s"])


def _send(port: int, count: int, ready: Barrier, found: SimpleQueue[int]) -> None:
    """Send `count` events over eight connections kept alive, one request under way on each; tell the failures.

    Requests are prepared before, and answers read as raw bytes, so that the client costs as little as it can.
    """
    lanes = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS // 2)]
    for lane in lanes:
        lane.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    requests = [_request(port) for _ in range(count + WARMING)]
    _exchange(lanes, requests[:WARMING])
    ready.wait()
    found.put(_exchange(lanes, requests[WARMING:]))
    for lane in lanes:
        lane.close()


def _exchange(lanes: list[socket.socket], requests: list[bytes]) -> int:
    """Send requests, each on the first connection that has its answer; gives the number of failures."""
    failures, waiting = 0, iter(requests)
    answers = selectors.DefaultSelector()
    for lane in lanes:
        answers.register(lane, selectors.EVENT_READ)
    open_lanes = 0
    for lane, request in zip(lanes, waiting, strict=False):
        lane.sendall(request)
        open_lanes += 1
    while open_lanes:
        for key, _ in answers.select():
            lane = cast("socket.socket", key.fileobj)
            failures += not lane.recv(65_536).startswith(b"HTTP/1.1 20")
            request = next(waiting, b"")
            if request:
                lane.sendall(request)
            else:
                open_lanes -= 1
    answers.close()
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
