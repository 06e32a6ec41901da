"""What does each product cost, of what is most of its model, how sound is what it stands on, and who has it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from trivium.dataops.healths import Health
from trivium.facts.instants import Instant
from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.books import Books
from trivium.finops.drawn import amounts, drawn, owners_now
from trivium.finops.loaded import Loaded, loaded
from trivium.graph.assets import Asset
from trivium.graph.beside import Beside
from trivium.graph.flows import Flows
from trivium.graph.traversal import Lineage

TREND: Final = 6
"""The months of a trend."""
PARTS: Final = {"direct": "runs", "upstream": "data", "trials": "trials", "serving": "serving", "tokens": "tokens"}
"""The parts of what a version took, and what they are called in a product's row."""
WORK: Final = 3_000_000
"""Pours that are run again at most to say what is most of the models; in a larger home the pages of models say it."""
MANY: Final = 1_000
"""Versions among which the newest of each product are looked for at most."""


class MonthCost(msgspec.Struct, frozen=True, kw_only=True):
    """One month and its money."""

    month: Period
    amount: Decimal


class Mostly(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of a product's model, the largest part of what it took to date, and that part's share."""

    version: str
    part: str
    share: Fraction


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """One product. `cost_before` is None without a month before; `bad` are the failing datasets that it stands on.

    `checks` counts all checks of the datasets upstream of it and its own, `kept` those that hold. `model` is None where
    it has none whose cost is known, or the home is too large to say it of all products at once.
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
    model: Mostly | None


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
    models = _MODELS.of(books, month, lambda: _models(books, month))
    rows = [
        _row(product, months, lines, datasets, healths, models.get(product.key))
        for product, datasets in standing.items()
    ]
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
    model: Mostly | None,
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
        model=model,
    )


_MODELS: Final[Beside[dict[str, Mostly]]] = Beside()


def _models(books: Books, month: Period) -> dict[str, Mostly]:
    """Say of each product with a model what is most of its newest version, to the month's end."""
    until = replace(books, months=tuple(book for book in books.months if book.month.start < month.end))
    if len(books.flows.versions.keys) > MANY:
        return {}
    newest = _newest(books.flows, month.end)
    if len(newest) * sum(len(book.network.target) for book in until.months) > WORK:
        return {}
    found = {product: _mostly(loaded(until, version)) for product, version in newest.items()}
    return {product: mostly for product, mostly in found.items() if mostly}


def _newest(flows: Flows, end: Instant) -> dict[str, str]:
    """Give each product's newest version before an instant: its own, or one that an endpoint or job of it uses."""
    owners, versions, used = owners_now(flows, "product"), flows.versions, flows.consumptions
    newest: dict[str, tuple[int, str]] = {}
    for place, (version, at) in enumerate(zip(versions.keys, versions.at.tolist(), strict=True)):
        users = [flows.consumers[user] for user in used.consumer[used.version == place].tolist()]
        for product in {name for key in (version, *users) for name in owners(key)} if at < end else ():
            newest[product] = max(newest.get(product, (at, version)), (at, version))
    return {product: version for product, (_, version) in newest.items()}


def _mostly(found: Loaded) -> Mostly | None:
    """Name the largest part of a loaded cost; None where nothing is known, or nothing was paid."""
    part = max(PARTS, key=lambda name: Decimal(getattr(found, name)))
    if not found.known or found.total <= 0:
        return None
    return Mostly(version=found.asset, part=PARTS[part], share=Fraction(getattr(found, part)) / Fraction(found.total))
