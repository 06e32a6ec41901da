"""Servers for stories: one that a module shares, and one that a test may stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.served import Served, end, serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = serve(tmp_path_factory.mktemp("served") / "home")
    yield served
    end(served)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Served]:
    served = serve(tmp_path / "home")
    yield served
    end(served)
