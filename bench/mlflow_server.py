"""MLflow's own server, from the clients' environment, for as long as it is measured."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.serving import free_port, healthy

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".clients" / "mlflow3" / "bin" / "python"
FILL = ROOT / "bench" / "mlflow_fill.py"
_END_S = 30
_ASKED_EACH_S = 0.05


@contextmanager
def mlflow_running(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """Serve a database of its own with MLflow's usual workers: gives process, port, and seconds to `/health`."""
    if not PYTHON.exists():
        raise RuntimeError("the peer is not there; make it with: make clients")
    port, begun = free_port(), time.perf_counter()
    with (folder / "said.log").open("wb") as said:
        process = subprocess.Popen(
            [PYTHON, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
             "--backend-store-uri", database(folder), "--artifacts-destination", str(folder / "files")],
            cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    try:
        while not healthy(port):
            if process.poll() is not None:
                raise RuntimeError(f"MLflow did not start: {(folder / 'said.log').read_text()[-2000:]}")
            time.sleep(_ASKED_EACH_S)
        yield process, port, time.perf_counter() - begun
    finally:
        _end(process)


def fill(folder: Path, runs: int, metrics: int) -> None:
    """Write runs into the server's database as its own store has them; by requests it would take minutes."""
    subprocess.run([PYTHON, FILL, database(folder), str(runs), str(metrics)], check=True, env=_environment())


def version_of_mlflow() -> str:
    """Say which MLflow it is."""
    asked = "from importlib.metadata import version; print(version('mlflow'))"
    return subprocess.run([PYTHON, "-c", asked], check=True, capture_output=True, text=True).stdout.strip()


def database(folder: Path) -> str:
    """Say where the server keeps what it is told."""
    return f"sqlite:///{folder / 'mlflow.db'}"


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON", "OTEL_"))}
    return kept | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and its workers: all are of the session that it leads."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()
