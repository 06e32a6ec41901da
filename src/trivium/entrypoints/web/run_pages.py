"""The pages of runs: one run, and runs side by side."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request

from trivium.entrypoints.answers import metric_history, run_show, runs_compare
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.tracked import RunLine
from trivium.entrypoints.web.addresses import address, asset_address, explain_address
from trivium.entrypoints.web.curve_pages import POINTS, series_of
from trivium.entrypoints.web.figures import brief_text, lasted, octets
from trivium.entrypoints.web.frames import asked_currency, plain_shell, priced_shell
from trivium.entrypoints.web.money_pages import API, downloads
from trivium.entrypoints.web.shell import Shell
from trivium.entrypoints.web.times import day_text
from trivium.entrypoints.web.tracked_links import curves_address, experiment_address, run_address
from trivium.facts.instants import parse_instant

Context = dict[str, Any]
CURVES: Final = 4
"""How many curves a run's own page draws."""
AXES: Final = 8
"""How many axes the drawing of runs side by side has."""
_GROUPS: Final = (("metric", "Metrics"), ("param", "Params"), ("tag", "Tags"))
_FAILED: Final = frozenset({"FAILED", "KILLED"})


def run_page(rooms: Rooms, request: Request) -> Context:
    """Give what `run.html` shows."""
    currency = asked_currency(rooms, request)
    answer = run_show.ask(rooms, run_show.Params(run=request.path_params["run"], currency=currency))
    names = rooms.bookkeeping.names(rooms.bookkeeping.state())
    drawn = _drawn(rooms, answer)
    experiment = answer.experiment.removeprefix("experiment:")
    title = "Default experiment" if experiment == "0" else experiment
    context = {
        "title": answer.name,
        "crumbs": [{"text": title, "href": experiment_address(answer.experiment_id)}] if answer.experiment_id else [],
        "chips": [{"text": answer.stage}] if answer.stage != "active" else [],
        "actions": [{"text": "Explain its cost", "href": explain_address(answer.run), "main": True}]
        if answer.cost and answer.cost.total != "0" else [],
        "decision": _decision(answer),
        "status": answer.status.capitalize(), "took": lasted(answer.duration_ms) if answer.duration_ms else "",
        "when": f"started {day_text(parse_instant(answer.start))}" if answer.start else "no start is known",
        "data_text": ", ".join(f"`{names.of(key)}`" for key in answer.reads[:3]) or "no client said what it read",
        "currency": currency, "cost": _cost(answer, names),
        "cost_text": _cost_text(answer, currency),
        "stays_text": "Stays with it: it failed" if answer.status in _FAILED else "Stays with it",
        "cost_links": [{"text": "Explain", "href": explain_address(answer.run)},
                       {"text": "Its facts", "href": asset_address(answer.run)}],
        "metrics": [_metric(one, answer.id) for one in answer.metrics],
        "metric_links": [
            {"text": "All curves", "href": curves_address([answer.id])},
            {"text": "JSON", "href": address(f"{API}/run", {"run": answer.id})},
        ],
        "curves": drawn,
        "params": [{"name": one.name, "value": one.value} for one in answer.params],
        "tags": [{"name": one.name, "value": one.value} for one in answer.tags],
        "artifacts": [{"path": one.path, "bytes": one.bytes} for one in answer.artifacts],
        "artifact_text": _files(answer),
        "job": _named(answer.job, names) if answer.job else None,
        "reads": [_named(key, names) for key in answer.reads], "writes": [_named(key, names) for key in answer.writes],
        "versions": [_named(key, names) for key in answer.versions],
        "user": answer.user, "all_names": [answer.run, *answer.names],
        "inputs": [{"name": one.name, "context": one.context, "digest": one.digest} for one in answer.inputs],
    }  # fmt: skip
    return {"shell": _shell(request, rooms, currency), "run": context}


def compare_page(rooms: Rooms, request: Request) -> Context:
    """Give what `compare.html` shows: the runs that `run` names, each given once."""
    currency, asked = asked_currency(rooms, request), list(dict.fromkeys(request.query_params.getlist("run")))
    context: Context = {
        "title": "Compare runs", "crumbs": [{"text": "Experiments", "href": "/experiments"}], "lead": None,
        "actions": [], "runs": [],
    }  # fmt: skip
    if asked:
        params = runs_compare.Params(runs=", ".join(asked), costs=bool(currency), currency=currency)
        context |= _compared(runs_compare.ask(rooms, params), currency)
    return {"shell": _shell(request, rooms, currency), "compare": context}


def _shell(request: Request, rooms: Rooms, currency: str) -> Shell:
    if currency:
        return priced_shell(request, "experiments", rooms, currency)
    return plain_shell(request, "experiments", rooms)


def _decision(answer: run_show.Answer) -> Context | None:
    """Say what a failed run that kept money means."""
    if answer.status not in _FAILED or answer.cost is None or answer.cost.stays == "0":
        return None
    return {
        "title": "It failed, and nothing took over what it cost.",
        "text": "The next run of its job that succeeds will.",
        "action": {"text": "Explain its cost", "href": explain_address(answer.run)},
    }


def _cost(answer: run_show.Answer, names: Names) -> Context | None:
    cost = answer.cost
    if cost is None:
        return None
    poured = [{"key": one.asset, "title": names.of(one.asset), "amount": one.amount} for one in cost.poured]
    return {
        "charged": cost.charged, "drained": cost.drained, "total": cost.total, "stays": cost.stays, "poured": poured,
    }  # fmt: skip


def _cost_text(answer: run_show.Answer, currency: str) -> str:
    if answer.cost is None:
        return ""
    charged, drained = (brief_text(amount, currency) for amount in (answer.cost.charged, answer.cost.drained))
    return f"{charged} its own charges, {drained} drained from data"


def _metric(one: run_show.Measured, run: str) -> Context:
    return {
        "name": one.name, "value": one.value, "step": one.step, "at": parse_instant(one.at) if one.at else None,
        "href": curves_address([run], column=f"metrics.{one.name}"),
    }  # fmt: skip


def _files(answer: run_show.Answer) -> str:
    shown = len(answer.artifacts)
    first = f"the first {shown:,} of " if shown < answer.artifact_count else ""
    return f"{first}{answer.artifact_count:,} · {octets(answer.artifact_bytes)}"


def _named(key: str, names: Names) -> Context:
    return {"key": key, "title": names.of(key)}


def _drawn(rooms: Rooms, answer: run_show.Answer) -> list[Context]:
    """Draw the first metrics that have more than one step."""
    stepped = [one.name for one in answer.metrics if one.step > 0][:CURVES]
    if not answer.id or not stepped:
        return []
    params = metric_history.Params(runs=answer.id, metrics=", ".join(stepped), limit=POINTS)
    history = metric_history.ask(rooms, params)
    series = series_of(history.points, by_time=False)
    return [
        {"title": metric, "data": {"axis": "step", "log": False, "series": [{"title": answer.name, "points": points}]}}
        for metric in stepped
        if len(points := series.get((f"run:{answer.id}", metric), [])) > 1
    ]


def _compared(answer: runs_compare.Answer, currency: str) -> Context:
    keys = [one.run for one in answer.runs]
    count = len(keys)
    groups = [
        {"title": title, "rows": [_compared_row(row, keys) for row in answer.rows if row.kind == kind]}
        for kind, title in _GROUPS
    ]
    asked = {"runs": ",".join(key.removeprefix("run:") for key in keys)}
    experiments = {one.experiment_id for one in answer.runs}
    crumbs = [{"text": "Experiments", "href": "/experiments"}]
    if len(experiments) == 1:
        crumbs.append({"text": "Runs", "href": experiment_address(next(iter(experiments)))})
    return {
        "title": f"{count} runs compared" if count > 1 else "One run, nothing to compare it with",
        "crumbs": crumbs, "currency": currency,
        "runs": [_column(one) for one in answer.runs],
        "differing_text": f"{answer.differing} of {len(answer.rows)} differ",
        "groups": [group for group in groups if group["rows"]],
        "parallel": _parallel(answer, keys),
        "actions": [{"text": "Curves", "href": curves_address(keys), "main": True}],
        "downloads": downloads("/runs/compare", asked),
    }  # fmt: skip


def _column(one: RunLine) -> Context:
    return {
        "name": one.name or one.run, "href": run_address(one.run), "status": one.status,
        "took": lasted(one.duration_ms), "cost": one.cost,
    }  # fmt: skip


def _compared_row(row: runs_compare.Comparison, keys: list[str]) -> Context:
    return {"name": row.name, "differs": row.differs, "cells": [row.values.get(key) for key in keys]}


def _parallel(answer: runs_compare.Answer, keys: list[str]) -> Context | None:
    """Draw each run over the params and metrics that differ: params first, as causes come before effects."""
    rows = [row for row in answer.rows if row.differs and row.kind != "tag"]
    rows.sort(key=lambda row: row.kind != "param")
    params, metrics = ([row for row in rows if row.kind == kind] for kind in ("param", "metric"))
    rows = [*params[: max(AXES // 2, AXES - len(metrics))], *metrics][:AXES]
    if len(keys) < 2 or len(rows) < 2:
        return None
    return {
        "axes": [{"title": row.name, "kind": row.kind} for row in rows],
        "lines": [
            {"title": one.name or one.run, "href": run_address(one.run),
             "values": [_axis_value(row.values.get(one.run)) for row in rows]}
            for one in answer.runs
        ],
    }  # fmt: skip


def _axis_value(value: float | str | None) -> float | str | None:
    """Give a param that is written as a number as one, so that its axis has a scale."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if number - number == 0 else value
