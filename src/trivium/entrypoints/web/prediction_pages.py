"""The pages about a version's predictions: whether they drifted, and how good they are."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.requests import Request

from trivium.entrypoints.answers import drift_show, performance_show
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import instant_of
from trivium.entrypoints.web.addresses import address, asset_address, drift_address, performance_address
from trivium.entrypoints.web.figures import share
from trivium.entrypoints.web.frames import asked_at, known_of, plain_shell
from trivium.entrypoints.web.money_pages import downloads
from trivium.mlops.drift.telling import figure, percent

Context = dict[str, Any]
API: Final = "/api/trivium/v1"
_TESTS: Final = {
    "": "–",
    "kolmogorov_smirnov": "Kolmogorov-Smirnov",
    "wasserstein": "Wasserstein, in standard deviations",
    "chi_square": "chi-square, p-value",
    "jensen_shannon": "Jensen-Shannon distance",
    "missing": "share without a value",
    "shape": "type",
    "presence": "presence",
}
_BY_CHANCE: Final = frozenset({"kolmogorov_smirnov"})
"""Tests that are told by their distance for many rows, and by its p-value for few."""
_STATES: Final = {"drifted": ("bad", "drifted"), "same": ("ok", "as before"), "unjudged": ("none", "not judged")}
_DRAWN: Final = 12
"""Columns whose distribution is drawn."""


def drift_page(rooms: Rooms, request: Request) -> Context:
    """Give what `drift.html` shows."""
    query = request.query_params
    params = drift_show.Params(
        key=request.path_params["key"], period=query.get("period", ""), as_of=query.get("as_of", ""),
        known=known_of(request),
    )  # fmt: skip
    answer = drift_show.ask(rooms, params)
    context = _head(rooms, answer.asset, answer.period, params.as_of, params.known) | {
        "verdict": _STATES[answer.state],
        "sentence": answer.sentence,
        "line": answer.next_line or None,
        "reference": answer.reference,
        "reference_rows": answer.reference_rows,
        "current_rows": answer.current_rows,
        "unsent": ", ".join(answer.unsent),
        "drifted": sum(one.state == "drifted" for one in answer.columns),
        "judged": sum(one.state != "unjudged" for one in answer.columns),
        "columns": [_column(one) for one in answer.columns],
        "drawn": [_drawn(one) for one in answer.columns if one.bins][:_DRAWN],
        "other": {"text": "Performance", "href": performance_address(answer.asset)},
    }
    context["downloads"] = _files("/drift/show", context["asked"])
    return {"shell": plain_shell(request, "assets", rooms), "drift": context}


def performance_page(rooms: Rooms, request: Request) -> Context:
    """Give what `performance.html` shows."""
    query = request.query_params
    params = performance_show.Params(
        key=request.path_params["key"], period=query.get("period", ""), as_of=query.get("as_of", ""),
        known=known_of(request),
    )  # fmt: skip
    answer = performance_show.ask(rooms, params)
    context = _head(rooms, answer.asset, answer.period, params.as_of, params.known) | {
        "sentence": answer.sentence,
        "line": answer.next_line or None,
        "figures": _figures(answer),
        "decision": _decision(answer),
        "measure": answer.measure.capitalize(),
        "trend": _trend(answer),
        "classes": [_class(one) for one in answer.classes.classes] if answer.classes else [],
        "calibration": [msgspec.structs.asdict(one) for one in answer.scores.calibration] if answer.scores else [],
        "positive": answer.scores.positive if answer.scores else "",
        "other": {"text": "Drift", "href": drift_address(answer.asset)},
    }
    context["downloads"] = _files("/performance/show", context["asked"])
    return {"shell": plain_shell(request, "assets", rooms), "performance": context}


def _head(rooms: Rooms, asset: str, period: str, as_of: str, known: int | None) -> Context:
    state = rooms.bookkeeping.state(instant_of(as_of), known)
    title = rooms.bookkeeping.names(state).of(asset)
    return {
        "asset": asset,
        "title": title,
        "period": period,
        "crumbs": [{"text": title, "href": asset_address(asset)}],
        "asked": {"key": asset, "period": period, **asked_at(as_of, known)},
    }


def _files(path: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    return [{"text": "JSON", "href": address(f"{API}{path}", asked)}, *downloads(path, asked)]


def _column(one: drift_show.ColumnDrift) -> Context:
    colour, word = _STATES[one.state]
    return {
        "column": one.column,
        "colour": colour,
        "word": word,
        "sentence": one.sentence,
        "test": _TESTS[one.test]
        + (", p-value" if one.test in _BY_CHANCE and one.value == one.kolmogorov_smirnov_p else ""),
        "reason": one.reason,
        "value": "–" if one.value is None else figure(one.value),
        "threshold": "–" if one.threshold is None else figure(one.threshold),
        "missing": percent(one.current_missing),
    }


def _drawn(one: drift_show.ColumnDrift) -> Context:
    largest = max(max(each.reference, each.current) for each in one.bins)
    return {
        "column": one.column,
        "sentence": one.sentence,
        "largest": str(largest),
        "bins": [
            {
                "title": each.title,
                "reference": str(each.reference),
                "current": str(each.current),
                "reference_text": percent(each.reference),
                "current_text": percent(each.current),
            }
            for each in one.bins
        ],
    }


def _figures(answer: performance_show.Answer) -> list[Context]:
    """Give the key figures: the measure, how much is labelled, what scores are worth."""
    found = [_main_figure(answer)]
    covered = share(answer.coverage) if answer.coverage is not None else "–"
    text = f"{answer.labelled:,} of {answer.predictions:,} predictions have a label that counts."
    found.append({"title": "Labelled", "figure": covered, "text": text})
    if answer.scores and answer.scores.auc is not None:
        text = f"How often a “{answer.scores.positive}” scores above one that is none."
        found.append({"title": "AUC", "figure": f"{answer.scores.auc:.3f}", "text": text})
    elif answer.classes and answer.classes.macro_f1 is not None:
        text = "The mean over classes of precision and recall together."
        found.append({"title": "Macro F1", "figure": f"{answer.classes.macro_f1:.3f}", "text": text})
    elif answer.numbers and answer.numbers.bias is not None:
        text = "The mean error: above 0 predictions are too high."
        found.append({"title": "Bias", "figure": figure(answer.numbers.bias.value), "text": text})
    return found


def _main_figure(answer: performance_show.Answer) -> Context:
    if answer.numbers and answer.numbers.mean_absolute_error:
        error = answer.numbers.mean_absolute_error
        text = f"95 %: {figure(error.low)} to {figure(error.high)}."
        return {"title": "Mean absolute error", "figure": figure(error.value), "text": text}
    if answer.accuracy:
        text = f"95 %: {percent(answer.accuracy.low)} to {percent(answer.accuracy.high)}."
        return {"title": "Accuracy", "figure": percent(answer.accuracy.value), "text": text}
    return {"title": "Accuracy", "figure": "not known", "text": "No prediction of the period has a label that counts."}


def _decision(answer: performance_show.Answer) -> Context | None:
    """Say what needs a person: the measure is worse since a day."""
    if answer.change is None or answer.change.better:
        return None
    action = {"text": "Look at its inputs", "href": drift_address(answer.asset)}
    return {"title": "It became worse.", "text": answer.change.sentence, "action": action}


def _trend(answer: performance_show.Answer) -> Context | None:
    told = [one for one in answer.days if one.value is not None]
    if len(told) < 2:
        return None

    def series(title: str, name: str, *, dashed: bool) -> Context:
        points = [{"at": one.day, "amount": _digits(getattr(one, name))} for one in answer.days]
        return {"title": title, "discipline": "models", "dashed": dashed, "points": points}

    unit = "of 1" if answer.measure == "accuracy" else ""
    return {
        "kind": "line",
        "unit": unit,
        "note": "Dashed: the 95 % interval of the day.",
        "series": [
            series(answer.measure.capitalize(), "value", dashed=False),
            series("Lower end", "low", dashed=True),
            series("Upper end", "high", dashed=True),
        ],
    }


def _digits(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _class(one: performance_show.ClassLine) -> Context:
    rates = {"precision": one.precision, "recall": one.recall, "f1": one.f1}
    return {
        "name": one.name or "nothing",
        "labelled": one.labelled,
        "predicted": one.predicted,
        "right": one.right,
        **{name: "–" if value is None else f"{value:.3f}" for name, value in rates.items()},
    }
