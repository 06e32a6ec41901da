"""The pages of endpoints: all of them, one of them, and what one accurate prediction of a version costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request

from trivium.entrypoints.answers import cost_per_accurate_prediction, endpoint_show, endpoints
from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.names import title_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import instant_of
from trivium.entrypoints.web.addresses import accurate_address, asset_address, endpoint_address
from trivium.entrypoints.web.frames import asked_at, asked_currency, known_of, money_shell
from trivium.entrypoints.web.money_pages import downloads
from trivium.facts.period import parse_period

Context = dict[str, Any]
_LINE = "trivium import predictions FILE --endpoint NAME --version NAME/VERSION"


def endpoints_page(rooms: Rooms, request: Request) -> Context:
    """Give what `endpoints.html` shows: every endpoint in a month, the busiest first."""
    asked, state = _asked(rooms, request)
    answer = endpoints.ask(rooms, endpoints.Params(limit=10_000, **asked))
    context = {
        "period": answer.period,
        "currency": answer.currency,
        "matching_text": f"{answer.total:,} endpoint" + ("" if answer.total == 1 else "s"),
        "rows": [
            msgspec.structs.asdict(one)
            | {
                "href": endpoint_address(one.asset), "latency": _latency(one), "cost": Decimal(one.cost),
                "served": [{"title": title_of(key), "href": accurate_address(key)} for key in one.versions],
                "product": title_of(one.products[0]) if one.products else None,
            }
            for one in answer.endpoints
        ],
        "downloads": _files("/endpoints", asked, answer.period) if answer.total else [],
        "line": None if answer.total else _LINE,
    }  # fmt: skip
    return {"shell": _shell(rooms, request, state, answer.period, answer.currency), "endpoints": context}


def endpoint_page(rooms: Rooms, request: Request) -> Context:
    """Give what `endpoint.html` shows: one endpoint's versions, days, labels and money in a month."""
    asked, state = _asked(rooms, request)
    answer = endpoint_show.ask(rooms, endpoint_show.Params(endpoint=request.path_params["endpoint"], **asked))
    context = msgspec.structs.asdict(answer) | {
        "crumbs": [{"text": "Endpoints", "href": "/endpoints"}],
        "actions": [{"text": "Everything about it", "href": asset_address(answer.asset)}],
        "latency": _latency(answer),
        "money": {name: Decimal(getattr(answer, name)) for name in ("serving", "tokens", "drained", "cost")},
        "coverage": _percent(answer.coverage),
        "versions": [
            msgspec.structs.asdict(one)
            | {
                "title": title_of(one.asset) if one.asset else "version unknown", "latency": _latency(one),
                "href": accurate_address(one.asset) if one.asset else None, "coverage": _percent(one.coverage),
            }
            for one in answer.versions
        ],
        "days": [
            msgspec.structs.asdict(one)
            | {"title": title_of(one.version) if one.version else "version unknown", "latency": _latency(one)}
            for one in answer.days
        ],
        "downloads": _files("/endpoint/show", asked, answer.period, endpoint=answer.asset),
        "line": None if answer.days else _LINE,
    }  # fmt: skip
    return {"shell": _shell(rooms, request, state, answer.period, answer.currency), "endpoint": context}


def accurate_page(rooms: Rooms, request: Request) -> Context:
    """Give what `accurate.html` shows: what one accurate prediction of a version costs, and how that was divided."""
    asked, state = _asked(rooms, request)
    params = cost_per_accurate_prediction.Params(version=request.path_params["key"], **asked)
    answer = cost_per_accurate_prediction.ask(rooms, params)
    context = msgspec.structs.asdict(answer) | {
        "title": title_of(answer.asset),
        "href": asset_address(answer.asset),
        "forms": [
            {"title": title, **msgspec.structs.asdict(form), "coverage_text": _percent(form.coverage),
             "accuracy_text": _percent(form.accuracy), "interval": _interval(form)}
            for title, form in ((f"Run rate, {answer.period}", answer.run_rate), ("Lifetime", answer.lifetime))
        ],
    }  # fmt: skip
    return {"shell": _shell(rooms, request, state, answer.period, answer.currency), "accurate": context}


def _asked(rooms: Rooms, request: Request) -> tuple[dict[str, Any], State]:
    """Read what every page about money may be asked."""
    query, known = request.query_params, known_of(request)
    as_of = query.get("as_of", "")
    asked = {
        "period": query.get("period", ""), "currency": asked_currency(rooms, request), "as_of": as_of, "known": known,
    }  # fmt: skip
    return asked, rooms.bookkeeping.state(instant_of(as_of), known)


def _files(path: str, asked: dict[str, Any], period: str, **more: str) -> list[dict[str, Any]]:
    return downloads(path, {**more, "period": period, "currency": asked["currency"],
                            **asked_at(asked["as_of"], asked["known"])})  # fmt: skip


def _shell(rooms: Rooms, request: Request, state: State, period: str, currency: str) -> Any:
    return money_shell(request, "endpoints", rooms, state, parse_period(period), currency)


def _latency(one: Any) -> str:
    """Write the three quantiles of a latency; a dash where none is told."""
    if one.p50_ms is None:
        return "–"
    return " / ".join(f"{value:,.0f}" for value in (one.p50_ms, one.p95_ms, one.p99_ms))


def _percent(share: str | None) -> str:
    return "–" if share is None else f"{100 * Decimal(share):.1f} %"


def _interval(form: cost_per_accurate_prediction.Form) -> str:
    if form.accuracy_low is None or form.accuracy_high is None:
        return "no labels"
    return f"{_percent(form.accuracy_low)} to {_percent(form.accuracy_high)}"
