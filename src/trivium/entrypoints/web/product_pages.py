"""The overview: one row for each product."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.requests import Request

from trivium.entrypoints.answers import overview
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import instant_of
from trivium.entrypoints.web.addresses import address, asset_address
from trivium.entrypoints.web.frames import asked_at, asked_currency, known_of, money_shell
from trivium.entrypoints.web.money_pages import downloads
from trivium.entrypoints.web.times import day_text
from trivium.entrypoints.web.trust_pages import setup_context
from trivium.facts.instants import parse_instant
from trivium.facts.keys import kind_of
from trivium.facts.money import share_of
from trivium.facts.period import parse_period

Context = dict[str, Any]


def overview_page(rooms: Rooms, request: Request) -> Context:
    """Give what `overview.html` shows; without products that is the set-up."""
    query = request.query_params
    params = overview.Params(
        period=query.get("period", ""),
        currency=asked_currency(rooms, request),
        as_of=query.get("as_of", ""),
        known=known_of(request),
    )
    answer = overview.ask(rooms, params)
    state = rooms.bookkeeping.state(instant_of(params.as_of), params.known)
    names = rooms.bookkeeping.names(state)
    products = [_product(one, names) for one in answer.products]
    failing = sorted({name for one in answer.products for name in one.failing})
    asked = {"period": answer.period, "currency": answer.currency, **asked_at(params.as_of, params.known)}
    worst = next((one for one in answer.products if one.failing), None)
    loose = Decimal(answer.unjoined)
    context = {
        "period": answer.period,
        "currency": answer.currency,
        "measure": "effective",
        "as_of": instant_of(params.as_of),
        "open": parse_period(answer.period).end > state.as_of,
        "through": day_text(parse_instant(answer.filled_through) - 1)[:-5] if answer.filled_through else None,
        "total": answer.total,
        "total_before": answer.total_before,
        "trend": answer.trend,
        "quality": {
            "kept": answer.kept,
            "total": answer.checks,
            "failing": [names.of(name) for name in failing],
            "state": "bad" if failing else "ok",
        },
        "products": products,
        "statement_href": address("/statement", asked, by="product"),
        "unjoined": _unjoined(loose, answer, asked) if loose else None,
        "decision": worst and {
            "title": "Something that a product stands on is bad.",
            "text": worst.next,
            "action": {"text": f"Open {names.of(worst.failing[0])}", "href": asset_address(worst.failing[0])},
        },
        "downloads": downloads("/overview", asked),
    }  # fmt: skip
    shell = money_shell(request, "overview", rooms, state, parse_period(answer.period), answer.currency)
    return {"shell": shell, "overview": context, "setup": setup_context(rooms, request)}


def _unjoined(loose: Decimal, answer: overview.Answer, asked: dict[str, str]) -> Context:
    return {
        "amount": answer.unjoined,
        "share": share_of(loose, Decimal(answer.total)),
        "href": address("/unmatched", asked),
    }


def _product(one: overview.Product, names: Names) -> Context:
    owner = next(iter(one.owners), None)
    return {
        "key": one.product,
        "title": one.title,
        "cost": one.cost,
        "cost_before": one.cost_before,
        "trend": one.trend,
        "most": one.model
        and {
            "share": one.share,
            "part": one.most,
            "href": asset_address(one.model),
        },
        "quality": {
            "kept": one.kept,
            "total": one.checks,
            "failing": [names.of(name) for name in one.failing],
            "state": one.quality,
        },
        "owner": owner and {"key": owner, "title": names.of(owner)},
        "next": {"text": one.next.replace("`", ""), "href": _where(one)} if one.next else None,
    }


def _where(one: overview.Product) -> str:
    """Link what is to be done: to the asset, or to what is declared."""
    return "/declared" if kind_of(one.next_asset) == "product" and not one.owners else asset_address(one.next_asset)
