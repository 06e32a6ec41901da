"""Does a large home have its books made when it begins to serve, and a small one not?"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.entrypoints.worked import worked_rooms
from trivium.entrypoints.api import server
from trivium.entrypoints.api.server import LOOPBACK, bound, serve


@pytest.mark.parametrize("large", [1, 10**9])
def test_a_large_home_makes_its_books_at_start(large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LARGE", large)
    with worked_rooms(tmp_path / "home") as rooms, bound(LOOPBACK, 0, search=False) as listening:
        serve(rooms, listening, lambda _: rooms.aside.submit(os.kill, os.getpid(), signal.SIGINT) and None)
        assert (rooms.bookkeeping.books_took_s > 0) == (large == 1)
