"""Contexts for every page, invented: what answers will give, in the shapes of docs/reference/pages.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.entrypoints.web import sample_assets, sample_money, sample_trust
from trivium.entrypoints.web.patterns import patterns
from trivium.entrypoints.web.shell import AsOf, Choice, Pill, Shell, navigation

Context = Callable[[], dict[str, Any]]


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
        groups=navigation(name),
        version="0.1.0",
        period=Pill("Period", "November 2026", periods, "Filled through 22 November."),
        money=Pill("USD ·", "effective", measures),
        as_of=AsOf(None, path, (("period", "2026-11"),)),
    )


PAGES: dict[str, tuple[str, dict[str, Context]]] = {
    "/-/patterns": ("patterns.html", {"": lambda: {"samples": patterns()}}),
    "/": ("overview.html", {"": sample_money.overview, "empty": sample_money.empty_overview}),
    "/assets": ("assets.html", {"": sample_assets.asset_list, "empty": sample_assets.no_assets}),
    "/assets/{key}": ("asset.html", {
        "": sample_assets.version, "dataset": sample_assets.dataset, "bare": sample_assets.bare,
        "hostile": sample_assets.hostile, "large": sample_assets.large,
    }),
    "/explain": ("explain.html", {"": sample_money.explain, "empty": sample_money.empty_explain}),
    "/statement": ("statement.html", {"": sample_money.statement, "empty": sample_money.empty_statement}),
    "/data": ("data.html", {"": sample_assets.data_quality, "empty": sample_assets.no_data}),
    "/ledger": ("ledger.html", {"": sample_trust.ledger, "empty": sample_trust.empty_ledger}),
    "/ledger/48213": ("fact.html", {"": sample_trust.fact}),
    "/unmatched": ("unmatched.html", {"": sample_trust.unmatched, "empty": sample_trust.all_matched}),
    "/declared": ("declared.html", {"": sample_trust.declared, "empty": sample_trust.nothing_declared}),
    "/setup": ("setup.html", {"": sample_trust.setup}),
    "/problem": ("problem.html", {
        "": sample_trust.not_found, "bad": sample_trust.bad_key, "broken": sample_trust.broken,
    }),
}  # fmt: skip
PARTIALS: dict[str, tuple[str, Context]] = {"/setup/heard": ("setup_heard.html", sample_trust.setup)}
SEARCH: list[dict[str, str]] = [
    {
        "asset": "dataset:s3://hospital/features", "kind": "dataset", "title": "features",
        "href": "/assets/dataset%3As3%3A%2F%2Fhospital%2Ffeatures",
    },
    {
        "asset": "model:biopsy-triage/3", "kind": "model", "title": "biopsy-triage / 3",
        "href": "/assets/model%3Abiopsy-triage%2F3",
    },
    {
        "asset": "product:form-digitiser", "kind": "product", "title": "Form digitiser",
        "href": "/assets/product%3Aform-digitiser",
    },
]  # fmt: skip
