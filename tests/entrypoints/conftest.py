"""Open rooms with the worked example, shared by the tests of a module that only ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrypoints.worked import Caller, caller, worked_rooms
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers.rooms import Rooms


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    with worked_rooms(tmp_path_factory.mktemp("worked") / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(rooms: Rooms) -> Caller:
    return caller(rooms)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Rooms]:
    with open_rooms(tmp_path / "home") as opened:
        yield opened
