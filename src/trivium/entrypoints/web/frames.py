"""What stands around a page for one request: navigation, the months with charges, the currency, the instant."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.requests import Request

from trivium import __version__
from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import LARGEST
from trivium.entrypoints.web.addresses import address
from trivium.entrypoints.web.shell import AsOf, Choice, Link, Pill, Shell, Trouble, navigation
from trivium.entrypoints.web.times import day_text, month_text
from trivium.facts.instants import SECOND, Instant, parse_instant
from trivium.facts.period import Period
from trivium.facts.problem import refuse, shown

STALE_S: Final = 60
"""How long a fact may wait for its projections before every page says so."""


def plain_shell(request: Request, current: str, rooms: Rooms | None = None) -> Shell:
    """Frame a page that is about no month; with rooms it says what is wrong with the server."""
    groups = navigation(current)
    trouble = trouble_of(rooms) if rooms else None
    return Shell(groups=groups, version=__version__, query=request.query_params.get("q", ""), trouble=trouble)


def money_shell(request: Request, current: str, rooms: Rooms, state: State, month: Period, currency: str) -> Shell:
    """Frame a page about money: its month, its currency, the instant that it is asked for."""
    path, query = request.url.path, request.url.query
    as_of = request.query_params.get("as_of", "")
    keep = tuple((name, value) for name, value in request.query_params.items() if name not in {"as_of", "known"})
    return Shell(
        groups=navigation(current),
        version=__version__,
        query=request.query_params.get("q", ""),
        period=_months(rooms, state, month, currency, path, query),
        money=_currencies(rooms, state, currency, path, query),
        as_of=AsOf(parse_instant(as_of, "as_of") if as_of else None, path, keep, state.known),
        trouble=trouble_of(rooms),
    )


def priced_shell(request: Request, current: str, rooms: Rooms, currency: str) -> Shell:
    """Frame a page that shows money to date, of no month: its currency stands in the bar."""
    shell = plain_shell(request, current, rooms)
    pill = _currencies(rooms, rooms.bookkeeping.state(), currency, request.url.path, request.url.query)
    return replace(shell, money=pill)


def trouble_of(rooms: Rooms) -> Trouble | None:
    """Say what is wrong with the server: nothing can be written, a projection stands still, or facts wait too long."""
    health = rooms.ledger.health()
    action = Link("Ledger", "/ledger")
    if health.state == "read_only":
        return Trouble("Read-only.", health.read_only, action)
    if health.degraded:
        first = health.degraded[0]
        text = f"The projection `{first.fold}` stands before fact {first.sequence}: {first.sentence}"
        return Trouble("Degraded: answers may miss facts.", text, action)
    late_s = health.oldest_unprocessed_age_us // SECOND
    if late_s > STALE_S:
        return Trouble("Stale: answers may miss facts.", f"The oldest that waits is {late_s:,} s old.", action)
    return None


def asked_at(as_of: str, known: int | None) -> dict[str, str]:
    """Give the parameters of an address that say as of when and up to which fact; what was not asked is left out."""
    return {name: text for name, text in (("as_of", as_of), ("known", "" if known is None else str(known))) if text}


def known_of(request: Request) -> int | None:
    """Read up to which fact a page is asked, `known` as on the command line; empty is all."""
    text = request.query_params.get("known", "")
    if not text:
        return None
    if not (text.isdecimal() and int(text[:20]) <= LARGEST):
        raise refuse("bad_parameter", f"{shown(text)} is no sequence.", where="known", fix="Name a fact by its number.")
    return int(text)


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
