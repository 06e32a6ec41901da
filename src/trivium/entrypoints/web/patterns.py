"""What `/-/patterns` shows: every part of a page once, with samples that say that they are samples."""

from __future__ import annotations

from typing import Any

from trivium.facts.instants import SECOND, now

_HOUR = 3600 * SECOND


def patterns() -> dict[str, Any]:
    """Give the samples that the template `patterns.html` shows; nothing in them is measured."""
    return {
        "thread": _thread(),
        "small_thread": _small_thread(),
        "line": _line(),
        "bars": _bars(),
        "sankey": _sankey(),
        "tree": _tree(),
        **_table(),
        "curves": _curves(),
        "parallel": _parallel(),
        "lines": [
            {"title": "Training runs", "amount": "40", "share": "0.166666667", "discipline": "models"},
            {"title": "Data it was trained on", "amount": "142.5", "share": "0.59375", "discipline": "data"},
            {"title": "Trials that led nowhere", "amount": "57.498333333", "share": "0.24", "discipline": "models"},
            {"title": "Credit", "amount": "-0.75", "share": "-0.003125", "discipline": "money"},
        ],
        "total": "239.248333333",
        "instants": [now() - 20 * SECOND, now() - 2 * _HOUR, now() - 72 * _HOUR, now() - 24 * 90 * _HOUR, None],
        "decision": {
            "title": "The sample table `features` has 496 empty values.",
            "text": "Cheapest repair: re-run `etl.features`, about $12.40, 9 minutes.",
            "action": {"text": "Open the check", "href": "#decision"},
        },
        "problem": {
            "status": 422, "code": "bad_key", "title": "'datset:sample/x' is no asset key.", "where": "key",
            "fix": "Write `kind:name`.",
        },
    }  # fmt: skip


def _node(
    key: str, label: str, sub: str, discipline: str, state: str = "none", *, focus: bool = False
) -> dict[str, Any]:
    kind = key.partition(":")[0]
    return {
        "key": key, "label": label, "kind": kind, "sub": sub, "discipline": discipline, "state": state,
        "href": "#the-thread", "focus": focus,
    }  # fmt: skip


def _edge(source: str, target: str, amount: str | None) -> dict[str, Any]:
    return {"from": source, "to": target, "amount": amount}


def _thread() -> dict[str, Any]:
    raw, patients, features = "dataset:sample/biopsies_raw", "dataset:sample/patients", "dataset:sample/features"
    runs, model, endpoint, product = "experiment:sample", "model:sample/3", "endpoint:sample-api", "product:sample"
    return {
        "currency": "USD",
        "nodes": [
            _node(raw, "biopsies_raw", "dataset · $38.20", "data", "ok"),
            _node(patients, "patients", "dataset · $6.90", "data", "ok"),
            _node(features, "features", "dataset · $142.50", "data", "bad"),
            _node(runs, "8 training runs", "2 failed · $97.50", "models"),
            _node(model, "sample / 3", "loaded · $240.00", "models", focus=True),
            _node(endpoint, "sample-api", "endpoint · $61.30", "models", "ok"),
            _node(product, "Sample product", "$301.30 / month", "money"),
        ],
        "edges": [
            _edge(raw, features, "38.2"), _edge(patients, features, "6.9"), _edge(features, runs, "142.5"),
            _edge(runs, model, "240"), _edge(model, endpoint, "240"), _edge(endpoint, product, "301.3"),
        ],
    }  # fmt: skip


def _small_thread() -> dict[str, Any]:
    table = "dataset:sample/alone"
    return {
        "currency": "USD",
        "nodes": [_node(table, "alone", "dataset · unknown", "data", "unknown", focus=True)],
        "edges": [],
    }


def _line() -> dict[str, Any]:
    days = [f"2026-11-{day:02d}" for day in range(1, 29)]
    kept = [
        {"at": day, "amount": f"{98 - index % 5 * 0.4 - (12 if index > 24 else 0):.1f}"}
        for index, day in enumerate(days)
    ]
    return {"kind": "line", "unit": "%", "series": [{"title": "Checks kept", "discipline": "data", "points": kept}]}


def _bars() -> dict[str, Any]:
    months = ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]
    build = ["120.4", "98.25", "143.333333333", "96", "88.1", "61.7"]
    serve = ["30", "34.5", "41.2", "58.9", "61.3", "40.05"]

    def points(amounts: list[str]) -> list[dict[str, Any]]:
        return [
            {"at": at, "amount": amount, "partial": at == months[-1]}
            for at, amount in zip(months, amounts, strict=True)
        ]

    return {
        "kind": "bar", "currency": "USD", "note": "November is filled through 22 November.",
        "series": [
            {"title": "Build", "discipline": "models", "points": points(build)},
            {"title": "Run", "discipline": "money", "points": points(serve)},
        ],
    }  # fmt: skip


def _sankey() -> dict[str, Any]:
    colours = {
        "cluster": "money",
        "storage": "money",
        "raw": "data",
        "features": "data",
        "trials": "models",
        "model": "models",
    }
    labels = {"cluster": "Shared cluster", "storage": "Object storage", "raw": "raw", "features": "features"}
    flows = [
        ("cluster", "raw", "10"), ("storage", "raw", "2.5"), ("raw", "features", "12.5"), ("cluster", "features", "90"),
        ("features", "trials", "48"), ("features", "model", "54.5"), ("trials", "model", "58"),
        ("cluster", "trials", "10"),
    ]  # fmt: skip
    return {
        "currency": "USD",
        "nodes": [
            {"key": key, "label": labels.get(key, f"sample {key}"), "discipline": colour, "href": "#sankey"}
            for key, colour in colours.items()
        ],
        "links": [_edge(source, target, amount) for source, target, amount in flows],
    }


def _tree() -> dict[str, Any]:
    charge = {"title": "Sample service, sample-cluster", "amount": "90", "basis": "resource", "note": "3 Nov 2026"}
    return {
        "asset": "model:sample/1", "title": "sample / 1", "total": "242", "currency": "USD",
        "parts": [
            {"asset": "dataset:sample/features", "title": "features", "kind": "dataset", "discipline": "data",
             "amount": "144", "share": "0.595", "basis": "by bytes", "href": "#tree",
             "parts": [{"asset": "dataset:sample/raw", "title": "raw", "kind": "dataset", "discipline": "data",
                        "amount": "54", "share": "0.223", "basis": "equal shares", "href": "#tree"}],
             "charges": [charge]},
            {"asset": "experiment:sample", "title": "Trials that led nowhere", "kind": "experiment",
             "discipline": "models", "amount": "58", "share": "0.24", "basis": "by bytes", "href": "#tree"},
        ],
        "charges": [{"title": "Training run T1", "amount": "40", "basis": "tagged", "note": "5 Nov 2026"}],
    }  # fmt: skip


def _table() -> dict[str, Any]:
    head = [("Run", "", False), ("Status", "", False), ("Took", "", True), ("sample", "descending", True)]
    columns = [
        {"title": title, "under": "metric" if sort else "", "n": n, "href": "#sorted", "sort": sort or None}
        for title, sort, n in head
    ]
    return {
        "filter": {"action": "#sorted", "keep": [], "value": "metrics.sample >", "label": "Filter, in MLflow's grammar",
                   "hint": "", "problem": {"title": "The sample filter ends after `>`.", "fix": "Write a number."}},
        "choose": {"action": "#sorted", "keep": [], "text": "Columns", "groups": [
            {"title": "Metrics", "columns": [{"name": "metrics.sample", "text": "sample", "chosen": True}]}]},
        "sorted_columns": [{"title": ""}, *columns],
        "sorted_rows": [{"name": "trial 2", "status": "FINISHED", "took": 71_000, "value": 0.93345},
                        {"name": "trial 1", "status": "FAILED", "took": 340, "value": None}],
    }  # fmt: skip


def _curves() -> dict[str, Any]:
    series = [
        {"title": f"trial {number + 1}", "href": "#curves",
         "points": [(step, round(2 / (1 + step * (number + 1) / 9), 4)) for step in range(40)]}
        for number in range(5)
    ]  # fmt: skip
    return {"axis": "step", "log": False, "series": series}


def _parallel() -> dict[str, Any]:
    lines = [("trial 1", [0.1, "adam", 0.91]), ("trial 2", [0.01, "sgd", 0.87]), ("trial 3", [0.05, "adam", 0.94])]
    return {
        "axes": [{"title": "rate", "kind": "param"}, {"title": "optimiser", "kind": "param"},
                 {"title": "sample_auc", "kind": "metric"}],
        "lines": [{"title": title, "href": "#curves", "values": values} for title, values in lines],
    }  # fmt: skip
