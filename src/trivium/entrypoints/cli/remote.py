"""Asks a running server over HTTP; what it refuses comes back as the same problem."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec

from trivium.entrypoints.answers.questions import PREFIX
from trivium.facts.problem import Problem, ProblemError, refuse, shown

_TIMEOUT_S: Final = 600.0


class Remote:
    """A server at an address, `http://HOST:PORT`."""

    def __init__(self, url: str, timeout_s: float = _TIMEOUT_S) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in {"http", "https"} or not host:
            fix = "Write http://127.0.0.1:8080."
            raise refuse("bad_url", f"{shown(url)} is no address of a server.", where="--url", fix=fix)
        self.url = url.rstrip("/")
        self._prefix = parts.path.rstrip("/")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._timeout_s = host, port, timeout_s

    def get(self, path: str, query: Mapping[str, object] | None = None, prefix: str = PREFIX) -> bytes:
        """Ask a question; parameters that are None are left out."""
        asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        return self._ask("GET", f"{prefix}{path}" + (f"?{urlencode(asked)}" if asked else ""), None, {})

    def post(self, path: str, body: bytes) -> bytes:
        """Send a command with a JSON body."""
        return self._ask("POST", f"{PREFIX}{path}", body, {"content-type": "application/json"})

    def upload(self, path: str, query: Mapping[str, object], chunks: Iterable[bytes], kind: str) -> bytes:
        """Stream bytes to the server."""
        asked = {name: _text(value) for name, value in query.items() if value not in (None, "")}
        target = f"{PREFIX}{path}" + (f"?{urlencode(asked)}" if asked else "")
        return self._ask("POST", target, chunks, {"content-type": kind})

    def _ask(self, method: str, target: str, body: bytes | Iterable[bytes] | None, headers: dict[str, str]) -> bytes:
        connection = self._kind(self._host, self._port, timeout=self._timeout_s)
        try:
            try:
                connection.request(method, self._prefix + target, body=body, headers=headers)
            except (BrokenPipeError, ConnectionResetError):
                if body is None:
                    raise
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as fault:
            title = f"{self.url} cannot be reached: {_reason(fault)}."
            fix = "Start it with `trivium up`, or name another with --url."
            raise refuse("unreachable", title, status=503, where="--url", fix=fix) from fault
        finally:
            connection.close()
        if response.status >= 300:
            raise ProblemError(_problem(self.url, response.status, content))
        return content


def _reason(fault: OSError | http.client.HTTPException) -> str:
    """Say why a connection failed, in the words of the system or in ours."""
    if isinstance(fault, TimeoutError):
        return "it did not answer in time"
    if isinstance(fault, OSError):
        return (fault.strerror or "the connection broke").lower()
    return "what answers there speaks no HTTP"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _problem(url: str, status: int, content: bytes) -> Problem:
    """Read the server's problem; what is none came from something else than Trivium."""
    try:
        return msgspec.json.decode(content, type=Problem)
    except msgspec.MsgspecError:
        title = f"{url} answered {status} and is no Trivium server."
        return Problem(code="unreachable", title=title, status=502, where="--url", fix="Check the address.")
