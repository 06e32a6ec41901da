"""The short way of a lineage event: the answers and facts of the long way, and only for what is plain."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from tests.graph.graph_made import event
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.app import create_app
from trivium.entrypoints.api.lineage import PATH
from trivium.entrypoints.api.short import HEADS_MAX, Heads, ShortWay
from trivium.facts.problem import refuse

PLAIN = {"Host": "127.0.0.1", "Content-Type": "application/json", "Connection": "keep-alive"}
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Served:
    """A server inside the test: counts how many requests went the long way."""

    def __init__(self, rooms: Rooms) -> None:
        self.long, self._app, self.heads = 0, create_app(rooms), Heads()
        self.connections: list[ShortWay] = []

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.long += 1
        await self._app(scope, receive, send)

    def made(self) -> ShortWay:
        config = uvicorn.Config(
            self.app, interface="asgi3", log_config=None, lifespan="off", date_header=False, ws="none"
        )
        made = ShortWay(self.heads, config=config, server_state=ServerState(), app_state={})
        self.connections.append(made)
        return made


class Client:
    """One connection to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def answer(self) -> tuple[int, bytes]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await self._reader.readexactly(int(length[1]) if length else 0)
        return int(head.split()[1]), head + body

    async def ask(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        self.writer.write(request(body, **headers))
        return await self.answer()

    async def ended(self) -> bool:
        return await self._reader.read() == b""


def request(body: bytes, target: str = PATH, **headers: str) -> bytes:
    named = (
        PLAIN | {"Content-Length": str(len(body))} | {name.replace("_", "-"): text for name, text in headers.items()}
    )
    lines = "".join(f"{name}: {text}\r\n" for name, text in named.items())
    return f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode() + body


def events(count: int) -> list[bytes]:
    return [event(f"r{number:03}", "START", "2026-10-05", job="j") for number in range(count)]


async def turn() -> None:
    """Let everything else on the loop have its turn."""
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turned.set_result, None)
    await turned


def talked(rooms: Rooms, talk: Callable[[Served, Client], Awaitable[None]]) -> None:
    """Serve for one conversation."""

    async def main() -> None:
        served = Served(rooms)
        server = await asyncio.get_running_loop().create_server(served.made, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            await asyncio.wait_for(talk(served, Client(reader, writer)), 20)
        finally:
            writer.close()
            server.close()

    asyncio.run(main())


def test_what_is_known_goes_the_short_way_and_is_answered_alike(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        found = [await client.ask(one) for one in events(4)]
        assert [status for status, _ in found] == [201] * 4
        assert (served.long, len({raw for _, raw in found})) == (1, 1)
        assert b"content-security-policy: " in found[3][1]
        long_known = await client.ask(events(4)[1], X="1")
        assert (await client.ask(events(4)[0]), served.long) == (long_known, 2)
        assert (await client.ask(b" " + events(4)[0]))[0] == 201

    talked(empty, talk)
    assert [one.fact.body for one in empty.ledger.read()] == [*events(4), b" " + events(4)[0]]


@pytest.mark.parametrize("size", [1, 7, 100, 150, 200])
def test_it_comes_in_pieces(size: int, empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        first, second, third = events(3)
        await client.ask(first)
        raw = request(second)
        for start in range(0, len(raw), size):
            client.writer.write(raw[start : start + size])
            await turn()
        assert (await client.answer())[0] == 201
        assert (await client.ask(third))[0] == 201

    talked(empty, talk)
    assert [one.fact.body for one in empty.ledger.read()] == events(3)


def test_a_body_after_its_head_goes_the_short_way(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        first, second = events(2)
        await client.ask(first)
        raw = request(second)
        client.writer.write(raw[: -len(second)])
        await client.writer.drain()
        while not served.connections[0]._gathered:
            await turn()
        client.writer.write(raw[-len(second) :])
        assert ((await client.answer())[0], served.long) == (201, 1)

    talked(empty, talk)
    assert empty.ledger.fact(2).fact.body == events(2)[1]


@pytest.mark.parametrize("together", [True, False])
def test_requests_are_answered_in_order(together: bool, empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        await client.ask(events(1)[0])
        bodies = [events(3)[1], b"{}", events(3)[2], events(3)[1]]
        first, *rest = map(request, bodies)
        client.writer.write(first + (b"".join(rest) if together else b""))
        while not (together or served.connections[0]._asked):
            await turn()
        for raw in () if together else rest:
            client.writer.write(raw)
            await turn()
        assert [(await client.answer())[0] for _ in bodies] == [201, 422, 201, 200]

    talked(empty, talk)
    assert [one.fact.body for one in empty.ledger.read()] == events(3)


@pytest.mark.parametrize("bad", [b"{}", b"{", b'{"eventTime":"x"}', b"", b"[" * 100])
def test_a_no_is_the_no_of_the_long_way(bad: bytes, empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        long = await client.ask(bad)
        await client.ask(events(1)[0])
        assert (await client.ask(bad), served.long) == (long, 3)
        assert (await client.ask(events(2)[1]))[0] == 201

    talked(empty, talk)


def test_what_the_ledger_refuses_goes_the_long_way(empty: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk(served: Served, client: Client) -> None:
        await client.ask(events(1)[0])
        full = refuse("read_only", "The disk is full.", status=503, retry_after_s=7)
        told = empty.ledger.append_told
        monkeypatch.setattr(empty.ledger, "append_told", lambda facts, hashes, loop, told: loop.call_soon(told, full))
        status, _ = await client.ask(events(2)[1])
        assert (status, served.long) == (201, 2)
        monkeypatch.setattr(empty.ledger, "append_told", told)
        assert ((await client.ask(events(2)[1]))[0], served.long) == (200, 2)

    talked(empty, talk)


def test_secrets_are_cut_on_the_short_way_too(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        await client.ask(events(1)[0])
        body = event("r", "START", "2026-10-05", job="j", x={"password": "hunter2"})
        assert ((await client.ask(body))[0], served.long) == (201, 1)

    talked(empty, talk)
    assert b"hunter2" not in empty.ledger.fact(2).fact.body


@pytest.mark.parametrize(
    "headers",
    [
        {"Connection": "close"}, {"Expect": "100-continue"}, {"Origin": "http://evil.example"},
        {"Host": "evil.example"}, {"Content_Type": "text/plain"}, {"Sec_Fetch_Site": "cross-site"},
        {"Content_Encoding": "identity"}, {"Upgrade": "h2c"},
    ],
)  # fmt: skip
def test_what_is_not_plain_or_not_allowed_is_never_known(headers: dict[str, str], empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        await client.ask(events(1)[0])
        client.writer.write(request(events(1)[0], **headers))
        await client.answer()
        assert (served.long, len(served.heads._takers)) == (2, 1)

    talked(empty, talk)


def test_a_chunked_body_is_never_known(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        body = events(1)[0]
        head = request(body).partition(b"\r\n\r\n")[0].replace(b"Content-Length: ", b"X-Content-Length: ")
        for long in (1, 2):
            client.writer.write(
                head + b"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            )
            assert ((await client.answer())[0] < 202, served.long) == (True, long)
        assert not served.heads._takers

    talked(empty, talk)


def test_known_heads_stay_few(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        for number in range(HEADS_MAX + 3):
            await client.ask(events(1)[0], X=str(number))
            assert len(served.heads._takers) <= HEADS_MAX

    talked(empty, talk)


def test_a_connection_that_is_told_to_end_answers_first(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        await client.ask(events(1)[0])
        client.writer.write(request(events(2)[1]))
        (connection,) = served.connections
        while not connection._asked:
            await turn()
        connection.shutdown()
        assert (await client.answer())[0] == 201
        assert await client.ended()

    talked(empty, talk)


def test_a_silent_connection_ends_and_a_talking_one_stays(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        await client.ask(events(1)[0])
        (connection,) = served.connections
        await client.ask(events(2)[1])
        connection.timeout_keep_alive_handler()
        assert (await client.ask(events(3)[2]))[0] == 201
        connection._heard_at -= connection.timeout_keep_alive
        connection.timeout_keep_alive_handler()
        assert await client.ended()

    talked(empty, talk)


def test_what_comes_the_short_way_is_counted(empty: Rooms) -> None:
    async def talk(served: Served, client: Client) -> None:
        for body in (*events(3), events(3)[0], b"{}"):
            await client.ask(body)
        client.writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        text = (await client.answer())[1].decode()
        for line in (
            'trivium_lineage_events_total{outcome="written"} 3.0', 'trivium_lineage_events_total{outcome="known"} 1.0',
            'trivium_lineage_events_total{outcome="refused"} 1.0',
            'trivium_requests_total{route="/api/v1/lineage",status="201"} 3.0',
            'trivium_request_seconds_count{route="/api/v1/lineage"} 5.0',
        ):  # fmt: skip
            assert line in text, text

    talked(empty, talk)
