"""What a person means who asks for a job's or a model's cost, though by the rule little rests there.

A job holds what failed runs left at it and what it drained from versions; what its runs took went on to what they made.
A model without a version holds nothing: its versions do. Both stand beside the answer, and are no part of its total.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.period import Period
from trivium.finops.inflows import Inflows
from trivium.finops.loaded import is_version, runs_of, served


class VersionTotal(msgspec.Struct, frozen=True):
    """A version and the total of its loaded cost; None where no run is known that made it."""

    asset: str
    total: Decimal | None


def runs_took(inflows: Inflows, asset: str, month: Period | None = None) -> Decimal | None:
    """Sum what a job's runs were charged and what they drained from others; None for what is no job."""
    if asset not in inflows.books.flows.jobs:
        return None
    return add(*(one.amount for one in inflows.of_runs(asset) if month is None or one.month == month))


def version_totals(inflows: Inflows, asset: str, month: Period | None = None) -> tuple[VersionTotal, ...]:
    """List the versions of a model with their totals; nothing for what is no model without a version."""
    if kind_of(asset) != "model" or is_version(asset):
        return ()
    return totals_of(inflows, [key for key in inflows.books.flows.versions.keys if key.startswith(f"{asset}/")], month)


def totals_of(inflows: Inflows, versions: Sequence[str], month: Period | None = None) -> tuple[VersionTotal, ...]:
    """Give the totals of versions, by key, in their order."""
    books = inflows.books
    built = inflows.months(versions)
    found = []
    for version in versions:
        build = [one.amount for one in built[version] if month is None or one.month == month]
        run = [
            amount
            for book in books.months if month is None or book.month == month
            for amount in served(book, books.flows, version).values()
        ]  # fmt: skip
        known = bool(runs_of(books.flows, version))
        found.append(VersionTotal(version, add(*build, *run) if known else None))
    return tuple(found)
