"""What does each product cost, how sound is what it stands on, and who has it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from trivium.dataops.healths import Health
from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.books import Books
from trivium.finops.drawn import amounts, drawn
from trivium.graph.assets import Asset
from trivium.graph.traversal import Lineage

TREND: Final = 6
"""The months of a trend."""


class MonthCost(msgspec.Struct, frozen=True, kw_only=True):
    """One month and its money."""

    month: Period
    amount: Decimal


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """One product. `cost_before` is None without a month before; `bad` are the failing datasets that it stands on.

    `checks` counts all checks of the datasets upstream of it and its own, `kept` those that hold.
    """

    product: str
    title: str
    cost: Decimal
    cost_before: Decimal | None
    trend: tuple[MonthCost, ...]
    datasets: int
    kept: int
    checks: int
    bad: tuple[str, ...]
    owners: tuple[str, ...]


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All products of a month. `total` is the month's charges, whatever they rest at.

    `checks` and `kept` count each dataset once, however many products stand on it.
    """

    total: Decimal
    total_before: Decimal | None
    trend: tuple[MonthCost, ...]
    kept: int
    checks: int
    products: tuple[ProductRow, ...]


def overview(
    books: Books, lineage: Lineage, healths: Mapping[str, Health], products: Iterable[Asset], month: Period
) -> Overview:
    """Join money, quality and owners by product, the costliest first."""
    months = [book.month for book in books.months if book.month.start <= month.start][-TREND:] or [month]
    totals = [MonthCost(month=one, amount=drawn(books, one, "product").total) for one in months]
    lines = [amounts(books, one, "product") for one in months]
    standing = {product: stands_on(lineage, product.key) for product in products}
    rows = [_row(product, months, lines, datasets, healths) for product, datasets in standing.items()]
    known = [healths[key] for key in sorted(set().union(*standing.values())) if key in healths]
    return Overview(
        total=totals[-1].amount,
        total_before=totals[-2].amount if len(totals) > 1 else None,
        trend=tuple(totals),
        kept=sum(health.passed for health in known),
        checks=sum(health.total for health in known),
        products=tuple(sorted(rows, key=lambda row: (-row.cost, row.product))),
    )


def stands_on(lineage: Lineage, product: str) -> list[str]:
    """List the datasets that a product stands on: its own, and all upstream of it."""
    return [step.asset for step in lineage.upstream(product) if kind_of(step.asset) == "dataset"]


def _row(
    product: Asset,
    months: list[Period],
    lines: list[Mapping[str, Decimal]],
    datasets: list[str],
    healths: Mapping[str, Health],
) -> ProductRow:
    costs = [line.get(product.key, Decimal(0)) for line in lines]
    known = [healths[key] for key in datasets if key in healths]
    return ProductRow(
        product=product.key,
        title=product.title,
        cost=add(costs[-1]),
        cost_before=costs[-2] if len(costs) > 1 else None,
        trend=tuple(MonthCost(month=one, amount=cost) for one, cost in zip(months, costs, strict=True)),
        datasets=len(datasets),
        kept=sum(health.passed for health in known),
        checks=sum(health.total for health in known),
        bad=tuple(health.dataset for health in known if health.state == "failing"),
        owners=product.owners,
    )
