"""Spans of OTLP clients: how many a second are durable, what each costs the server, and how fast they are shown.

MLflow's own server is measured by the part that measures it; it took 108 spans a second (design.md §11).
"""

from __future__ import annotations

import http.client
import random
import tempfile
import threading
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.result import Result
from bench.serving import running

SPANS = 512
CONNECTIONS = 4
WARMING = 4
BUDGET = 20_000
PEER = 108.0
_HEADERS = {"content-type": "application/x-protobuf"}


def otlp(full: bool) -> list[Result]:
    """Send requests of 512 spans over some connections, then single spans, then ask for traces and usage."""
    count = 240 if full else 40
    bodies = [body(number) for number in range(count + WARMING)]
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as (process, port, _):
        watched = psutil.Process(process.pid)
        _send(port, bodies[:WARMING])
        used, begun = _cpu_s(watched), time.perf_counter()
        errors = _at_once(port, bodies[WARMING:])
        seconds, used = time.perf_counter() - begun, _cpu_s(watched) - used
        memory = watched.memory_info().rss / 2**20
        asked = {path: _asked_s(port, path) for path in ("/api/trivium/v1/traces", "/api/trivium/v1/usage")}
        singles = [body(number, 1) for number in range(10_000, 10_200)]
        begun = time.perf_counter()
        _at_once(port, singles)
        single = len(singles) / (time.perf_counter() - begun)
    rate, each_us = count * SPANS / seconds, used / (count * SPANS) * 1e6
    size = sum(map(len, bodies)) / len(bodies) / SPANS
    return [
        Result(
            f"OTLP, {SPANS} spans a request, {CONNECTIONS} connections, durable", rate, "spans/s",
            f"≥ {BUDGET:,} spans/s", rate >= BUDGET, PEER, "MLflow, design.md §11", better="more",
            note=f"{errors} errors; client and server share the cores; {size:,.0f} bytes a span; CPU of the server per"
            f" span: {each_us:.0f} µs; memory after: {memory:.0f} MB",
        ),
        Result(
            f"OTLP, one span a request, {CONNECTIONS} connections, durable", single, "spans/s", "", None, better="more"
        ),
        *(
            Result(f"{path.rpartition('/')[2]} over {count * SPANS:,} spans, one answer", 1_000 * found, "ms",
                   "≤ 100 ms", found <= 0.1)
            for path, found in asked.items()
        ),
    ]  # fmt: skip


def body(seed: int, spans: int = SPANS) -> bytes:
    """Make a request: traces of four spans, of which two call a model with a prompt and an output."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    dice, request = random.Random(seed), ExportTraceServiceRequest()
    part = request.resource_spans.add()
    for key, value in (
        ("service.name", "patient-assistant"),
        ("service.version", "3"),
        ("telemetry.sdk.name", "bench"),
    ):
        part.resource.attributes.add(key=key).value.string_value = value
    scope = part.scope_spans.add()
    begin = time.time_ns() - 3_600 * 10**9
    trace = root = b""
    for number in range(spans):
        place = number % 4
        if place == 0:
            trace, root = dice.randbytes(16), dice.randbytes(8)
        at = begin + number * 10**6
        span = scope.spans.add(
            trace_id=trace, span_id=dice.randbytes(8) if place else root, parent_span_id=root if place else b"",
            name=("POST /ask", "retrieve", "chat gpt-4o", "chat gpt-4o")[place], kind=(2, 1, 3, 3)[place],
            start_time_unix_nano=at, end_time_unix_nano=at + dice.randrange(10**6, 10**9), flags=256,
        )  # fmt: skip
        for key, said in (_request, _search, _call, _call)[place](dice).items():
            value = span.attributes.add(key=key).value
            if isinstance(said, int):
                value.int_value = said
            else:
                value.string_value = said
    return request.SerializeToString()


def _request(dice: random.Random) -> dict[str, str | int]:
    session = dice.randbytes(8).hex()
    return {
        "http.request.method": "POST",
        "http.route": "/ask",
        "http.response.status_code": 200,
        "session.id": session,
    }


def _search(_: random.Random) -> dict[str, str | int]:
    return {"db.system": "postgresql", "db.statement": "select chunk from chunks order by embedding <-> $1 limit 5"}


def _call(dice: random.Random) -> dict[str, str | int]:
    words = [
        dice.choice(("pain", "since", "Monday", "in", "the", "left", "knee", "and", "no fever")) for _ in range(90)
    ]
    told = '[{"role": "%s", "parts": [{"type": "text", "content": "%s"}]}]'
    return {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.response.id": f"chatcmpl-{dice.randbytes(6).hex()}",
        "openai.response.service_tier": "default", "gen_ai.usage.input_tokens": dice.randrange(50, 4_000),
        "gen_ai.usage.output_tokens": dice.randrange(5, 800), "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.input.messages": told % ("user", " ".join(words[:40])),
        "gen_ai.output.messages": told % ("assistant", " ".join(words)),
    }  # fmt: skip


def _at_once(port: int, bodies: list[bytes]) -> int:
    """Send requests over all connections at once; gives how many were not answered with 200."""
    failed: list[int] = []
    parts = [bodies[first::CONNECTIONS] for first in range(CONNECTIONS)]
    senders = [threading.Thread(target=lambda part=part: failed.append(_send(port, part))) for part in parts]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return sum(failed)


def _send(port: int, bodies: list[bytes]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    failed = 0
    for raw in bodies:
        connection.request("POST", "/v1/traces", raw, _HEADERS)
        response = connection.getresponse()
        response.read()
        failed += response.status != 200
    connection.close()
    return failed


def _asked_s(port: int, path: str) -> float:
    """Give the seconds that an answer takes, the second time it is asked for."""
    took = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path)
        assert connection.getresponse().read()
        took = time.perf_counter() - begun
        connection.close()
    return took


def _cpu_s(server: psutil.Process) -> float:
    used = server.cpu_times()
    return float(used.user + used.system)
