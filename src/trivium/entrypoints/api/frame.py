"""What stands around every request: known host names, headers, one shape for faults, the worst in the log."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, MutableMapping
from typing import Any, Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trivium.entrypoints.api.log import log_fault
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.problems import problem_of, problem_response, retry_after
from trivium.entrypoints.web.headers import security_headers
from trivium.facts.problem import Problem, ProblemError, refuse, shown

Page = Callable[[Problem], Response]
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::(\d{1,5}))?", re.ASCII)
SECURITY: Final = [(name.encode(), value.encode()) for name, value in security_headers().items()]
_NAMES: Final = frozenset(name for name, _ in SECURITY)


class Frame:
    """The outermost application. The Host allow-list comes first: nothing else looks at a request before."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], metrics: Metrics, page: Page | None = None) -> None:
        self._app, self._metrics, self._page = app, metrics, page
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._known: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        answer = _Answer(send)
        scope["app"] = self
        try:
            self._check_host(scope)
            await self._app(scope, receive, answer)
        except Exception as fault:
            await self._tell(fault, scope, receive, answer)
        self._metrics.count(scope, answer.status, time.perf_counter() - begun)

    def _check_host(self, scope: Scope) -> None:
        found = [value for name, value in scope["headers"] if name == b"host"]
        if len(found) == 1 and found[0] in self._known:
            return
        host = found[0].decode("latin-1") if len(found) == 1 else ""
        matched = _HOST.fullmatch(host)
        if matched is None or matched[1].lower() not in self._hosts:
            raise _unknown_host(host)
        if len(self._known) < 100:
            self._known.add(found[0])

    async def _tell(self, fault: Exception, scope: Scope, receive: Receive, answer: _Answer) -> None:
        problem = problem_of(fault)
        if problem.status >= 500 and (problem.status == 500 or not isinstance(fault, ProblemError)):
            log_fault(scope["method"], scope["path"], fault)
        if not answer.status:
            headers = {"allow": allowed} if (allowed := _allowed(fault)) else None
            shows = self._page if _is_browser(scope) else None
            response = shows(problem) if shows else problem_response(problem, headers)
            response.headers.update(retry_after(problem))
            await response(scope, receive, answer)


class _Answer:
    """Passes an answer on with the security headers, and notes its status; 0 until it has begun."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            _add_security(message)
        await self._send(message)


def _add_security(message: MutableMapping[str, Any]) -> None:
    """Add the security headers that an answer does not bring itself."""
    headers = list(message.get("headers", ()))
    own = [name for name, _ in headers if name in _NAMES]
    headers += [pair for pair in SECURITY if pair[0] not in own] if own else SECURITY
    message["headers"] = headers


def _is_browser(scope: Scope) -> bool:
    """Say whether a person asked for a page: a browser, and not our interface or a foreign one."""
    accepts = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accepts and not str(scope["path"]).startswith(("/api/", "/v1/"))


def _allowed(fault: Exception) -> str:
    headers = getattr(fault, "headers", None) or {}
    return str(headers.get("Allow") or headers.get("allow") or "")


def _unknown_host(host: str) -> ProblemError:
    title = f"This server is not known as {shown(host)}." if host else "The request names no host, or several."
    fix = "Ask 127.0.0.1 or localhost, or list the name under `hosts` in trivium.toml."
    return refuse("unknown_host", title, status=421, where="Host", fix=fix)
