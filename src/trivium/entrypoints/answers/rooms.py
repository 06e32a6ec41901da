"""The objects that questions are asked of, built once by bootstrap."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from trivium.entrypoints.answers.bookkeeping import Bookkeeping
from trivium.facts.instants import Instant, now
from trivium.facts.statements import Reader
from trivium.lake.blobs import Blobs
from trivium.lake.lake import Lake
from trivium.ledger.book import Ledger
from trivium.mlops.trace_infos.telling import Teller
from trivium.mlops.traces.committer import Committer

UPLOAD: Final = "upload-"
"""How the folders begin in which a home keeps uploads while they are received and read."""


def sweep_uploads(home: Path) -> int:
    """Remove the uploads that a kill left, and say how many; call it once at start, while the home is held."""
    left = [path for path in home.glob(f"{UPLOAD}*") if path.is_dir() and not path.is_symlink()]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


@dataclass(frozen=True)
class Verified:
    """What a verification found: up to which fact, whether all was whole, and when."""

    sequence: int
    whole: bool
    at: Instant


@dataclass
class Verifications:
    """The last verification since the home was opened; None before the first. It is replaced whole."""

    last: Verified | None = None


@dataclass(frozen=True)
class Rooms:
    """One open home: its ledger, lake and blobs, and what reads them. `reader` says what a fact of any kind means."""

    home: Path
    ledger: Ledger
    lake: Lake
    blobs: Blobs
    reader: Reader
    bookkeeping: Bookkeeping
    spans: Committer
    teller: Teller
    hosts: tuple[str, ...] = ()
    upload_bytes: int = 20 << 30
    opened_at: Instant = field(default_factory=now)
    verified: Verifications = field(default_factory=Verifications)
    aside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "aside"))
    """Makes what nobody waits for, one after the other."""

    def close(self) -> None:
        """Commit spans and traces that wait, end what is made aside, close lake and ledger, free the home."""
        self.spans.close()
        self.teller.close()
        self.aside.shutdown(cancel_futures=True)
        self.lake.close()
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
