"""Prints what the filled server answers: costs of products and versions, what is unmatched, at risk, late, verified."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from rich.console import Console

from trivium.demo.models import print_models
from trivium.demo.server import Server
from trivium.demo.tables import Answer, Page, money
from trivium.facts.period import Period

BROKEN: Final = "dataset:s3://health-lake/biopsy/features"
PRODUCT: Final = "product:"


def print_answers(server: Server, months: Sequence[Period], screen: Console) -> None:
    """Ask every question of the tour and print the answers."""
    page = Page(screen)
    now, then = (server.ask("/cost/statement", period=str(month), by="product") for month in (months[-1], months[-2]))
    _products(page, now, then)
    print_models(server, months[-1], page, now["currency"])
    _accounts(page, now)
    _unmatched(page, server.ask("/graph/unmatched", period=str(months[-1])))
    _at_risk(page, server)
    _trust(page, server, now, months)


def _products(page: Page, now: Answer, then: Answer) -> None:
    """Print what stands at each product at the end of both months, beside what stands at none."""
    both = [{line["account"]: Decimal(line["amount"]) for line in one["lines"]} for one in (then, now)]
    keys = sorted({key for lines in both for key in lines if key.startswith(PRODUCT)})
    rows = [(key, *(money(lines.get(key, 0)) for lines in both)) for key in keys]
    others = (sum(amount for key, amount in lines.items() if not key.startswith(PRODUCT)) for lines in both)
    rows.append(("no product: the named accounts below", *map(money, others)))
    rows.append(("all", *(money(sum(lines.values())) for lines in both)))
    rows.append(
        ("of that, brought forward from the month before", *(money(one["brought_forward"]) for one in (then, now)))
    )
    page.table(f"Products, {now['currency']}", ("product", then["period"], now["period"]), rows)


def _accounts(page: Page, now: Answer) -> None:
    """Print the named accounts of the month."""
    rows = [
        (line["account"], money(line["amount"])) for line in now["lines"] if not line["account"].startswith(PRODUCT)
    ]
    page.table(f"Named accounts, {now['period']}, {now['currency']}", ("account", "amount"), rows)


def _unmatched(page: Page, found: Answer) -> None:
    """Print the names that could not be joined, with the money that rests on them."""
    rows = [(row["name"], money(row["money"]), row["why"]) for row in found["names"]]
    rows.append(("all", money(found["total"]), f"{Decimal(found['share']):.1%} of the charges"))
    page.table(f"Not joined, {found['period']}, {found['currency']}", ("name", "money", "why"), rows)


def _at_risk(page: Page, server: Server) -> None:
    """Print what a table that fails its checks puts at risk."""
    found = server.ask("/blast", key=BROKEN)
    sums, risk = found["money"], found["money"]["at_risk_per_day"]
    rows = [("bad since", str(found["since"])), *(("reaches", row["asset"]) for row in found["assets"])]
    rows.append(("spent since then", money(sums["spent"])))
    rows.extend((f"at risk each day: {name}", money(risk[name])) for name in ("serving", "tokens", "value"))
    page.table(f"{BROKEN} fails its checks, {sums['currency']}", ("what", "answer"), rows)


def _trust(page: Page, server: Server, now: Answer, months: Sequence[Period]) -> None:
    """Print what is closed, what came late, and whether the ledger is whole."""
    rows = []
    for month in months:
        statement = server.ask("/cost/statement", period=str(month))
        state = "closed" if statement["closed"] else "open"
        rows.append((f"{month}, {state}", f"{money(statement['total'])} {statement['currency']}"))
    rows.append(("of that, late: it belongs to a closed month", f"{money(now['late'])} {now['currency']}"))
    verified = server.tell("/ledger/verify", {})
    rows.append(("ledger", f"{verified['sequence']:,} facts, " + ("verified" if verified["ok"] else "NOT WHOLE")))
    page.table("Trust", ("what", "answer"), rows)
