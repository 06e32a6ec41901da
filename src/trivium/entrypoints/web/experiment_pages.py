"""The pages of experiments: all of them, and the runs of one as a table with a filter, an order and chosen columns."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request

from trivium.entrypoints.answers import experiments, runs
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.tracked import RunLine
from trivium.entrypoints.web.addresses import address, asset_address
from trivium.entrypoints.web.figures import lasted, tail_class
from trivium.entrypoints.web.frames import asked_currency, plain_shell, priced_shell
from trivium.entrypoints.web.money_pages import API, downloads
from trivium.entrypoints.web.paging import PAGE, start_of, ways
from trivium.entrypoints.web.shell import Shell
from trivium.entrypoints.web.tracked_links import (
    chooser,
    experiment_address,
    filter_box,
    header,
    is_about_the_filter,
    quoted,
    run_address,
    tracking_line,
)
from trivium.facts.instants import parse_instant
from trivium.facts.problem import Problem, ProblemError
from trivium.mlops.search.pages import token_of

Context = dict[str, Any]
_LABELS: Final = "Filter, in MLflow's grammar"


def experiments_page(rooms: Rooms, request: Request) -> Context:
    """Give what `experiments.html` shows."""
    query, start, currency = request.query_params, start_of(request), asked_currency(rooms, request)
    params = experiments.Params(
        filter=query.get("filter", ""), order_by=query.get("order_by", ""), costs=bool(currency), currency=currency,
        limit=PAGE, page_token=token_of(start) if start else "",
    )  # fmt: skip
    answer, problem = _asked(lambda: experiments.ask(rooms, params))
    lines = answer.experiments if answer else ()
    total = answer.total if answer else 0
    asked = {"filter": params.filter, "order_by": params.order_by, "costs": "true" if currency else ""}
    context = {
        "rows": [_experiment(one) for one in lines],
        "columns": [
            header(request, "Experiment", "name"), header(request, "Runs", "", n=True),
            header(request, "Failed", "", n=True), header(request, "Running", "", n=True),
            header(request, "Last run", "", n=True),
            *([header(request, f"Cost to date, {currency}", "", n=True)] if currency else []),
            header(request, "Id", "experiment_id", n=True, falls=True),
        ],
        "sorted": bool(params.order_by),
        "currency": currency,
        "wide": tail_class(one.cost for one in lines),
        "matching_text": "Experiments" if problem else f"{total:,} experiment" + ("" if total == 1 else "s"),
        "filter": filter_box(request, _LABELS, "name LIKE 'triage%'", problem),
        "paging": ways(request, start, len(lines), total) if answer else None,
        "note": "What its runs were charged and drained from data." if currency else "Open one to compare its runs.",
        "downloads": downloads("/experiments", asked | {"currency": currency}) if lines else [],
        "line": tracking_line(request),
    }  # fmt: skip
    return {"shell": _shell(request, rooms, currency), "experiments": context} | _status(problem)


def runs_page(rooms: Rooms, request: Request) -> Context:
    """Give what `experiment.html` shows: a page of the runs of an experiment."""
    query, start, currency = request.query_params, start_of(request), asked_currency(rooms, request)
    params = runs.Params(
        experiment=request.path_params["experiment"], filter=query.get("filter", ""),
        order_by=query.get("order_by", ""), columns=", ".join(query.getlist("column")),
        stage=query.get("stage", "active"), costs=bool(currency), currency=currency, limit=PAGE,
        page_token=token_of(start) if start else "",
    )  # fmt: skip
    answer, problem = _asked(lambda: runs.ask(rooms, params))
    key = answer.experiments[0] if answer else _key(rooms, params.experiment)
    columns = answer.columns if answer else ()
    lines = answer.runs if answer else ()
    total = answer.total if answer else 0
    asked = {
        "experiment": params.experiment, "filter": params.filter, "order_by": params.order_by,
        "columns": ", ".join(columns), "stage": params.stage if params.stage != "active" else "",
        "costs": "true" if currency else "", "currency": currency,
    }  # fmt: skip
    context = {
        "title": _title(key), "chips": [] if params.stage == "active" else [{"text": f"{params.stage} runs"}],
        "actions": [{"text": "Its thread and cost", "href": asset_address(key)}] if total else [],
        "columns": _headers(request, columns, currency),
        "rows": [_run(one, columns) for one in lines],
        "currency": currency,
        "wide": tail_class(one.cost for one in lines),
        "matching_text": "Runs" if problem else f"{total:,} run" + ("" if total == 1 else "s"),
        "order_text": params.order_by.replace("`", "") or "the latest first",
        "filter": filter_box(request, _LABELS, "metrics.accuracy > 0.9 AND params.depth = '5'", problem),
        "choose": chooser(request, answer.known_columns, columns) if answer else None,
        "paging": ways(request, start, len(lines), total) if answer else None,
        "downloads": [*downloads("/runs", asked), {"text": "JSON", "href": address(f"{API}/runs", _kept(asked))}],
        "line": tracking_line(request),
    }  # fmt: skip
    return {"shell": _shell(request, rooms, currency), "runs": context} | _status(problem)


def _kept(asked: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in asked.items() if text}


def _asked(ask: Any) -> tuple[Any, Problem | None]:
    """Ask; what was refused of the filter or the order is shown beside it, everything else is a page of its own."""
    try:
        return ask(), None
    except ProblemError as fault:
        if not is_about_the_filter(fault.problem):
            raise
        return None, fault.problem


def _status(problem: Problem | None) -> Context:
    return {"status": problem.status} if problem else {}


def _shell(request: Request, rooms: Rooms, currency: str) -> Shell:
    if currency:
        return priced_shell(request, "experiments", rooms, currency)
    return plain_shell(request, "experiments", rooms)


def _key(rooms: Rooms, experiment: str) -> str:
    """Find the experiment whose table was asked for in a way that could not be read."""
    return runs.ask(rooms, runs.Params(experiment=experiment, limit=1)).experiments[0]


def _title(key: str) -> str:
    name = key.removeprefix("experiment:")
    return "Default experiment" if name == "0" else name


def _experiment(one: experiments.ExperimentLine) -> Context:
    return {
        "name": one.name, "href": experiment_address(one.id), "id": one.id, "runs": one.runs, "failed": one.failed,
        "running": one.running, "last_run": parse_instant(one.last_run) if one.last_run else None, "cost": one.cost,
    }  # fmt: skip


def _headers(request: Request, columns: tuple[str, ...], currency: str) -> list[Context]:
    return [
        {"title": ""},
        header(request, "Run", "run_name"), header(request, "Status", "status"),
        header(request, "Started", "start_time", n=True, falls=True), header(request, "Took", "", n=True),
        *([header(request, f"Cost, {currency}", "", n=True)] if currency else []),
        *(_column(request, name) for name in columns),
    ]  # fmt: skip


def _column(request: Request, name: str) -> Context:
    kind, _, title = name.partition(".")
    return header(request, title, quoted(name), n=True, falls=kind == "metrics", under=kind.rstrip("s"))


def _run(one: RunLine, columns: tuple[str, ...]) -> Context:
    return {
        "id": one.run.removeprefix("run:"), "name": one.name, "href": run_address(one.run), "status": one.status,
        "start": parse_instant(one.start) if one.start else None, "took": lasted(one.duration_ms), "cost": one.cost,
        "cells": [one.values.get(name) for name in columns],
    }  # fmt: skip
