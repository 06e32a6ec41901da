"""A server as its clients see it: questions and commands over HTTP, and Trivium's own command line beside it."""

from __future__ import annotations

import http.client
import subprocess
import sys
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from trivium.facts.problem import Problem, ProblemError, refuse

PREFIX: Final = "/api/trivium/v1"
_TIMEOUT_S: Final = 120.0
_COMMAND: Final = (sys.executable, "-c", "import sys; from trivium.bootstrap import main; sys.exit(main())")


class Server:
    """A running server at an address, `http://127.0.0.1:8080`."""

    def __init__(self, address: str) -> None:
        self.address = address
        parts = urlsplit(address)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_TIMEOUT_S)

    def ask(self, path: str, **asked: object) -> Any:
        """Ask a question and give its answer as plain values; raises ProblemError with what the server refuses."""
        query = f"?{urlencode(asked)}" if asked else ""
        return self._answer("GET", f"{PREFIX}{path}{query}", None, "")

    def tell(self, path: str, body: dict[str, object]) -> Any:
        """Send a command with a JSON body and give its answer."""
        return self._answer("POST", f"{PREFIX}{path}", msgspec.json.encode(body), "application/json")

    def upload(self, path: str, content: bytes, **asked: object) -> Any:
        """Send the bytes of a file and give what became of it."""
        return self._answer("POST", f"{PREFIX}{path}?{urlencode(asked)}", content, "application/octet-stream")

    def command(self, *arguments: str) -> bytes:
        """Run `trivium … --url ADDRESS --json` and give what it answers; raises ProblemError with what it says."""
        line = [*_COMMAND, *arguments, "--url", self.address, "--json"]
        ran = subprocess.run(line, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if ran.returncode == 0:
            return ran.stdout
        title = f"`trivium {' '.join(arguments)}` ended with {ran.returncode}: {ran.stderr.decode(errors='replace')}"
        raise refuse("demo_failed", title.strip())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _answer(self, method: str, target: str, body: bytes | None, kind: str) -> Any:
        headers = {"content-type": kind} if body is not None else {}
        self._connection.request(method, target, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise ProblemError(msgspec.json.decode(content, type=Problem))
        return msgspec.json.decode(content)
