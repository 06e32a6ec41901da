"""Contexts for every page, invented: what answers will give, in the shapes of SHAPES.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trivium.entrypoints.web.patterns import patterns
from trivium.entrypoints.web.shell import AsOf, Choice, Pill, Shell, navigation

Contexts = dict[str, Callable[[], dict[str, Any]]]

EVERYTHING = ("overview", "assets", "statement", "data", "ledger", "unmatched", "declared", "setup")


def shell(path: str) -> Shell:
    """Give the frame of a page."""
    name = {"/": "overview"}.get(path, path.strip("/").partition("/")[0])
    months = (
        ("November 2026", "2026-11", "so far"),
        ("October 2026", "2026-10", ""),
        ("September 2026", "2026-09", "closed"),
    )
    periods = tuple(Choice(text, f"{path}?period={month}", month == "2026-11", note) for text, month, note in months)
    measures = (
        Choice("Effective", path, current=True, note="what was used"),
        Choice("Billed", f"{path}?measure=billed", note="invoices"),
    )
    return Shell(
        groups=navigation(name, EVERYTHING, {"unmatched": 3}),
        version="0.1.0",
        period=Pill("Period", "November 2026", periods, "Filled through 22 November."),
        money=Pill("USD ·", "effective", measures),
        as_of=AsOf(None, path, (("period", "2026-11"),)),
    )


PAGES: dict[str, tuple[str, Contexts]] = {
    "/-/patterns": ("patterns.html", {"": lambda: {"samples": patterns()}}),
}
PARTIALS: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {}
SEARCH: list[dict[str, str]] = [
    {
        "asset": "dataset:s3://hospital/features",
        "kind": "dataset",
        "title": "features",
        "href": "/assets/dataset%3As3%3A%2F%2Fhospital%2Ffeatures",
    },
    {
        "asset": "model:biopsy-triage/3",
        "kind": "model",
        "title": "biopsy-triage / 3",
        "href": "/assets/model%3Abiopsy-triage%2F3",
    },
    {
        "asset": "product:form-digitiser",
        "kind": "product",
        "title": "Form digitiser",
        "href": "/assets/product%3Aform-digitiser",
    },
]
