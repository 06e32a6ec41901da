"""One process holds a home: a lock file beside the ledger, with who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

import msgspec

from trivium.facts.problem import refuse

FILE = "ledger.lock"


class Holder(msgspec.Struct, frozen=True):
    """Who holds a home. `address` is where its server answers, empty when none does."""

    pid: int
    home_id: str = ""
    path: str = ""
    address: str = ""


class HomeLock:
    """An advisory lock (flock) on `ledger.lock`; the kernel releases it when the process ends, however it ends."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise _held(home) from None
        self.announce(Holder(os.getpid(), path=str(home.resolve())))

    def announce(self, holder: Holder) -> None:
        """Write who holds the home; on a full disk the old text stays, for the lock itself needs none."""
        with contextlib.suppress(OSError):
            text = msgspec.json.encode(holder)
            os.pwrite(self._file, text, 0)
            os.ftruncate(self._file, len(text))

    def release(self) -> None:
        """Let others hold the home."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
        os.close(self._file)


def holder(home: Path) -> Holder | None:
    """Read who says that it holds a home; the caller checks that it is true (the process may be gone)."""
    try:
        return msgspec.json.decode((home / FILE).read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _held(home: Path) -> Exception:
    found = holder(home)
    who = f"process {found.pid}" if found else "another process"
    return refuse(
        "locked",
        f"The home {str(home)!r} is held by {who}.",
        status=423,
        where="home",
        fix="Ask the running server with `--url`, or stop that process.",
    )
