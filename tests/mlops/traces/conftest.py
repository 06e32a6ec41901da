"""A ledger with the folds of traces, and the lake beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trivium.lake.lake import Lake
from trivium.lake.manifest import Manifest
from trivium.ledger.book import Ledger
from trivium.mlops.traces.fold import TracesFold
from trivium.mlops.traces.standing import StandingFold


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "home", folds=[Manifest(), StandingFold(), TracesFold()]) as opened:
        yield opened


@pytest.fixture
def lake(ledger: Ledger, tmp_path: Path) -> Iterator[Lake]:
    opened = Lake(tmp_path / "home" / "lake", ledger.reading)
    yield opened
    opened.close()
