"""The lists: all assets, or those that a search finds; and all datasets with how they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.requests import Request

from trivium.entrypoints.answers import assets
from trivium.entrypoints.answers.names import title_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import instant_of
from trivium.entrypoints.web.addresses import address, asset_address
from trivium.entrypoints.web.frames import asked_at, asked_currency, known_of, money_shell, plain_shell
from trivium.entrypoints.web.money_pages import downloads, kind_words
from trivium.entrypoints.web.paging import PAGE, start_of, ways
from trivium.entrypoints.web.trust_pages import origin_of
from trivium.facts.instants import parse_instant

Context = dict[str, Any]
STATES = {"failing": "bad", "warning": "unknown", "passing": "ok", "unknown": "unknown"}
"""How a dataset's quality is marked on pages; red is kept for what fails, a warning is said in words."""


def assets_page(rooms: Rooms, request: Request) -> Context:
    """Give what `assets.html` shows: all assets, or those that a search without a script finds."""
    query = request.query_params
    params = assets.Params(
        kind=query.get("kind", ""), q=query.get("q", ""), start=start_of(request), limit=PAGE, known=known_of(request)
    )
    answer = assets.ask(rooms, params)
    names = ("", *(one.kind for one in answer.kinds))
    counts = {one.kind: one.count for one in answer.kinds}
    asked = {"kind": params.kind, "q": params.q, **asked_at("", params.known)}
    context = {
        "query": params.q,
        "matching_text": f"{answer.total:,} asset" + ("" if answer.total == 1 else "s"),
        "kinds": [
            {"text": f"{name.capitalize()} {counts[name]:,}" if name else "All", "current": name == params.kind,
             "href": address("/assets", request.url.query, kind=name or None, **{"from": None})}
            for name in names
        ],
        "results": [_result(one) for one in answer.assets],
        "paging": ways(request, params.start, len(answer.assets), answer.total),
        "downloads": downloads("/assets", asked) if answer.total else [],
        "line": None if answer.total else f"export OPENLINEAGE_URL={origin_of(request)}",
    }  # fmt: skip
    return {"shell": plain_shell(request, "assets", rooms), "assets": context}


def data_page(rooms: Rooms, request: Request) -> Context:
    """Give what `data.html` shows: every dataset's health, what fails first."""
    keeping = rooms.bookkeeping
    as_of = request.query_params.get("as_of", "")
    params = assets.Params(
        kind="dataset", order="quality", start=start_of(request), limit=PAGE, as_of=as_of, known=known_of(request)
    )
    answer = assets.ask(rooms, params)
    state = keeping.state(instant_of(as_of), params.known)
    names, currency = keeping.names(state), asked_currency(rooms, request)
    rows = [_row(one) | {"owner": _owner(one, names.of)} for one in answer.assets]
    asked = {"kind": "dataset", "order": "quality", **asked_at(as_of, params.known)}
    context = {
        "decision": _worst(answer, rows) if not params.start else None,
        "rows": rows,
        "paging": ways(request, params.start, len(rows), answer.total),
        "matching_text": f"{answer.total:,} dataset" + ("" if answer.total == 1 else "s"),
        "text": "Checks come with lineage events; a dataset without one is unknown, not sound.",
        "downloads": downloads("/assets", asked) if rows else [],
        "line": None if rows else f"export OPENLINEAGE_URL={origin_of(request)}",
    }
    month = keeping.month("", currency, state)
    return {"shell": money_shell(request, "data", rooms, state, month, currency), "data": context}


def _result(one: assets.Listed) -> Context:
    return {
        "asset": one.asset,
        "kind": kind_words(one.asset),
        "title": one.title,
        "href": asset_address(one.asset),
        "product": next((title_of(product) for product in one.products), None),
        "state": STATES[one.quality] if one.quality else None,
        "quality": one.quality,
    }


def _row(one: assets.Listed) -> Context:
    return {
        "key": one.asset,
        "title": one.title,
        "state": STATES[one.quality or "unknown"],
        "kept": one.kept,
        "total": one.checks,
        "failing": list(one.failing),
        "written_at": parse_instant(one.last_write) if one.last_write else None,
        "rows": one.rows,
        "volumes": [Decimal(str(value)) for value in one.trend],
    }


def _owner(one: assets.Listed, named: Any) -> Context | None:
    return {"key": one.owners[0], "title": named(one.owners[0])} if one.owners else None


def _worst(answer: assets.Answer, rows: list[Context]) -> Context | None:
    """Say which dataset needs a person first; rows come with the worst first."""
    if not answer.failing:
        return None
    first, verb = rows[0], "needs" if answer.failing == 1 else "need"
    return {
        "title": f"{answer.failing:,} of {answer.total:,} datasets {verb} a person.",
        "text": f"`{first['title']}` fails: {', '.join(first['failing']) or 'it is not as usual'}.",
        "action": {"text": f"Open {first['title']}", "href": asset_address(first["key"])},
    }
