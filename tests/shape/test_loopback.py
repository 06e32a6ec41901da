"""Is a test that would leave this machine stopped?"""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("203.0.113.7", 443)])
def test_a_connection_to_elsewhere_is_refused(address: tuple[str, int]) -> None:
    with socket.socket() as elsewhere, pytest.raises(ConnectionRefusedError, match="tests use loopback only"):
        elsewhere.connect(address)


def test_a_connection_to_this_machine_is_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
