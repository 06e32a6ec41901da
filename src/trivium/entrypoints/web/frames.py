"""What stands around a page for one request: navigation, the months with charges, the currency, the instant."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from trivium import __version__
from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.web.addresses import address
from trivium.entrypoints.web.shell import AsOf, Choice, Pill, Shell, navigation
from trivium.entrypoints.web.times import day_text, month_text
from trivium.facts.instants import Instant, parse_instant
from trivium.facts.period import Period

EXISTING: Final = ("overview", "assets", "statement", "data", "ledger", "unmatched", "declared", "setup")
"""The places that have a page."""


def plain_shell(request: Request, current: str) -> Shell:
    """Frame a page that is about no month."""
    groups = navigation(current, EXISTING)
    return Shell(groups=groups, version=__version__, query=request.query_params.get("q", ""))


def money_shell(request: Request, current: str, rooms: Rooms, state: State, month: Period, currency: str) -> Shell:
    """Frame a page about money: its month, its currency, the instant that it is asked for."""
    path, query = request.url.path, request.url.query
    as_of = request.query_params.get("as_of", "")
    keep = tuple((name, value) for name, value in request.query_params.items() if name != "as_of")
    return Shell(
        groups=navigation(current, EXISTING),
        version=__version__,
        query=request.query_params.get("q", ""),
        period=_months(rooms, state, month, currency, path, query),
        money=_currencies(rooms, state, currency, path, query),
        as_of=AsOf(parse_instant(as_of, "as_of") if as_of else None, path, keep),
    )


def asked_currency(rooms: Rooms, request: Request) -> str:
    """Give the currency in the address, else the one with most charges: a page can show which it is."""
    keeping = rooms.bookkeeping
    asked = request.query_params.get("currency", "")
    return asked or next(iter(keeping.currencies(keeping.state())), "")


def _months(rooms: Rooms, state: State, month: Period, currency: str, path: str, query: str) -> Pill:
    books = rooms.bookkeeping.books(currency, state)
    choices = tuple(
        Choice(
            month_text(str(book.month)),
            address(path, query, period=str(book.month)),
            current=book.month == month,
            note="closed" if book.closed else "so far" if book.month.end > state.as_of else "",
        )
        for book in reversed(books.months)
    )
    return Pill("Period", month_text(str(month)), choices, filled_text(rooms, month, currency, state))


def _currencies(rooms: Rooms, state: State, currency: str, path: str, query: str) -> Pill | None:
    if not currency:
        return None
    found = rooms.bookkeeping.currencies(state)
    choices = tuple(Choice(one, address(path, query, currency=one), current=one == currency) for one in found)
    return Pill(f"{currency} ·", "effective", choices if len(choices) > 1 else ())


def filled_text(rooms: Rooms, month: Period, currency: str, state: State) -> str:
    """Say through which day a month is filled."""
    end: Instant | None = rooms.bookkeeping.filled_through(month, currency, state)
    return "" if end is None else f"Filled through {day_text(end - 1)}."
