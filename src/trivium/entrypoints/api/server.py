"""Serves a home on the loopback until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Final, cast

import uvicorn

from trivium.entrypoints.answers import overview
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.app import create_app
from trivium.entrypoints.api.short import Heads, ShortWay
from trivium.facts.problem import refuse, shown

LOOPBACK: Final = "127.0.0.1"
LARGE: Final = 100_000
"""From so many facts on the books are made at start."""
_BACKLOG: Final = 2048
_TRIES: Final = 100
_GRACE_S: Final = 10
_SWITCH_S: Final = 0.0002
"""How long one thread may keep the interpreter: the writer, back from the disk, must not wait for a busy event loop."""


def bound(host: str, port: int, *, search: bool) -> socket.socket:
    """Bind a socket on the loopback; with `search` the next free port is taken when the one asked for is not.

    Refuses another address than a loopback one: until access control exists, nobody else may reach the server.
    """
    _check_loopback(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in range(port, min(port + (_TRIES if search else 1), 65_536)):
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            found.bind((host, number))
            found.listen(_BACKLOG)
        except OSError as fault:
            found.close()
            if fault.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            continue
        return found
    fix = "Name another with --port, or 0 for any."
    raise refuse("port_taken", f"Port {port} is taken or not allowed.", status=423, where="port", fix=fix)


def serve(rooms: Rooms, listening: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; calls `ready` with the address once requests are answered."""
    sys.setswitchinterval(_SWITCH_S)
    host, port = listening.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    config = uvicorn.Config(
        create_app(rooms),
        http=cast("type[asyncio.Protocol]", partial(ShortWay, Heads())),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=64 * 1024,
        ws="none",
        proxy_headers=False,
    )
    server = _Server(config, lambda: _announce(rooms, address, ready))
    try:
        with _stopping_on_signals(server):
            server.run(sockets=[listening])
    finally:
        rooms.ledger.announce("")


class _Server(uvicorn.Server):
    """Tells when it has begun to listen; signals are taken outside, also when it runs beside a main thread."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then tell."""
        await super().startup(sockets)
        self._begun()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`, which ends them with exit code 0."""
        yield


@contextlib.contextmanager
def _stopping_on_signals(server: uvicorn.Server) -> Iterator[None]:
    """Stop on the first SIGINT or SIGTERM, at once on the second."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
        server.force_exit = server.should_exit
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _announce(rooms: Rooms, address: str, ready: Callable[[str], None]) -> None:
    rooms.ledger.announce(address)
    if rooms.ledger.head().sequence >= LARGE:
        rooms.aside.submit(_warm, rooms)
    ready(address)


def _warm(rooms: Rooms) -> None:
    """Make what pages are made from, so that the first reader does not wait; what is refused is told to who asks."""
    keeping = rooms.bookkeeping
    for currency in keeping.currencies(keeping.state()):
        overview.ask(rooms, overview.Params(currency=currency))


def _check_loopback(host: str) -> None:
    try:
        fine = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        fine = False
    if not fine:
        title = f"{shown(host)} is no loopback address, and there is no access control yet."
        fix = "Bind 127.0.0.1, and let a tunnel or a proxy with access control reach it."
        raise refuse("not_loopback", title, where="bind", fix=fix)
