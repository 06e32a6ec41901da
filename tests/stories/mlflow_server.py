"""MLflow's own server, from the clients' environment: what ours is compared with."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import socket

from tests.clients.talking import environment, interpreter

START_LIMIT_S = 240.0
END_LIMIT_S = 20.0


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Run MLflow's server over a database of its own, with one worker, and give its address."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    said = (folder / "said.log").open("wb")
    process = subprocess.Popen(
        [
            interpreter("mlflow3"), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
            "--artifacts-destination", str(folder / "files"),
        ],
        cwd=folder, env=environment("") | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}, stdin=subprocess.DEVNULL,
        stdout=said, stderr=said, start_new_session=True,
    )  # fmt: skip
    try:
        _await(process, port, folder / "said.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(process)
        said.close()


def _free_port() -> int:
    with socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Ask until the server answers: it takes half a minute, and says nowhere else that it is ready."""
    until = time.monotonic() + START_LIMIT_S
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"MLflow's server did not start: {log.read_text(errors='replace')[-2000:]}")
        try:
            process.wait(0.2)
        except subprocess.TimeoutExpired:
            continue


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and what it started: all are of the session that it leads."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(END_LIMIT_S)
    except ProcessLookupError:
        return
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
