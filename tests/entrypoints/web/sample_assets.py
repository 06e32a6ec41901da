"""Invented answers about assets: cards of a model version, of a dataset, of something nobody knows; lists."""

from __future__ import annotations

from typing import Any

from trivium.entrypoints.web.patterns import patterns
from trivium.facts.instants import DAY, SECOND, now

HOUR = 3600 * SECOND
RAW = "dataset:s3://hospital/biopsies_raw"
FEATURES = "dataset:s3://hospital/features"
HOSTILE = "</script><svg onload=alert(1)>=1+1{{7*7}}\u202e'\"&"


def facts() -> list[dict[str, Any]]:
    return [
        {"sequence": 48213, "text": "check failed on **features**: email not null, 496 rows", "at": now() - 2 * HOUR},
        {"sequence": 48190, "text": "owner is now **team:triage**", "at": now() - 3 * DAY},
        {"sequence": 48002, "text": "charges imported for October 2026", "at": now() - 3 * DAY},
        {"sequence": 47951, "text": "version 3 registered from run `860cd2f9`", "at": now() - 4 * DAY},
    ]


def kpi(discipline: str, title: str, figure: str, unit: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "discipline": discipline,
        "title": title,
        "amount": None,
        "figure": figure,
        "unit": unit,
        "text": text,
        "points": [],
        "bad": False,
        "words": False,
        **more,
    }


def card(key: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    """Give a card on which nothing but the name is known; `more` fills it."""
    base: dict[str, Any] = {
        "key": key,
        "title": title,
        "kind": kind,
        "currency": "USD",
        "crumbs": [],
        "chips": [],
        "actions": [],
        "decision": None,
        "thread": patterns()["small_thread"] | {"upstream": 0, "downstream": 0},
        "data": None,
        "models": None,
        "money": None,
        "origins": [],
        "others": None,
        "total": None,
        "total_title": "Loaded cost",
        "took_note": "to date",
        "took_advice": "Tag its resource, or declare it.",
        "took_line": "trivium import focus FILE",
        "downloads": [],
        "facts": facts()[-1:],
        "verified": {"text": "Not verified since the server started", "broken": False},
        "trend": None,
        "blast": None,
        "checks": [],
        "products": [],
        "owners": [],
        "names": [],
        "about": [],
        "declare_line": f'[[owned]]\nasset = "{key}"\nteam = "team:NAME"',
    }
    return {"card": base | more}


def version() -> dict[str, Any]:
    return card(
        "model:biopsy-triage/3",
        "biopsy-triage/3",
        "model version",
        crumbs=[{"text": "Biopsy triage", "href": "/assets/product%3Abiopsy-triage"}],
        chips=[{"text": "in use", "colour": "plain"}],
        actions=[{"text": "Explain its cost", "href": "/explain", "main": True}],
        decision={
            "title": "What it was trained on is bad.",
            "text": "The training table `features` has 496 empty e-mail values since 21 Nov, 08:10. "
            "Cheapest repair: re-run `etl.features`, about $12.40, 9 minutes.",
            "action": {"text": "Open features", "href": "/assets/x?sample=dataset"},
        },
        thread=patterns()["thread"] | {"upstream": 5, "downstream": 2},
        data=kpi(
            "data",
            "Data",
            "96.2",
            "% of checks kept",
            "26 of 27 hold · fresh 2 h ago",
            points=["99", "99.2", "98.8", "99.1", "98.7", "99", "96.2"],
            bad=True,
        ),
        models=kpi("models", "Model", "Version 3", "", "registered 4 d ago · serves triage-api", words=True),
        money=kpi(
            "money",
            "Money",
            "",
            "to date",
            "62 % tagged, 30 % by bytes, 8 % equal shares",
            amount="239.998333333",
            points=["12", "14", "19", "22", "20", "18"],
        ),
        origins=[
            {"title": "Training runs", "amount": "40", "share": "0.167", "discipline": "models", "href": "/explain"},
            {
                "title": "Data it was trained on",
                "amount": "142.5",
                "share": "0.594",
                "discipline": "data",
                "href": "/explain",
            },
            {
                "title": "Trials that led nowhere",
                "amount": "57.498333333",
                "share": "0.24",
                "discipline": "models",
                "href": "/explain",
            },
        ],
        total="239.998333333",
        took_note="to date · every line opens down to charges",
        took_advice="More than half is data: reuse **features** in form-digitiser would save about $71 a month.",
        downloads=[
            {"text": "CSV", "href": "/x.csv", "download": True},
            {"text": "Parquet", "href": "/x.parquet", "download": True},
        ],
        facts=facts(),
        verified={"text": "Verified to 48,213", "broken": False},
        trend=patterns()["bars"],
        products=[{"key": "product:biopsy-triage", "title": "Biopsy triage"}],
        owners=[{"key": "team:triage", "title": "Triage team"}],
        names=["models:/biopsy-triage/3"],
    )


def dataset() -> dict[str, Any]:
    blast = {
        "since": now() - 50 * HOUR,
        "spent": "61.3",
        "at_risk": {"serving": "2.04", "tokens": None, "value": "1200"},
        "assets": [
            {"asset": "model:biopsy-triage/3", "title": "biopsy-triage / 3", "kind": "model", "distance": 2},
            {"asset": "endpoint:triage-api", "title": "triage-api", "kind": "endpoint", "distance": 3},
            {"asset": "product:biopsy-triage", "title": "Biopsy triage", "kind": "product", "distance": 4},
        ],
        "count": 3,
        "repair": "Cheapest repair: `etl.features`, then `train.biopsy-triage`, about $52.40 together.",
        "downloads": [{"text": "CSV", "href": "/api/trivium/v1/blast.csv", "download": True}],
    }
    check = {
        "check": "not_null",
        "column": "email",
        "passed": False,
        "expected": "0",
        "actual": "496",
        "at": now() - 2 * HOUR,
    }
    held = {
        "check": "row_count",
        "column": "",
        "passed": True,
        "expected": "≥ 500",
        "actual": "569",
        "at": now() - 2 * HOUR,
    }
    return card(
        FEATURES,
        "features",
        "dataset",
        thread=patterns()["thread"] | {"upstream": 2, "downstream": 4},
        blast=blast,
        data=kpi("data", "Data", "26", "of 27 checks kept", "email not null fails since 2 d", bad=True),
        checks=[check, held],
        facts=facts(),
        verified={"text": "Verified to 48,213", "broken": False},
    )


def bare() -> dict[str, Any]:
    return card("dataset:s3://hospital/alone", "alone", "dataset")


def hostile() -> dict[str, Any]:
    """Give a card in which every text that a client chose is an attack; it must show as text."""
    node = {
        "key": f"dataset:x/{HOSTILE}",
        "label": HOSTILE,
        "kind": "dataset",
        "sub": HOSTILE,
        "discipline": "data",
        "state": "bad",
        "href": "javascript:alert(1)",
        "focus": True,
    }
    thread = {"nodes": [node], "edges": [], "upstream": 0, "downstream": 0, "currency": "USD"}
    check = {"check": HOSTILE, "column": HOSTILE, "passed": False, "expected": HOSTILE, "actual": HOSTILE, "at": now()}
    return card(
        f"dataset:x/{HOSTILE}",
        HOSTILE,
        "dataset",
        thread=thread,
        names=[HOSTILE],
        checks=[check],
        crumbs=[{"text": HOSTILE, "href": "/"}],
        chips=[{"text": HOSTILE, "href": "javascript:alert(1)"}],
        facts=[{"sequence": 1, "text": HOSTILE + " `" + HOSTILE + "` **" + HOSTILE + "**", "at": now()}],
        owners=[{"key": f"team:{HOSTILE}", "title": HOSTILE}],
        products=[{"key": f"product:{HOSTILE}", "title": HOSTILE}],
        actions=[{"text": HOSTILE, "href": "javascript:alert(1)"}],
    )


def large() -> dict[str, Any]:
    """Give a card with a thread of 120 nodes in five ranks."""
    nodes = [
        {
            "key": f"dataset:s3://lake/{rank}/{index}",
            "label": f"a_rather_long_table_name_{rank}_{index}",
            "kind": "dataset",
            "sub": f"dataset · ${rank * 10 + index}.00",
            "discipline": "data",
            "state": "ok",
            "href": "/",
            "focus": rank == 2 and not index,
        }
        for rank in range(5)
        for index in range(24)
    ]
    edges = [
        {
            "from": nodes[rank * 24 + index]["key"],
            "to": nodes[(rank + 1) * 24 + (index * 7 + step) % 24]["key"],
            "amount": str(index + 1),
        }
        for rank in range(4)
        for index in range(24)
        for step in range(1 + index % 2)
    ]
    thread = {"nodes": nodes, "edges": edges, "upstream": 48, "downstream": 48, "currency": "USD"}
    return card("dataset:s3://lake/2/0", "a_rather_long_table_name_2_0", "dataset", thread=thread)


def asset_list() -> dict[str, Any]:
    found = [
        {
            "asset": FEATURES,
            "kind": "dataset",
            "title": "features",
            "href": "/assets/x?sample=dataset",
            "product": "Biopsy triage",
            "state": None,
            "quality": None,
        },
        {
            "asset": RAW,
            "kind": "dataset",
            "title": "biopsies_raw",
            "href": "/assets/x",
            "product": None,
            "state": "bad",
            "quality": "failing",
        },
        {
            "asset": "model:biopsy-triage/3",
            "kind": "model",
            "title": "biopsy-triage / 3",
            "href": "/assets/x",
            "product": "Biopsy triage",
            "state": None,
            "quality": None,
        },
    ]
    kinds = [{"text": "All", "href": "/assets", "current": True}, {"text": "Datasets", "href": "/assets?kind=dataset"}]
    return {
        "assets": {
            "query": "",
            "matching_text": "214 assets",
            "kinds": kinds,
            "results": found,
            "paging": {"text": "1 to 100 of 214", "before": None, "after": "/assets?from=100"},
            "downloads": [{"text": "CSV", "href": "/api/trivium/v1/assets.csv", "download": True}],
            "line": None,
        }
    }


def no_assets() -> dict[str, Any]:
    listed = {
        "query": "nothing",
        "matching_text": "0 assets",
        "kinds": [],
        "results": [],
        "paging": None,
        "downloads": [],
        "line": None,
    }
    return {"assets": listed}


def data_quality() -> dict[str, Any]:
    rows = [
        {
            "key": FEATURES,
            "title": "features",
            "state": "bad",
            "kept": 26,
            "total": 27,
            "failing": ["email not null"],
            "written_at": now() - 2 * HOUR,
            "rows": 569,
            "volumes": [560, 562, 569, 569],
            "owner": {"key": "team:triage", "title": "Triage team"},
        },
        {
            "key": RAW,
            "title": "biopsies_raw",
            "state": "unknown",
            "kept": 0,
            "total": 0,
            "failing": [],
            "written_at": now() - 40 * HOUR,
            "rows": None,
            "volumes": [],
            "owner": None,
        },
    ]
    return {
        "data": {
            "decision": None,
            "rows": rows,
            "paging": {"text": "1 to 2 of 40", "before": None, "after": "/data?from=2"},
            "matching_text": "40 datasets",
            "text": "2 datasets, 1 without any check.",
            "downloads": [],
            "line": None,
        }
    }


def no_data() -> dict[str, Any]:
    return {
        "data": {
            "decision": None,
            "rows": [],
            "paging": None,
            "matching_text": "0 datasets",
            "text": "",
            "downloads": [],
            "line": "export OPENLINEAGE_URL=http://127.0.0.1:8080",
        }
    }
