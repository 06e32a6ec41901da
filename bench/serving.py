"""A server of a home as a process of its own, for as long as it is measured."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ASKED_EACH_S = 0.005


@contextmanager
def running(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """Serve a home: gives the process, its port, and the seconds until it answered `/health`."""
    port = free_port()
    begun = time.perf_counter()
    command = [str(Path(sys.executable).with_name("trivium")), "up", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not healthy(port):
            if process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(_ASKED_EACH_S)
        yield process, port, time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(60)


def healthy(port: int) -> bool:
    """Say whether a server answers `/health`."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
