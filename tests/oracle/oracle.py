"""The exact oracle of the tank rule: its three questions."""

from __future__ import annotations

from tests.oracle.answers import Loaded, Statement, loaded, pours, statement
from tests.oracle.rules import AS_WRITTEN, Rules

__all__ = ["AS_WRITTEN", "Loaded", "Rules", "Statement", "loaded", "pours", "statement"]
