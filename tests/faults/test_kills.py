"""`kill -9` at any moment loses nothing acknowledged and writes nothing twice."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.traces import ROOT
from tests.faults.writer import numbered
from trivium.ledger.book import Ledger
from trivium.ledger.verify import verify

AHEAD = 5_000


def kill_writers(home: Path, times: int) -> None:
    """Start a writer, kill it after some acknowledgements, start the next where the acknowledged ones end."""
    chance = random.Random(9)
    acknowledged: dict[int, int] = {}
    for number in range(times):
        start = number * 20
        acknowledged |= run_and_kill(home, start, chance.randint(1, 60))
        check(home, acknowledged, number)
    assert len(acknowledged) > times


def run_and_kill(home: Path, start: int, after: int) -> dict[int, int]:
    """Run a writer until it has acknowledged `after` facts, then kill it; gives all that it acknowledged."""
    command = [sys.executable, "-m", "tests.faults.writer", str(home), str(start), str(AHEAD)]
    acknowledged: dict[int, int] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            what, number, sequence = line.split()
            assert what == "ack", line
            acknowledged[int(number)] = int(sequence)
            if len(acknowledged) == after:
                writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
    return acknowledged


def check(home: Path, acknowledged: dict[int, int], number: int) -> None:
    """Look at a copy as the kill left it: it verifies, and every acknowledged fact stands at its sequence, once."""
    copy = home.with_name(f"copy{number}")
    shutil.copytree(home, copy)
    assert verify(copy).ok
    with Ledger.open(copy) as ledger:
        read = ledger.read(limit=10**6)
        assert sum(ledger.counts_by_kind().values()) == len(read)
    assert [one.sequence for one in read] == list(range(1, len(read) + 1))
    assert len({one.fact.key for one in read}) == len(read)
    for one, sequence in acknowledged.items():
        assert read[sequence - 1].fact == numbered(one)
    shutil.rmtree(copy)


def test_thirty_kills_lose_nothing_and_write_nothing_twice(tmp_path: Path) -> None:
    """The ranges of successive writers overlap, so that each sends again what its killed forerunner sent."""
    kill_writers(tmp_path / "home", 30)


@pytest.mark.full
def test_three_hundred_kills_lose_nothing_and_write_nothing_twice(tmp_path: Path) -> None:
    kill_writers(tmp_path / "home", 300)
