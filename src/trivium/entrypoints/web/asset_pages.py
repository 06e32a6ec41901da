"""The page of one asset: its thread, its figures, what it took, what is known, what to do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec
from starlette.requests import Request

from trivium.entrypoints.answers import asset_show, blast
from trivium.entrypoints.answers.advice import Step
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import instant_of
from trivium.entrypoints.answers.wording import words_of
from trivium.entrypoints.web.addresses import (
    address,
    asset_address,
    drift_address,
    endpoint_address,
    explain_address,
    performance_address,
)
from trivium.entrypoints.web.environment import discipline_of
from trivium.entrypoints.web.figures import brief_text
from trivium.entrypoints.web.frames import asked_at, asked_currency, known_of, money_shell
from trivium.entrypoints.web.list_pages import STATES
from trivium.entrypoints.web.money_pages import API, downloads, kind_words
from trivium.entrypoints.web.paging import PAGE
from trivium.entrypoints.web.times import day_text, month_text
from trivium.entrypoints.web.tracked_links import experiment_address, model_address, run_address
from trivium.evidence.next_steps import owner_line, resource_line
from trivium.facts.instants import parse_instant
from trivium.facts.keys import kind_of
from trivium.facts.money import add
from trivium.facts.period import parse_period
from trivium.mlops.endpoints.days import is_logged

Context = dict[str, Any]
_ORIGINS: Final = {
    "direct": ("Its own runs, upkeep and storage", "models"),
    "upstream": ("Data it was made from", "data"),
    "trials": ("Trials that led nowhere", "models"),
    "serving": ("Serving it", "money"),
    "tokens": ("Tokens", "money"),
}
_TELLING: Final = ("accuracy", "auc", "f1", "r2", "precision", "recall", "score", "rmse", "mae", "loss")
_FACTS: Final = 8
_TO_DATE: Final = "to date · every line opens down to charges"


def asset_page(rooms: Rooms, request: Request) -> Context:
    """Give what `asset.html` shows."""
    query = request.query_params
    params = asset_show.Params(
        key=request.path_params["key"], period=query.get("period", ""), currency=asked_currency(rooms, request),
        as_of=query.get("as_of", ""), known=known_of(request),
    )  # fmt: skip
    answer = asset_show.ask(rooms, params)
    state = rooms.bookkeeping.state(instant_of(params.as_of), params.known)
    names = rooms.bookkeeping.names(state)
    month = rooms.bookkeeping.month(params.period, answer.currency, state)
    kind = kind_words(answer.asset)
    owning = kind in {"product", "team"}
    asked = asked_at(params.as_of, params.known)
    explain = address(explain_address(answer.asset), asked, currency=answer.currency)
    told = {"key": answer.asset, "period": str(month), **asked}
    told |= {"currency": answer.currency} if answer.currency else {}
    first = next(iter(answer.next), None)
    above = [key for key in answer.products if key != answer.asset]
    note = f"{month_text(str(month))} · what came to rest with it" if owning else _TO_DATE
    context = {
        "key": answer.asset,
        "title": answer.title,
        "kind": kind,
        "currency": answer.currency,
        "crumbs": [{"text": names.of(key), "href": asset_address(key)} for key in above[:1]],
        "chips": [],
        "actions": [
            *_places(answer),
            *_watched(rooms, answer),
            *([] if owning or not answer.origins else [{"text": "Explain its cost", "href": explain, "main": True}]),
        ],
        "decision": first and _decision(first, answer.asset, names),
        "thread": _thread(answer),
        "data": _data(answer),
        "models": _models(answer, names),
        "money": _money(answer, owning=owning, month=str(month)),
        "origins": [_origin(one, names, explain) for one in answer.origins[:PAGE]],
        "others": _others(answer),
        "total_title": "Its line of the statement" if owning else "Loaded cost",
        "total": answer.total if answer.origins else None,
        "took_note": note,
        "took_advice": _advice(answer),
        "took_line": None if answer.origins else _took_line(answer),
        "downloads": [{"text": "JSON", "href": address(f"{API}/asset/show", told)}],
        "facts": [_fact(rooms, one.sequence, names) for one in answer.facts[:_FACTS]],
        "verified": _verified(rooms),
        "trend": _trend(answer, str(month), owning=owning),
        "blast": _blast(rooms, answer, params, names) if kind == "dataset" else None,
        "checks": [] if answer.quality is None else [
            {"check": one.check, "column": one.column, "passed": one.passed, "expected": one.expected,
             "actual": one.actual, "at": parse_instant(one.at)}
            for one in answer.quality.checks
        ],
        "products": [{"key": key, "title": names.of(key)} for key in above],
        "owners": [{"key": key, "title": names.of(key)} for key in answer.owners],
        "names": list(answer.names),
        "about": [{"title": "Description", "text": answer.documentation}] if answer.documentation else [],
        "declare_line": next((step.line for step in answer.next if step.line), owner_line(answer.asset)),
    }  # fmt: skip
    shell = money_shell(request, "", rooms, state, parse_period(str(month)), answer.currency)
    return {"shell": shell, "card": context}


def _watched(rooms: Rooms, answer: asset_show.Answer) -> list[Context]:
    """Lead to how a version's predictions do, where any were received."""
    if kind_words(answer.asset) != "model version":
        return []
    with rooms.ledger.reading() as connection:
        if not is_logged(connection, (answer.asset, *answer.names)):
            return []
    return [
        {"text": "Performance", "href": performance_address(answer.asset)},
        {"text": "Drift", "href": drift_address(answer.asset)},
    ]


def _verified(rooms: Rooms) -> Context:
    """Say what the last verification of the ledger found."""
    last = rooms.verified.last
    if last is None:
        return {"text": "Not verified since the server started", "broken": False}
    if last.whole:
        return {"text": f"Verified to {last.sequence:,}", "broken": False}
    return {"text": "**Broken, see the ledger**", "broken": True}


def _decision(step: Step, asset: str, names: Names) -> Context:
    """Say the most urgent thing, with its action."""
    words = {"fix first": "What it stands on is bad." if step.asset != asset else "It is bad.",
             "declare": "Nobody owns it.", "allocate": "It belongs to no product.",
             "tag": "Its cost rests on guesses.", "look": "It costs more than before."}  # fmt: skip
    action = {"text": f"Open {names.of(step.asset)}", "href": asset_address(step.asset)}
    return {"title": words[step.doing], "text": step.text, "action": action if step.asset != asset else None}


def _thread(answer: asset_show.Answer) -> Context:
    nodes = []
    for node in answer.nodes:
        kind = kind_words(node.asset)
        price = "" if node.cost is None else brief_text(node.cost, answer.currency)
        nodes.append({
            "key": node.asset, "label": node.title, "kind": kind, "sub": " · ".join(t for t in (kind, price) if t),
            "discipline": discipline_of(kind), "state": STATES.get(node.state, "none"),
            "href": asset_address(node.asset), "focus": node.distance == 0,
        })  # fmt: skip
    edges = [{"from": edge.source, "to": edge.target, "amount": edge.amount} for edge in answer.edges]
    return {
        "nodes": nodes, "edges": edges, "currency": answer.currency, "upstream": answer.upstream,
        "downstream": answer.downstream,
    }  # fmt: skip


def _data(answer: asset_show.Answer) -> Context | None:
    """Give the figure of quality: a dataset's own checks, else those of the datasets that it stands on."""
    if answer.quality is not None:
        found = answer.quality
        bad = found.state == "failing"
        if not found.total:
            return _figure("data", "Data", "Unknown", "", "nothing checks it", words=True)
        text = ", ".join(one.check for one in found.checks if not one.passed)
        told = f"failing: {text}" if text else "out of the usual" if found.state == "warning" else "all of them"
        return _figure("data", "Data", str(found.kept), f"of {found.total} checks hold", told, bad=bad)
    ground = answer.ground
    if not ground.datasets:
        return None
    if not ground.checks:
        return _figure("data", "Data", "Unknown", "", f"nothing checks the {ground.datasets} datasets it stands on",
                       words=True)  # fmt: skip
    count = len(ground.bad)
    text = f"{count} of {ground.datasets} datasets it stands on {'fails' if count == 1 else 'fail'}"
    told = text if count else f"of {ground.datasets} datasets that it stands on"
    return _figure("data", "Data", str(ground.kept), f"of {ground.checks} checks hold", told, bad=bool(count))


def _models(answer: asset_show.Answer, names: Names) -> Context | None:
    """Give the figure of a model version or run: what it measured, since when it is registered, what it serves."""
    measured = _measured(answer)
    if answer.serving is None:
        others = ", ".join(sorted(set(answer.metrics) - {measured[1]})[:3]) if measured else ""
        return _figure("models", "Model", *measured, f"also {others}" if others else "") if measured else None
    found = answer.serving
    version = answer.asset.rpartition("/")[2]
    users = ", ".join(f"`{names.of(user)}`" for user in found.users[:3])
    at = day_text(parse_instant(found.registered_at)) if found.registered_at else ""
    told = " · ".join(
        text for text in (f"registered {at}" if at else "", f"used by {users}" if users else "nobody uses it") if text
    )
    if measured is None:
        return _figure("models", "Model", f"Version {version}", "", told, words=True)
    return _figure("models", "Model", *measured, told)


def _places(answer: asset_show.Answer) -> list[Context]:
    """Link the page of its own that a thing of the models' side has."""
    kind, _, name = answer.asset.partition(":")
    if kind == "experiment":
        return [{"text": "Its runs", "href": experiment_address(name)}]
    if kind == "model":
        model = answer.asset.partition("/")[0]
        return [{"text": "Its versions", "href": model_address(model)}]
    if kind == "endpoint":
        return [{"text": "Its traffic", "href": endpoint_address(answer.asset)}]
    return [{"text": "Its params and metrics", "href": run_address(answer.run)}] if kind == "run" and answer.run else []


def _measured(answer: asset_show.Answer) -> tuple[str, str] | None:
    """Give the metric that says most of how good it is: its value and name; None where nothing was measured."""
    numbers = {name: value for name, value in answer.metrics.items() if isinstance(value, float)}
    if not numbers:
        return None
    name = min(numbers, key=lambda one: (_telling(one), one))
    return f"{numbers[name]:.4g}", name


def _telling(metric: str) -> int:
    """Rank a metric by its name: those that people judge a model by come first."""
    return next((place for place, word in enumerate(_TELLING) if word in metric.lower()), len(_TELLING))


def _money(answer: asset_show.Answer, *, owning: bool, month: str) -> Context:
    points = [str(add(Decimal(one.build), Decimal(one.run))) for one in answer.trend]
    if not answer.origin_known:
        return _figure("money", "Money", "Origin unknown", "", "no run is known that made it", words=True)
    bases = ", ".join(f"{100 * share:.0f} % {basis}" for basis, share in answer.basis.items())
    figure = _figure("money", "Money", "", month_text(month) if owning else "to date", bases)
    return figure | {"amount": answer.total, "points": points}


def _figure(
    discipline: str, title: str, figure: str, unit: str, text: str, *, bad: bool = False, words: bool = False
) -> Context:
    return {
        "discipline": discipline, "title": title, "amount": None, "figure": figure, "unit": unit, "text": text,
        "points": [], "bad": bad, "words": words,
    }  # fmt: skip


def _others(answer: asset_show.Answer) -> Context | None:
    """Sum the origins that are not on the page; the statement by asset has them all."""
    rest = answer.origins[PAGE:]
    if not rest:
        return None
    sums = [str(add(*(Decimal(getattr(one, name)) for one in rest))) for name in ("amount", "share")]
    return {"title": f"{len(rest):,} smaller ones", "amount": sums[0], "share": sums[1]}


def _origin(one: asset_show.Origin, names: Names, explain: str) -> Context:
    named = _ORIGINS.get(one.name)
    if named:
        return {"title": named[0], "amount": one.amount, "share": one.share, "discipline": named[1], "href": explain}
    return {
        "title": names.of(one.name), "amount": one.amount, "share": one.share,
        "discipline": discipline_of(kind_words(one.name)), "href": asset_address(one.name),
    }  # fmt: skip


def _advice(answer: asset_show.Answer) -> str:
    if not answer.origins:
        return "Tag the resource that it runs on, or declare it; then its charges find it."
    step = next((one for one in answer.next if one.doing in {"tag", "look"}), None)
    return step.text if step else "The parts add up to the whole, to the last unit."


def _took_line(answer: asset_show.Answer) -> str:
    """Give the line that would bring it cost: a bill where there is none, else who uses the resource."""
    if not answer.currency:
        return "trivium import focus FILE"
    jobs = [node.asset for node in answer.nodes if node.kind == "job" and node.distance == -1]
    user = answer.asset if kind_of(answer.asset) in {"job", "run", "endpoint"} or not jobs else jobs[0]
    return resource_line("RESOURCE-ID").replace("job:NAMESPACE/NAME", msgspec.json.encode(user).decode()[1:-1])


def _fact(rooms: Rooms, sequence: int, names: Names) -> Context:
    recorded = rooms.ledger.fact(sequence)
    return {"sequence": sequence, "text": words_of(recorded, rooms.reader, names), "at": recorded.fact.happened_at}


def _trend(answer: asset_show.Answer, month: str, *, owning: bool) -> Context | None:
    if len(answer.trend) < 2:
        return None
    parts = [("Came to rest", "money", "build")] if owning else [("Build", "models", "build"), ("Run", "money", "run")]
    series = []
    for title, discipline, name in parts:
        points = [
            {"at": one.month, "amount": getattr(one, name), "partial": one.month >= month} for one in answer.trend
        ]
        if any(Decimal(point["amount"]) for point in points):
            series.append({"title": title, "discipline": discipline, "points": points})
    return {"kind": "bar", "currency": answer.currency, "series": series} if series else None


def _blast(rooms: Rooms, answer: asset_show.Answer, params: asset_show.Params, names: Names) -> Context | None:
    found = blast.ask(
        rooms, blast.Params(key=answer.asset, currency=answer.currency, as_of=params.as_of, known=params.known)
    )
    if not found.assets:
        return None
    risk = found.money.at_risk_per_day
    return {
        "since": parse_instant(found.since) if found.since else None,
        "spent": found.money.spent,
        "at_risk": {"serving": risk.serving, "tokens": risk.tokens, "value": risk.value},
        "assets": [
            {"asset": one.asset, "title": names.of(one.asset), "kind": kind_words(one.asset),
             "distance": one.distance}
            for one in found.assets[:PAGE]
        ],
        "count": len(found.assets),
        "downloads": downloads(
            "/blast",
            {"key": answer.asset, "currency": answer.currency, **asked_at(params.as_of, params.known)},
        ),
        "repair": found.advice or "No run of it is known.",
    }  # fmt: skip
