"""Builds every object once, and is the only file that knows every room."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line."""
    sys.stdout.write("trivium 0.1.0\n")
    return 0
