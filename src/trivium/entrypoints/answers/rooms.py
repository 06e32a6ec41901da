"""The objects that questions are asked of, built once by bootstrap."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from trivium.entrypoints.answers.bookkeeping import Bookkeeping
from trivium.facts.instants import Instant, now
from trivium.facts.statements import Reader
from trivium.lake.blobs import Blobs
from trivium.lake.lake import Lake
from trivium.ledger.book import Ledger


@dataclass
class Verified:
    """The last verification since the home was opened: up to which fact, whether all was whole, and when."""

    sequence: int = 0
    whole: bool = True
    at: Instant | None = None


@dataclass(frozen=True)
class Rooms:
    """One open home: its ledger, lake and blobs, and what reads them. `reader` says what a fact of any kind means."""

    home: Path
    ledger: Ledger
    lake: Lake
    blobs: Blobs
    reader: Reader
    bookkeeping: Bookkeeping
    hosts: tuple[str, ...] = ()
    upload_bytes: int = 20 << 30
    opened_at: Instant = field(default_factory=now)
    verified: Verified = field(default_factory=Verified)

    def close(self) -> None:
        """Close the lake and the ledger, and let others hold the home."""
        self.lake.close()
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
