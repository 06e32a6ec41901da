"""A disk that is full or fails: refused with 503, read-only, nothing half written, and well again by itself."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.traces import ROOT, need_strace
from tests.faults.writer import numbered
from tests.ledger.facts_made import fact
from trivium.facts.problem import ProblemError
from trivium.ledger import writer
from trivium.ledger.book import Ledger
from trivium.ledger.verify import verify

BIG = 50_000


def append_until_refused(ledger: Ledger, start: int) -> tuple[list[int], ProblemError]:
    """Append larger facts until one is refused; gives the numbers that were acknowledged."""
    acknowledged = []
    for number in range(start, start + 1_000):
        try:
            ledger.append([fact(number, body=bytes(BIG))])
        except ProblemError as refused:
            return acknowledged, refused
        acknowledged.append(number)
    raise AssertionError("the disk never became full")


def check_recovery(ledger: Ledger, acknowledged: list[int], refused: ProblemError) -> None:
    """After space has come back: the same facts are taken, and nothing was lost or written twice."""
    assert (refused.problem.status, refused.problem.code) == (503, "read_only")
    assert refused.problem.retry_after_s > 0
    receipts = ledger.append([fact(number, body=bytes(BIG)) for number in [*acknowledged, 9_999]])
    assert [one.written for one in receipts] == [False] * len(acknowledged) + [True]
    assert [one.sequence for one in receipts] == list(range(1, len(receipts) + 1))
    assert ledger.health().state == "ok"
    assert verify(ledger.home).ok


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a real file system of a few megabytes; only root may."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False) if mount else None
    if mounted is None or mounted.returncode:
        pytest.skip(f"needs root's right to mount a small disk: {mounted.stderr.strip() if mounted else 'no mount'}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_read_only_until_there_is_space(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk, Ledger.open(disk / "home") as ledger:
        (disk / "ballast").write_bytes(bytes(2_000_000))
        acknowledged, refused = append_until_refused(ledger, 0)
        assert "full" in refused.problem.title
        health = ledger.health()
        assert (health.state, health.sequence) == ("read_only", len(acknowledged))
        assert "full" in health.read_only
        assert [one.sequence for one in ledger.read()] == [*range(1, len(acknowledged) + 1)]
        (disk / "ballast").unlink()
        check_recovery(ledger, acknowledged, refused)


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: the write then fails as it does on a broken disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_writes_that_fail_make_it_read_only_until_they_succeed(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "home") as ledger:
        with files_at_most(1_000_000):
            acknowledged, refused = append_until_refused(ledger, 0)
            assert ledger.health().state == "read_only"
        check_recovery(ledger, acknowledged, refused)


def test_it_recovers_without_being_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0)
    probed = threading.Event()
    usual = writer.Writer._probe

    def probe(self: writer.Writer) -> None:
        usual(self)
        probed.set()

    monkeypatch.setattr(writer.Writer, "_probe", probe)
    with Ledger.open(tmp_path / "home") as ledger:
        with files_at_most(1_000_000):
            append_until_refused(ledger, 0)
        assert probed.wait(10)
        assert ledger.health().state == "ok"


def test_everyone_in_a_failing_group_is_refused_and_may_come_again(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "home") as ledger:
        with files_at_most(300_000):
            futures = [ledger.submit([fact(number, body=bytes(BIG))]) for number in range(20)]
            outcomes = [future.exception() for future in futures]
        refused = [one for one in outcomes if one is not None]
        assert refused
        assert {one.problem.code for one in refused if isinstance(one, ProblemError)} == {"read_only"}
        receipts = [ledger.append([fact(number, body=bytes(BIG))])[0] for number in range(20)]
        assert sorted(one.sequence for one in receipts) == list(range(1, 21))
        assert sum(one.written for one in receipts) == len(refused)


INJECTIONS = [
    (call, error, when)
    for call, error in [("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"), ("ftruncate", "EIO")]
    for when in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)
]


@pytest.mark.parametrize(("call", "error", "when"), INJECTIONS[::4])
def test_a_system_call_that_fails_loses_nothing_acknowledged(tmp_path: Path, call: str, error: str, when: int) -> None:
    check_injection(tmp_path, call, error, f"{when}..{when + 2}")


@pytest.mark.full
@pytest.mark.parametrize(("call", "error", "when"), INJECTIONS)
def test_every_system_call_that_fails_loses_nothing_acknowledged(
    tmp_path: Path, call: str, error: str, when: int
) -> None:
    for place in range(when, when + 8):
        check_injection(tmp_path / str(place), call, error, f"{place}..{place + 2}")


def check_injection(folder: Path, call: str, error: str, when: str) -> None:
    """Let some calls on the ledger's files fail in the writer's process, then look at what it left."""
    home = folder / "home"
    Ledger.open(home).close()
    command = [need_strace(), "-f", "-o", str(folder / "trace"), "-e", f"inject={call}:error={error}:when={when}"]
    command += [part for name in ("ledger.db", "ledger.db-wal") for part in ("-P", str(home / name))]
    command += [sys.executable, "-m", "tests.faults.writer", str(home), "0", "60"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    lines = [line.split() for line in ran.stdout.splitlines()]
    acknowledged = {int(line[1]): int(line[2]) for line in lines if line[0] == "ack"}
    refused = {line[2] for line in lines if line[0] == "refused"}
    assert refused <= {"read_only"}, ran.stdout
    if call != "ftruncate" and int(when.partition("..")[0]) < 20:
        assert "(INJECTED)" in (folder / "trace").read_text()
    if lines and lines[-1][0] == "end":
        assert len(acknowledged) + sum(line[0] == "refused" for line in lines) == 60
    else:
        assert "ProblemError" in ran.stderr or "Error" in ran.stderr
    found = verify(home)
    assert found.ok, found.problems
    with Ledger.open(home) as ledger:
        read = ledger.read(limit=10**6)
    for number, sequence in acknowledged.items():
        assert read[sequence - 1].fact == numbered(number)
    assert len(read) >= len(acknowledged)


def test_a_lock_held_by_another_program_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from trivium.ledger import sqlite

    usual: Any = sqlite._prepare_writer

    def prepare(connection: sqlite3.Connection) -> None:
        usual(connection)
        connection.execute("PRAGMA busy_timeout = 50")

    monkeypatch.setattr(sqlite, "_prepare_writer", prepare)
    with Ledger.open(tmp_path) as ledger:
        ledger.append([fact(1)])
        other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ProblemError, match="locked"):
            ledger.append([fact(2)])
        other.execute("ROLLBACK")
        other.close()
        assert ledger.append([fact(2)])[0].sequence == 2
