"""`kill -9` at any moment loses no acknowledged artifact, and leaves no blob that no fact names."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from tests.faults.artifact_writer import content_of, path_of
from tests.faults.traces import ROOT
from trivium.bootstrap import open_rooms
from trivium.mlops.artifacts.reading import find_artifact

AHEAD = 2_000


def kill_writers(home: Path, times: int) -> int:
    """Kill a writer again and again; gives how many unfinished files the starts after it have found."""
    chance = random.Random(5)
    acknowledged = found = 0
    for _ in range(times):
        acknowledged = run_and_kill(home, acknowledged, chance.uniform(0, 0.05), chance.randint(1, 8))
        found += len(list((home / "blobs" / "staging").iterdir()))
        check(home, acknowledged)
    assert acknowledged > times
    return found


def run_and_kill(home: Path, start: int, after_s: float, count: int) -> int:
    """Run a writer, and kill it a moment after it has acknowledged some; gives the number of the next artifact."""
    command = [sys.executable, "-m", "tests.faults.artifact_writer", str(home), str(start), str(AHEAD)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        timer = threading.Timer(after_s, writer.send_signal, [signal.SIGKILL])
        acknowledged = start
        for line in writer.stdout:
            assert line.startswith("ack ")
            acknowledged = int(line.split()[1]) + 1
            if acknowledged == start + count:
                timer.start()
        assert writer.wait() == -signal.SIGKILL
    return acknowledged


def check(home: Path, acknowledged: int) -> None:
    """Every acknowledged artifact is whole; every blob is named by a fact, and nothing half done is left."""
    with open_rooms(home) as rooms:
        with rooms.ledger.reading() as connection:
            stored = {number: find_artifact(connection, path_of(number)) for number in range(acknowledged)}
        assert all(rooms.blobs.get(artifact.blob) == content_of(number) for number, artifact in stored.items())
        facts = rooms.ledger.read(limit=100_000)
    named = {msgspec.json.decode(one.fact.body)["blob"] for one in facts if one.fact.kind == "artifact.stored"}
    kept = {path.parent.name + path.name for path in (home / "blobs" / "sha256").glob("*/*")}
    assert kept == named
    assert list((home / "blobs" / "staging").iterdir()) == []


def test_eight_kills_lose_no_artifact_and_leave_no_orphan(tmp_path: Path) -> None:
    kill_writers(tmp_path / "home", 8)


@pytest.mark.full
def test_a_hundred_kills_lose_no_artifact_and_leave_no_orphan(tmp_path: Path) -> None:
    assert kill_writers(tmp_path / "home", 100) > 10
