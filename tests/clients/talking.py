"""Which Python runs a client that is kept out of .venv, and how does a test talk with that client?

`make clients` makes `.clients/NAME` from `tests/clients/NAME.lock`. A `Client` starts one of them once and then runs
code in it piece by piece, as a person would at a prompt: a client that takes seconds to import is imported once.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Self

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTENER = Path(__file__).with_name("listener.py")
END_S = 10.0


def interpreter(name: str) -> Path:
    """Give the Python of one clients' environment, or skip the test where it has not been made."""
    found = ROOT / ".clients" / name / "bin" / "python"
    if not (ROOT / ".clients" / name / ".ready").exists():
        pytest.skip(f"needs .clients/{name}, which is made by: make clients")
    return found


def environment(url: str) -> dict[str, str]:
    """Give the variables of a person who has just pointed MLflow at a server, and told it to send nothing elsewhere."""
    ours = ("MLFLOW_", "TRIVIUM_", "OTEL_", "OPENLINEAGE", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
    return kept | {
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "DO_NOT_TRACK": "true",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "NO_PROXY": "127.0.0.1",
    }


class ClientError(Exception):
    """What a client raised: the name of its class, its words, and MLflow's error code or nothing."""

    def __init__(self, kind: str, words: str, code: str, trace: str) -> None:
        super().__init__(f"{kind}: {words}\n{trace}")
        self.kind = kind
        self.words = words
        self.code = code


class Client:
    """One client in a process of its own, in a folder of its own. Use it as a context manager, or stop it."""

    def __init__(self, name: str, url: str, folder: Path, **variables: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "said.log"
        with self._log.open("wb") as said:
            self._process = subprocess.Popen(
                [interpreter(name), LISTENER],
                cwd=folder,
                env=environment(url) | variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
            )

    def run(self, code: str, **names: object) -> Any:
        """Run code with these names set; give the value of its last expression as JSON has it, or raise ClientError.

        Names stay from one call to the next.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"code": code, "names": names}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the client ended: {self.said()[-4000:]}")
        answer = json.loads(line)
        if (error := answer.get("error")) is not None:
            raise ClientError(error["kind"], error["words"], error["code"], error["trace"])
        return answer["value"]

    def said(self) -> str:
        """Give all that the client has printed or warned so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End the process, and wait for it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
