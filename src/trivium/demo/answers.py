"""Prints what the filled server answers: costs of products and versions, what is unmatched, at risk, late, verified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trivium.demo.server import Server
from trivium.demo.workers import PRODUCTS
from trivium.facts.period import Period

BROKEN: Final = "dataset:s3://health-lake/biopsy/features"
PRODUCT: Final = "product:"
MADE_OF: Final = {"direct": "its own runs", "upstream": "its data", "trials": "its trials"}
_WORDS: Final = frozenset({"why", "most of it", "answer"})
_CENT: Final = Decimal("0.01")
Answer = dict[str, Any]


class Page:
    """A screen for tables: names and figures are never cut, words are folded."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table below its title."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for number, name in enumerate(columns):
            words, figure = name in _WORDS, number > 0 and name not in _WORDS
            table.add_column(name, justify="right" if figure else "left", no_wrap=not words, overflow="fold")
        for row in rows:
            table.add_row(*row)
        self._screen.print(Text(f"\n{title}", style="bold"))
        self._screen.print(table)


def print_answers(server: Server, months: Sequence[Period], screen: Console) -> None:
    """Ask every question of the tour and print the answers."""
    page = Page(screen)
    now, then = (server.ask("/cost/statement", period=str(month), by="product") for month in (months[-1], months[-2]))
    _products(page, now, then)
    _champions(page, server, now["currency"])
    _accounts(page, now)
    _unmatched(page, server.ask("/graph/unmatched", period=str(months[-1])))
    _at_risk(page, server)
    _trust(page, server, now, months)


def champions(server: Server) -> dict[str, str]:
    """Name the newest version of each product's model."""
    versions: dict[str, str] = {}
    for asset in server.ask("/graph/export")["assets"]:
        name, _, number = asset["asset"].removeprefix("model:").partition("/")
        if asset["kind"] == "model" and number and int(number) > int(versions.get(name, "0")):
            versions[name] = number
    return {product: f"model:{product}/{versions[product]}" for product in PRODUCTS if product in versions}


def _products(page: Page, now: Answer, then: Answer) -> None:
    """Print what stands at each product at the end of both months, beside what stands at none."""
    both = [{line["account"]: Decimal(line["amount"]) for line in one["lines"]} for one in (then, now)]
    keys = sorted({key for lines in both for key in lines if key.startswith(PRODUCT)})
    rows = [(key, *(_money(lines.get(key, 0)) for lines in both)) for key in keys]
    others = (sum(amount for key, amount in lines.items() if not key.startswith(PRODUCT)) for lines in both)
    rows.append(("no product: the named accounts below", *map(_money, others)))
    rows.append(("all", *(_money(sum(lines.values())) for lines in both)))
    rows.append(
        ("of that, brought forward from the month before", *(_money(one["brought_forward"]) for one in (then, now)))
    )
    page.table(f"Products, {now['currency']}", ("product", then["period"], now["period"]), rows)


def _champions(page: Page, server: Server, currency: str) -> None:
    """Print what it took to have the newest version of each model."""
    parts = ("direct", "upstream", "trials", "serving", "tokens", "total")
    rows = []
    for version in champions(server).values():
        found = server.ask("/cost/show", key=version)
        build = {name: Decimal(found[name]) for name in MADE_OF}
        most = max(build, key=lambda name: build[name])
        share = build[most] / sum(build.values()) if any(build.values()) else Decimal(0)
        rows.append((version, *(_money(found[name]) for name in parts), f"{MADE_OF[most]}: {share:.0%} of the build"))
    page.table(f"What the newest versions took to date, {currency}", ("version", *parts, "most of it"), rows)


def _accounts(page: Page, now: Answer) -> None:
    """Print the named accounts of the month."""
    rows = [
        (line["account"], _money(line["amount"])) for line in now["lines"] if not line["account"].startswith(PRODUCT)
    ]
    page.table(f"Named accounts, {now['period']}, {now['currency']}", ("account", "amount"), rows)


def _unmatched(page: Page, found: Answer) -> None:
    """Print the names that could not be joined, with the money that rests on them."""
    rows = [(row["name"], _money(row["money"]), row["why"]) for row in found["names"]]
    rows.append(("all", _money(found["total"]), f"{Decimal(found['share']):.1%} of the charges"))
    page.table(f"Not joined, {found['period']}, {found['currency']}", ("name", "money", "why"), rows)


def _at_risk(page: Page, server: Server) -> None:
    """Print what a table that fails its checks puts at risk."""
    found = server.ask("/blast", key=BROKEN)
    money, risk = found["money"], found["money"]["at_risk_per_day"]
    rows = [("bad since", str(found["since"])), *(("reaches", row["asset"]) for row in found["assets"])]
    rows.append(("spent since then", _money(money["spent"])))
    rows.extend((f"at risk each day: {name}", _money(risk[name])) for name in ("serving", "tokens", "value"))
    page.table(f"{BROKEN} fails its checks, {money['currency']}", ("what", "answer"), rows)


def _trust(page: Page, server: Server, now: Answer, months: Sequence[Period]) -> None:
    """Print what is closed, what came late, and whether the ledger is whole."""
    rows = []
    for month in months:
        statement = server.ask("/cost/statement", period=str(month))
        state = "closed" if statement["closed"] else "open"
        rows.append((f"{month}, {state}", f"{_money(statement['total'])} {statement['currency']}"))
    rows.append(("of that, late: it belongs to a closed month", f"{_money(now['late'])} {now['currency']}"))
    verified = server.tell("/ledger/verify", {})
    rows.append(("ledger", f"{verified['sequence']:,} facts, " + ("verified" if verified["ok"] else "NOT WHOLE")))
    page.table("Trust", ("what", "answer"), rows)


def _money(amount: object) -> str:
    """Write an amount to the cent, grouped; exact amounts are a question away."""
    return f"{Decimal(str(amount)).quantize(_CENT):,}" if amount is not None else "unknown"
