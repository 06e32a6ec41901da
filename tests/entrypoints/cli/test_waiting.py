"""Does a terminal say what takes long, and nothing where it does not or where nobody looks?"""

from __future__ import annotations

import io
import threading

import pytest

from trivium.entrypoints.cli import waiting as module
from trivium.entrypoints.cli.waiting import waiting


class Screen(io.StringIO):
    """What stands on a terminal, or in a pipe."""

    def __init__(self, looked_at: bool) -> None:
        super().__init__()
        self.looked_at, self.said = looked_at, threading.Event()

    def isatty(self) -> bool:
        return self.looked_at

    def write(self, text: str) -> int:
        if "Hashing" in text:
            self.said.set()
        return super().write(text)


@pytest.mark.parametrize(("looked_at", "after", "says"), [(True, 0.0, True), (True, 60.0, False), (False, 0.0, False)])
def test_what_takes_long_is_said_on_a_terminal(
    looked_at: bool, after: float, says: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(looked_at)
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(module, "AFTER_S", after)
    monkeypatch.setenv("TERM", "xterm")
    with waiting("Hashing every fact again"):
        assert screen.said.wait(20 if says else 0.2) == says
    assert (screen.getvalue() == "") == (not says or not looked_at)
