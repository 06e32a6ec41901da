"""What stands in a month's statement: drawn once for a month's book, asked for by every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from trivium.facts.period import Period
from trivium.finops.books import Books
from trivium.finops.owners import owner_of
from trivium.finops.statement import Statement, statement
from trivium.graph.beside import Beside
from trivium.graph.flows import Flows

OwnersOf = Callable[[str], dict[str, Fraction]]
"""Gives the owners of an asset, with their shares of one."""
_DRAWN: Final[Beside[Statement]] = Beside()
_AMOUNTS: Final[Beside[Mapping[str, Decimal]]] = Beside()
_OWNERS: Final[Beside[OwnersOf]] = Beside()


def drawn(books: Books, month: Period, by: str) -> Statement:
    """Give the statement of a month by asset, team or product."""
    book = books.of(month)
    return statement(books, month, by) if book is None else _DRAWN.of(book, by, lambda: statement(books, month, by))


def amounts(books: Books, month: Period, by: str) -> Mapping[str, Decimal]:
    """Give the amounts of a month's statement by account."""
    book = books.of(month)
    if book is None:
        return {}
    return _AMOUNTS.of(book, by, lambda: {line.account: line.amount for line in drawn(books, month, by).lines})


def owners_now(flows: Flows, by: str) -> OwnersOf:
    """Give who owns what now, by `team` or `product`."""
    return _OWNERS.of(flows, by, lambda: owner_of(flows, by))
