"""What went wrong is told in the form that the arguments ask for."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import msgspec
import pytest

from trivium.bootstrap import open_rooms
from trivium.entrypoints.cli.launch import UNREACHED, Launcher, run


def launcher(opened: object = open_rooms) -> Launcher:
    return Launcher(opened, lambda: Path("nowhere"), lambda _: 0, lambda *_: 0)  # type: ignore[arg-type]


def test_the_arguments_decide_not_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["something", "else"])
    run(["ledger", "proof", "1", "--home", str(tmp_path), "--json"], launcher())
    assert msgspec.json.decode(capsys.readouterr().err)["code"] == "no_ledger"
    monkeypatch.setattr(sys, "argv", ["something", "--json"])
    run(["ledger", "proof", "1", "--home", str(tmp_path)], launcher())
    assert capsys.readouterr().err.startswith("trivium: ")


def test_a_full_disk_is_told_in_a_clear_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert run(["doctor", "--home", str(tmp_path)], launcher(full)) == UNREACHED
    assert "The disk is full" in capsys.readouterr().err
