"""Is every promise that the README prints kept by a test that exists?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

TEN = (
    "Acked means durable", "Once", "Order-proof", "Append-only, checkable offline", "Rebuildable", "Money exact",
    "No known input gives a 500", "Deny by default", "Erasable", "Honest health",
)  # fmt: skip
"""What may be promised at all (design.md §5)."""

KEPT: dict[str, tuple[str, ...]] = {
    "Money exact": (
        "tests/facts/test_money.py::test_sums_are_those_of_fractions",
        "tests/facts/test_money.py::test_two_currencies_are_never_added",
        "tests/shape/test_tidy.py::test_this_repository_is_tidy_and_it_is_said_quickly",
    ),
}
"""Each promise of the README, and the tests that would go red if it were broken."""


def promised(text: str) -> list[str]:
    """Read the titles of the numbered list below `## Promises`."""
    section = text.split("\n## Promises\n")[1].split("\n## ")[0]
    return [title.rstrip(".") for title in re.findall(r"^\d+\. \*\*(.+?)\*\*", section, re.MULTILINE)]


def test_readme_promises_what_is_kept_and_nothing_else() -> None:
    assert promised(README) == [title for title in TEN if title in KEPT]
    assert set(KEPT) <= set(TEN)


def test_a_promise_is_read() -> None:
    text = "# A\n\n## Promises\n\nEach…\n\n1. **Once.** A retry.\n2. **Money exact.** To the last.\n\n## B\n1. **No**\n"
    assert promised(text) == ["Once", "Money exact"]


@pytest.mark.parametrize("place", [place for places in KEPT.values() for place in places])
def test_the_test_of_a_promise_exists(place: str) -> None:
    path, _, name = place.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name.startswith("test_")
    assert name in names


@pytest.mark.parametrize("word", ["gate", "budget", "data contract", "PostgreSQL", "Spark", "waiver", "MLflow"])
def test_readme_claims_nothing_that_is_not_built(word: str) -> None:
    assert not re.search(rf"\b{word}s?\b", README, re.IGNORECASE)
