"""A real server: `trivium up` as a process of its own on a free port and a home that is thrown away."""

from __future__ import annotations

import http.client
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

PROGRAM = Path(sys.executable).parent / "trivium"
START_LIMIT_S = 60


@dataclass
class Served:
    """A running server and its home."""

    home: Path
    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def ask(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, method: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request and give status, headers (names in lower case) and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, headers or {})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        status, _, body = self.ask(path)
        assert status == 200, body
        return msgspec.json.decode(body)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell the server to stop and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


def serve(home: Path, *options: str) -> Served:
    """Start a server and wait for its address."""
    process = subprocess.Popen(
        [PROGRAM, "up", "--home", home, *(options or ("--port", "0"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_LIMIT_S)
    line = process.stdout.readline() if ready else ""
    if " at http" not in line:
        process.kill()
        raise AssertionError(f"the server did not start: {line!r} {process.communicate()}")
    return Served(home, process, line.rpartition(" at ")[2].strip())


def end(served: Served) -> None:
    """Stop a server, whatever it does."""
    if served.process.poll() is None:
        served.process.terminate()
        try:
            served.process.wait(30)
        except subprocess.TimeoutExpired:
            served.process.kill()
            served.process.wait(30)
    for stream in (served.process.stdout, served.process.stderr):
        if stream is not None:
            stream.close()


def trivium(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command and give what came of it."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment() | environment,
        stdin=subprocess.DEVNULL,
        timeout=180,
    )


def clean_environment() -> dict[str, str]:
    """Give the environment without settings of Trivium."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("TRIVIUM_", "XDG_DATA"))}


def elapsed_s(begun: float) -> float:
    """Give the seconds since a reading of the monotonic clock."""
    return time.monotonic() - begun
