"""Where a home is and how a server runs: defaults, `trivium.toml`, environment, options, in that order."""

from __future__ import annotations

import os
from pathlib import Path


def default_home() -> Path:
    """Give the home folder used when neither `--home` nor `--url` is given: `$XDG_DATA_HOME/trivium`."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "trivium"
