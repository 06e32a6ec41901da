"""The page of curves: how metrics of some runs went, over steps or time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import Request

from trivium.entrypoints.answers import metric_history, runs_compare
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.tracked import RunLine
from trivium.entrypoints.web.addresses import address
from trivium.entrypoints.web.frames import plain_shell
from trivium.entrypoints.web.money_pages import downloads
from trivium.entrypoints.web.tracked_links import compare_address, experiment_address, kept, run_address
from trivium.facts.instants import parse_instant

Context = dict[str, Any]
_LOOKED_AT: Final = 60
"""Among how many metrics those with a curve are sought."""
Places = list[tuple[float, float]]
CHARTS: Final = 12
"""How many metrics the page of curves draws at once."""
POINTS: Final = 500
"""How many points of a line are drawn; the files hold more."""


def curves_page(rooms: Rooms, request: Request) -> Context:
    """Give what `curves.html` shows: the metrics that `column` names (else all) of the runs that `run` names."""
    query = request.query_params
    asked = list(dict.fromkeys(query.getlist("run")))
    context: Context = {
        "title": "Metric curves", "crumbs": [{"text": "Experiments", "href": "/experiments"}], "lead": None,
        "actions": [], "charts": [], "empty": "No run is chosen.",
    }  # fmt: skip
    if asked:
        found = runs_compare.ask(rooms, runs_compare.Params(runs=", ".join(asked)))
        known = [row.name for row in found.rows if row.kind == "metric"]
        chosen = [name.removeprefix("metrics.") for name in query.getlist("column")]
        context |= _charted(rooms, request, found.runs, known, chosen[:CHARTS])
    return {"shell": plain_shell(request, "experiments", rooms), "curves": context}


def series_of(points: Iterable[metric_history.Point], *, by_time: bool) -> dict[tuple[str, str], Places]:
    """Give the drawable points of each run and metric; what is no number is left out."""
    found: dict[tuple[str, str], Places] = {}
    for one in points:
        if isinstance(one.value, float) and (one.at or not by_time):
            place = parse_instant(one.at) / 1_000 if by_time and one.at else one.step
            found.setdefault((one.run, one.metric), []).append((place, one.value))
    return found


def _charted(
    rooms: Rooms, request: Request, lines: tuple[RunLine, ...], known: list[str], chosen: list[str]
) -> Context:
    query = request.query_params
    by_time, log = query.get("axis") == "time", query.get("scale") == "log"
    keys = [one.run for one in lines]
    series = _measured(rooms, keys, chosen or known, by_time=by_time)
    moving = [metric for metric in known if any(len(series.get((key, metric), ())) > 1 for key in keys)]
    chosen = chosen or (moving or known)[:CHARTS]
    charts = [
        _chart(metric, [(one, series[one.run, metric]) for one in lines if (one.run, metric) in series], len(lines),
               by_time=by_time, log=log)
        for metric in chosen
        if any((one.run, metric) in series for one in lines)
    ]  # fmt: skip
    path, asked_query = request.url.path, request.url.query
    one = f"Curves of {lines[0].name}" if len(lines) == 1 else f"Curves of {len(lines)} runs"
    return {
        "title": one, "charts": charts, "empty": "Nothing was measured.",
        "crumbs": [{"text": "Experiments", "href": "/experiments"},
                   {"text": "Runs", "href": experiment_address(lines[0].experiment_id)}],
        "actions": [{"text": "Compare", "href": compare_address(keys), "main": True}] if len(keys) > 1 else
                   [{"text": "Its page", "href": run_address(keys[0]), "main": True}],
        "axes": [
            {"text": "By step", "href": address(path, asked_query, axis=None), "current": not by_time},
            {"text": "By time", "href": address(path, asked_query, axis="time"), "current": by_time},
        ],
        "scales": [
            {"text": "Linear", "href": address(path, asked_query, scale=None), "current": not log},
            {"text": "Log", "href": address(path, asked_query, scale="log"), "current": log},
        ],
        "choose": _metrics_to_choose(request, known, chosen) if len(known) > 1 else None,
    }  # fmt: skip


def _measured(rooms: Rooms, keys: list[str], metrics: list[str], *, by_time: bool) -> dict[tuple[str, str], Places]:
    """Give the points of some metrics, a few metrics at once, as a question takes them."""
    found: dict[tuple[str, str], Places] = {}
    for first in range(0, min(len(metrics), _LOOKED_AT), metric_history.METRICS_MAX):
        some = metrics[first : first + metric_history.METRICS_MAX]
        params = metric_history.Params(runs=", ".join(keys), metrics=", ".join(some), limit=POINTS)
        found |= series_of(metric_history.ask(rooms, params).points, by_time=by_time)
    return found


def _chart(metric: str, drawn: list[tuple[RunLine, Places]], of: int, *, by_time: bool, log: bool) -> Context:
    """Draw one metric, a line for each run that has it."""
    left_out = log and any(value <= 0 for _, points in drawn for _, value in points)
    ids = ",".join(one.run.removeprefix("run:") for one, _ in drawn)
    series = [{"title": one.name or one.run, "href": run_address(one.run), "points": points} for one, points in drawn]
    return {
        "title": metric, "note": f"{len(drawn)} of {of} runs" if of > 1 else None,
        "data": {"axis": "time" if by_time else "step", "log": log, "series": series,
                 "note": "What is not above zero has no place on a log scale." if left_out else ""},
        "text": f"At most {POINTS} points a line are drawn, evenly spread.",
        "downloads": downloads("/metric/history", {"runs": ids, "metrics": metric, "limit": "2500"}),
    }  # fmt: skip


def _metrics_to_choose(request: Request, known: list[str], chosen: list[str]) -> Context:
    columns = [{"name": f"metrics.{name}", "text": name, "chosen": name in chosen} for name in known]
    return {
        "action": request.url.path, "keep": kept(request, {"column"}), "text": "Metrics",
        "groups": [{"title": "Metrics", "columns": columns}],
    }  # fmt: skip
