"""Prints what the filled server answers of models: what they took, what an accurate prediction costs, tokens, drift."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trivium.demo.server import Server
from trivium.demo.tables import Answer, Page, money
from trivium.demo.workers import PRODUCTS
from trivium.facts.period import Period

MADE_OF: Final = {
    "direct": "its own runs", "upstream": "its data", "trials": "its trials", "serving": "its serving",
    "tokens": "its tokens",
}  # fmt: skip


def print_models(server: Server, month: Period, page: Page, currency: str) -> None:
    """Ask every question of models and print the answers."""
    versions = versions_of(server)
    _took(page, server, [known[-1] for known in versions.values()], currency)
    judged = [_judged(server, known, month) for known in versions.values()]
    _accurate(page, judged, month, currency)
    _watched(page, server, [one["asset"] for one in judged], month)
    _used(page, server.ask("/usage", period=str(month)))


def versions_of(server: Server) -> dict[str, list[str]]:
    """List the versions of each product's model, the newest last."""
    numbers: dict[str, list[int]] = {}
    for asset in server.ask("/graph/export")["assets"]:
        name, _, number = asset["asset"].removeprefix("model:").partition("/")
        if asset["kind"] == "model" and number:
            numbers.setdefault(name, []).append(int(number))
    return {
        product: [f"model:{product}/{number}" for number in sorted(numbers[product])]
        for product in PRODUCTS
        if product in numbers
    }


def _took(page: Page, server: Server, versions: list[str], currency: str) -> None:
    """Print what it took to have the newest version of each model, and to run it."""
    rows = []
    for version in versions:
        found = server.ask("/cost/show", key=version)
        parts = {name: Decimal(found[name]) for name in MADE_OF}
        most = max(parts, key=lambda name: parts[name])
        share = parts[most] / Decimal(found["total"]) if Decimal(found["total"]) else Decimal(0)
        rows.append((version, *(money(found[name]) for name in (*MADE_OF, "total")), f"{MADE_OF[most]}: {share:.0%}"))
    page.table(f"What the newest versions took to date, {currency}", ("version", *MADE_OF, "total", "most of it"), rows)


def _judged(server: Server, versions: list[str], month: Period) -> Answer:
    """Give the figure of the newest version whose predictions were labelled; of the newest where none were."""
    found: list[Answer] = []
    for version in reversed(versions):
        found.append(server.ask("/kpi/cost-per-accurate-prediction", version=version, period=str(month)))
        if found[-1]["run_rate"]["value"] is not None:
            return found[-1]
    return found[0]


def _accurate(page: Page, judged: list[Answer], month: Period, currency: str) -> None:
    """Print what an accurate prediction costs."""
    rows = []
    for one in judged:
        rate = one["run_rate"]
        low_to_high = f"{rate['low']} to {rate['high']}" if rate["value"] is not None else rate["reason"]
        rows.append((
            one["asset"], f"{rate['predictions']:,}", _percent(rate["coverage"]), _percent(rate["accuracy"]),
            rate["value"] or "unknown", low_to_high, one["lifetime"]["value"] or "unknown",
        ))  # fmt: skip
    columns = ("version", "predictions", "labelled", "accurate", "each accurate one", "95 % interval", "over its life")
    page.table(f"Cost per accurate prediction, {month}, {currency}", columns, rows)


def _watched(page: Page, server: Server, versions: list[str], month: Period) -> None:
    """Print how good the predictions are, and whether what they were made from is what the model knows."""
    rows = []
    for version in versions:
        for path, what in (("/performance/show", "performance"), ("/drift/show", "drift")):
            rows.append((version, what, server.ask(path, key=version, period=str(month))["sentence"]))
    page.table(f"Performance and drift, {month}", ("version", "of", "what it says"), rows)


def _used(page: Page, found: Answer) -> None:
    """Print the tokens of each language model, and what they cost by list price, which splits the bill."""
    sums: dict[str, list[Decimal]] = {}
    unknown = {one["model"] for one in found["unknown"]}
    for line in found["lines"]:
        counts = sums.setdefault(line["model"], [Decimal(0)] * 5)
        for place, name in enumerate(("requests", "input_tokens", "cache_read_tokens", "output_tokens", "estimated")):
            counts[place] += Decimal(line[name] or 0)
    rows = [
        (model, *(f"{count:,}" for count in counts), "unknown" if model in unknown else money(estimated))
        for model, (*counts, estimated) in sorted(sums.items())
    ]
    columns = ("model", "requests", "tokens in", "of them cached", "tokens out", "by list price")
    page.table(f"Language models, {found['period']}, {found['currency']}", columns, rows)


def _percent(share: str | None) -> str:
    return f"{Decimal(share):.1%}" if share is not None else "unknown"
