"""Where the real input stands that tests read but the repository does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "shared"


def shared(path: str) -> Path:
    """Give a file or folder below the shared folder, or skip the test where it is absent."""
    found = ROOT / path
    if not found.exists():
        pytest.skip(f"needs ../shared/{path}, which stands beside the repository and is not part of it")
    return found
