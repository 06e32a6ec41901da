"""The pages of models: all of them, one with its versions, and the difference of two versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from starlette.requests import Request

from trivium.entrypoints.answers import model_show, models, versions_diff
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.web.addresses import accurate_address, address, asset_address, explain_address
from trivium.entrypoints.web.figures import brief_text, tail_class
from trivium.entrypoints.web.frames import asked_currency, plain_shell, priced_shell
from trivium.entrypoints.web.money_pages import API, downloads
from trivium.entrypoints.web.paging import PAGE, start_of, ways
from trivium.entrypoints.web.shell import Shell
from trivium.entrypoints.web.tracked_links import (
    curves_address,
    filter_box,
    header,
    is_about_the_filter,
    model_address,
    run_address,
    tracking_line,
)
from trivium.facts.instants import parse_instant
from trivium.facts.keys import is_key, kind_of, parse
from trivium.facts.problem import Problem, ProblemError, refuse

Context = dict[str, Any]
METRICS: Final = 6
"""How many metrics a model's table of versions shows."""
_PARTS: Final = {
    "direct": "Its own runs", "upstream": "Data", "trials": "Trials", "build": "Build", "serving": "Serving",
    "tokens": "Tokens", "run": "Run", "total": "Together",
}  # fmt: skip
_SUMS: Final = frozenset({"build", "run", "total"})
_MADE: Final = {"both": "both", "changed": "both, other content"}


def models_page(rooms: Rooms, request: Request) -> Context:
    """Give what `models.html` shows."""
    query, start, currency = request.query_params, start_of(request), asked_currency(rooms, request)
    asked = {"filter": query.get("filter", ""), "order_by": query.get("order_by", "")}
    params = models.Params(**asked, costs=bool(currency), currency=currency, start=start, limit=PAGE)
    answer, problem = _asked(lambda: models.ask(rooms, params))
    lines = answer.models if answer else ()
    total = answer.total if answer else 0
    names = rooms.bookkeeping.names(rooms.bookkeeping.state())
    context = {
        "rows": [_model(one, names) for one in lines],
        "columns": [
            header(request, "Model", "name"), header(request, "Versions", "", n=True), header(request, "Newest", ""),
            header(request, "Aliases", ""), header(request, "Changed", "last_updated_timestamp", n=True, falls=True),
            *([header(request, f"The newest took, {currency}", "", n=True)] if currency else []),
        ],
        "sorted": bool(params.order_by), "currency": currency, "wide": tail_class(one.cost for one in lines),
        "matching_text": "Models" if problem else f"{total:,} model" + ("" if total == 1 else "s"),
        "filter": filter_box(request, "Filter, in MLflow's grammar", "name LIKE 'triage%'", problem),
        "paging": ways(request, start, len(lines), total) if answer else None,
        "downloads": downloads("/models", asked | {"costs": "true" if currency else "", "currency": currency})
        if lines else [],
        "line": tracking_line(request),
    }  # fmt: skip
    found = {"shell": _shell(request, rooms, currency), "models": context}
    return found | ({"status": problem.status} if problem else {})


def model_page(rooms: Rooms, request: Request) -> Context:
    """Give what `model.html` shows."""
    currency = asked_currency(rooms, request)
    answer = model_show.ask(rooms, model_show.Params(model=request.path_params["model"], currency=currency))
    names = rooms.bookkeeping.names(rooms.bookkeeping.state())
    metrics = list(answer.versions[0].values)[:METRICS] if answer.versions else []
    runs = [one.run for one in answer.versions if one.run and one.run_name]
    context = {
        "title": names.of(answer.model), "lead": answer.description or None,
        "chips": [] if answer.is_registered else [{"text": "not registered with MLflow"}],
        "actions": _actions(answer, runs),
        "currency": currency,
        "newest": _newest(answer, names, currency) if answer.versions else None,
        "points": [one.total for one in reversed(answer.versions[:12])],
        "columns": _headers(request, metrics, currency),
        "versions": [_version(one, names, metrics) for one in answer.versions],
        "wide_build": tail_class(one.build for one in answer.versions),
        "wide_run": tail_class(one.run_cost for one in answer.versions),
        "wide_total": tail_class(one.total for one in answer.versions),
        "tags": [{"name": one.name, "value": one.value} for one in answer.tags],
        "owners": [_named(key, names) for key in answer.owners],
        "products": [_named(key, names) for key in answer.products],
        "downloads": [
            *downloads("/model", {"model": answer.model, "currency": currency}),
            {"text": "JSON", "href": address(f"{API}/model", {"model": answer.model})},
        ],
        "line": f'mlflow.register_model("runs:/RUN-ID/model", "{answer.name}")',
    }  # fmt: skip
    return {"shell": _shell(request, rooms, currency), "model": context}


def difference_page(rooms: Rooms, request: Request) -> Context:
    """Give what `difference.html` shows: of the versions that `version` names, the older against the newer."""
    currency = asked_currency(rooms, request)
    chosen = list(dict.fromkeys(request.query_params.getlist("version")))
    context: Context = {
        "title": "Difference of two versions", "crumbs": [{"text": "Models", "href": "/models"}], "actions": [],
        "lead": None, "names": [],
    }  # fmt: skip
    if len(chosen) > 2:
        title, fix = f"{len(chosen)} versions are chosen; a difference is of two.", "Go back and mark two."
        raise refuse("bad_parameter", title, where="version", fix=fix)
    if len(chosen) == 2:
        one, other = sorted(chosen, key=_age)
        params = versions_diff.Params(one=one, other=other, currency=currency)
        names = rooms.bookkeeping.names(rooms.bookkeeping.state())
        context |= _difference(versions_diff.ask(rooms, params), names)
    return {"shell": _shell(request, rooms, currency), "difference": context}


def _asked(ask: Callable[[], models.Answer]) -> tuple[models.Answer | None, Problem | None]:
    try:
        return ask(), None
    except ProblemError as fault:
        if not is_about_the_filter(fault.problem):
            raise
        return None, fault.problem


def _shell(request: Request, rooms: Rooms, currency: str) -> Shell:
    if currency:
        return priced_shell(request, "models", rooms, currency)
    return plain_shell(request, "models", rooms)


def _model(one: models.ModelLine, names: Names) -> Context:
    return {
        "name": one.name, "href": model_address(one.model), "description": one.description, "versions": one.versions,
        "latest": _named(one.latest, names) if one.latest else None, "aliases": list(one.aliases),
        "updated": parse_instant(one.updated) if one.updated else None, "cost": one.cost,
    }  # fmt: skip


def _named(key: str, names: Names) -> Context:
    return {"key": key, "title": names.of(key)}


def _actions(answer: model_show.Answer, runs: list[str]) -> list[Context]:
    actions: list[Context] = [{"text": "Curves of its runs", "href": curves_address(runs[:9])}] if runs else []
    if answer.versions:
        newest = answer.versions[0].version
        actions.append({"text": "Open the newest", "href": asset_address(newest), "main": True})
    return actions


def _newest(answer: model_show.Answer, names: Names, currency: str) -> Context:
    one = answer.versions[0]
    users = ", ".join(f"`{names.of(key)}`" for key in one.users[:3])
    build, run = (brief_text(part, currency) if part else "" for part in (one.build, one.run_cost))
    return {
        "number": one.number, "stage": ", ".join([*one.aliases, *filter(None, [one.stage])]),
        "text": f"used by {users}" if users else "nobody uses it now",
        "data": list(one.data),
        "data_text": ", ".join(f"`{names.of(key)}`" for key in one.data[:3]) or "no run says what it read",
        "total": one.total, "cost_text": f"{build} to build, {run} to run" if build else "",
    }  # fmt: skip


def _headers(request: Request, metrics: Iterable[str], currency: str) -> list[Context]:
    money = ["Build", "Run", f"Together, {currency}", "Per accurate prediction"] if currency else []
    return [
        {"title": ""}, header(request, "Version", ""), header(request, "Registered", "", n=True),
        header(request, "Run", ""), header(request, "Made of", ""),
        *(header(request, title, "", n=True) for title in money),
        *(header(request, name.partition(".")[2], "", n=True, under="metric") for name in metrics),
    ]  # fmt: skip


def _version(one: model_show.VersionLine, names: Names, metrics: list[str]) -> Context:
    return {
        "version": one.version, "number": one.number, "stage": one.stage, "aliases": list(one.aliases),
        "at": parse_instant(one.registered) if one.registered else None,
        "run": {"href": run_address(one.run), "name": one.run_name or names.of(one.run)} if one.run else None,
        "data": [_named(key, names) for key in one.data], "build": one.build, "run_cost": one.run_cost,
        "total": one.total, "per_accurate": one.per_accurate, "accurate_href": accurate_address(one.version),
        "cells": [one.values.get(name) for name in metrics],
    }  # fmt: skip


def _age(version: str) -> tuple[int, str]:
    """Order versions by number, the older first; what is no key comes as it is, and is refused where it is read."""
    number = parse(version).version if is_key(version) and kind_of(version) == "model" else ""
    return (int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0, version)


def _difference(answer: versions_diff.Answer, names: Names) -> Context:
    titles = [names.of(answer.one), names.of(answer.other)]
    model = f"model:{answer.one.removeprefix('model:').rpartition('/')[0]}"
    costs = [row for row in answer.cost if row.part in _SUMS or any(map(_is_some, (row.one, row.other)))]
    runs = [run for run in (answer.one_run, answer.other_run) if run]
    return {
        "title": f"{titles[0]} and {titles[1]}", "names": titles,
        "heads": [f"#{title}" for title in titles], "contents": titles,
        "crumbs": [{"text": "Models", "href": "/models"}, {"text": names.of(model), "href": model_address(model)}],
        "lead": _sentence(answer, titles),
        "actions": [{"text": "Curves of both", "href": curves_address(runs), "main": True}] if len(runs) == 2 else [],
        "differing_text": f"{answer.differing} of {len(answer.rows)} differ",
        "rows": [
            {"name": row.name, "kind": row.kind, "differs": row.differs, "one": row.one, "other": row.other,
             "change": row.change}
            for row in answer.rows
        ],
        "downloads": downloads("/versions/diff", {"one": answer.one, "other": answer.other}),
        "currency": answer.currency,
        "cost": [{"title": _PARTS[row.part], "sum": row.part in _SUMS, "one": row.one, "other": row.other,
                  "change": row.change} for row in costs],
        "wide": tail_class(text for row in costs for text in (row.one, row.other, row.change)),
        "explain": [{"text": f"Explain {title}", "href": explain_address(key)}
                    for title, key in zip(titles, (answer.one, answer.other), strict=True)],
        "data": [_dataset(row, names, titles) for row in answer.data],
    }  # fmt: skip


def _is_some(amount: str | None) -> bool:
    return amount not in {None, "0"}


def _sentence(answer: versions_diff.Answer, titles: list[str]) -> str | None:
    """Say what the second took more or less than the first."""
    total = next((row for row in answer.cost if row.part == "total"), None)
    if total is None or total.change is None:
        return None
    if total.change == "0":
        return "Both took the same."
    word = "less" if total.change.startswith("-") else "more"
    return f"`{titles[1]}` took {brief_text(total.change.lstrip('-'), answer.currency)} {word} than `{titles[0]}`."


def _dataset(row: versions_diff.Dataset, names: Names, titles: list[str]) -> Context:
    known = is_key(row.dataset) and kind_of(row.dataset) == "dataset"
    words = {"only the first": f"only {titles[0]}", "only the second": f"only {titles[1]}", **_MADE}
    return {
        "title": names.of(row.dataset) if known else row.dataset, "href": asset_address(row.dataset) if known else None,
        "made": row.made, "words": words[row.made], "one": row.one, "other": row.other,
    }  # fmt: skip
