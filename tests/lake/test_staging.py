"""Files enter the lake whole or not at all, and what an interrupted import left is swept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from trivium.lake.staging import Stage, sweep


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "lake").mkdir()
    return tmp_path / "lake"


def staged(lake, content=b"rows"):
    stage = Stage(lake)
    path = stage.path("charges", 0)
    path.write_bytes(content)
    return stage, path


def test_publish_moves_the_file_and_pins_its_content(lake):
    stage, path = staged(lake)
    [file] = stage.publish([("charges", path, 7)])
    assert (file.table, file.rows, file.bytes) == ("charges", 7, 4)
    assert file.sha256 == hashlib.sha256(b"rows").hexdigest()
    assert (lake / file.path).read_bytes() == b"rows"
    assert not path.exists()


def test_the_file_and_its_folders_are_synced_before_publish_returns(lake, monkeypatch):
    """The order counts: content, then intent, then the move, then the folders that name the file."""
    done = []
    really_sync, really_rename = os.fsync, type(lake).rename
    monkeypatch.setattr(
        os, "fsync", lambda fd: done.append(str(Path(f"/proc/self/fd/{fd}").readlink())) or really_sync(fd)
    )
    monkeypatch.setattr(type(lake), "rename", lambda here, there: done.append("move") or really_rename(here, there))
    stage, path = staged(lake)
    stage.publish([("charges", path, 1)])
    move = done.index("move")
    assert done.index(str(path)) < done.index(str(stage.folder / "intent.json")) < move
    assert {str(stage.folder), str(lake / "staging")} <= set(done[:move])
    assert {str(lake / "charges"), str(lake)} <= set(done[move:])


def test_a_crash_before_the_commit_leaves_an_orphan_that_the_next_start_sweeps(lake):
    stage, path = staged(lake)
    [file] = stage.publish([("charges", path, 1)])
    assert sweep(lake, set()) == [file.path]
    assert not (lake / file.path).exists()
    assert list((lake / "staging").iterdir()) == []


def test_a_crash_after_the_commit_keeps_what_the_ledger_knows(lake):
    stage, path = staged(lake)
    [file] = stage.publish([("charges", path, 1)])
    assert sweep(lake, {file.path}) == []
    assert (lake / file.path).exists()
    assert list((lake / "staging").iterdir()) == []


def test_a_crash_while_reading_leaves_nothing(lake):
    staged(lake)
    assert sweep(lake, set()) == []
    assert list((lake / "staging").iterdir()) == []


def test_files_without_an_intent_are_never_swept(lake):
    """A manifest that is empty for any reason must not cost the rows."""
    stage, path = staged(lake)
    [file] = stage.publish([("charges", path, 1)])
    stage.discard()
    assert sweep(lake, set()) == []
    assert (lake / file.path).exists()


@pytest.mark.parametrize(
    "intent",
    [
        '["charges/.."]', '["charges/../../ledger.db"]', '["../ledger.db"]', '["ledger.db"]', '["blobs/kept"]',
        '["OUTSIDE"]', '["charges/deep/kept"]', '["cha', "", "{}", "[1]",
    ],
)  # fmt: skip
def test_a_torn_or_foreign_intent_removes_nothing_else(lake, intent):
    others = [lake.parent / "ledger.db", *(lake / name for name in ("ledger.db", "blobs/kept", "charges/deep/kept"))]
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text("facts")
    stage, _ = staged(lake)
    (stage.folder / "intent.json").write_text(intent.replace("OUTSIDE", str(others[0])))
    assert sweep(lake, set()) == []
    assert [other.read_text() for other in others] == ["facts"] * len(others)


def test_two_stages_never_share_a_name(lake):
    files = []
    for _ in range(2):
        stage, path = staged(lake)
        files += stage.publish([("charges", path, 1)])
    assert len({file.path for file in files}) == 2
