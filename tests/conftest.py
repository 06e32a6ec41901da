"""What holds for every test: no deadline on a busy machine, and no connection to anywhere but this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger

settings.register_profile(
    "house",
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger that keeps the manifest of a lake."""
    with Ledger.open(tmp_path / "home", folds=[Manifest()]) as opened:
        yield opened


@pytest.fixture
def lake(ledger: Ledger, tmp_path: Path) -> Iterator[Lake]:
    """Open the lake beside that ledger."""
    opened = Lake(tmp_path / "home" / "lake", ledger.reading)
    yield opened
    opened.close()


def is_here(address: object) -> bool:
    """Say whether a socket's address is this machine: a path, a loopback address, or the name of one."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).split("%")[0]
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", ""}


def stay_here(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse a connection that would leave this machine (an audit hook, PEP 578)."""
    if event == "socket.connect" and not is_here(arguments[1]):
        raise ConnectionRefusedError(f"a test tried to connect to {arguments[1]}; tests use loopback only")


sys.addaudithook(stay_here)
