"""The worked example of attribution.md in open rooms, and a caller of the application without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import declare, import_focus
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.app import create_app
from trivium.intake.openlineage.reader import accept

SERVING = '[[endpoint]]\nname = "m"\n'
"""What the example has no need of, and questions about endpoints have."""
WORKED = Path(__file__).resolve().parents[2] / "examples" / "worked"
PREFIX = "/api/trivium/v1"
JSON = {"content-type": "application/json"}


@contextmanager
def worked_rooms(home: Path) -> Iterator[Rooms]:
    """Open a home that holds the worked example: events, bill, declaration."""
    with open_rooms(home) as rooms:
        rooms.ledger.append([accept(line) for line in (WORKED / "events.jsonl").read_bytes().splitlines()])
        import_focus.ask(rooms, import_focus.Params(), [WORKED / "bill.csv"])
        toml = (WORKED / "declare.toml").read_text(encoding="utf-8")
        declare.ask(rooms, declare.Params(toml=toml, name="worked"))
        declare.ask(rooms, declare.Params(toml=SERVING, name="serving"))
        yield rooms


@dataclass
class Answered:
    """What the application sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Caller:
    """Asks an ASGI application directly; `host` is the Host header."""

    app: Any
    host: str = "127.0.0.1:8080"

    def ask(
        self,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        method: str = "",
        pieces: int = 1,
        encoded: bool = False,
    ) -> Answered:
        """Send one request, its body in as many pieces as wished; `encoded` says that the path is percent-encoded."""
        path, _, query = target.partition("?")
        raw, path = (path, unquote(path)) if encoded else (quote(path), path)
        named = {"host": self.host, **(headers or {})}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": method or ("POST" if body else "GET"), "path": path, "raw_path": raw.encode(),
            "root_path": "", "query_string": query.encode(), "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8080),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
        }  # fmt: skip
        size = -(-len(body) // pieces) or 1
        chunks = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        answered = Answered()

        async def receive() -> dict[str, Any]:
            if not chunks:
                await asyncio.Event().wait()  # as a client that stays until it is answered
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                answered.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            else:
                answered.body += message.get("body", b"")

        asyncio.run(self.app(scope, receive, send))
        return answered


def caller(rooms: Rooms) -> Caller:
    """Make the application over open rooms, and a caller of it."""
    return Caller(create_app(rooms))
