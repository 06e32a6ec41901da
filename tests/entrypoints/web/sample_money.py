"""Invented answers about money: overview, statement, explain."""

from __future__ import annotations

from typing import Any

from tests.entrypoints.web import sample_trust
from trivium.entrypoints.web.patterns import patterns
from trivium.facts.instants import DAY, now

DOWNLOADS = [
    {"text": "CSV", "href": "/x.csv", "download": True},
    {"text": "Parquet", "href": "/x.parquet", "download": True},
]


def trend(*amounts: str) -> list[dict[str, str]]:
    return [{"month": f"2026-{month:02d}", "amount": amount} for month, amount in enumerate(amounts, 6)]


def overview() -> dict[str, Any]:
    products = [
        {
            "key": "product:biopsy-triage",
            "title": "Biopsy triage",
            "cost": "301.298333333",
            "cost_before": "412.75",
            "trend": trend("310", "342", "401", "388", "412.75", "301.298333333"),
            "most": {"share": "0.7846", "part": "data", "href": "/assets/x?sample=model"},
            "quality": {"kept": 26, "total": 27, "failing": ["features: email not null"], "state": "bad"},
            "owner": {"key": "team:triage", "title": "Triage team"},
            "next": {"text": "Re-run etl.features, $12.40", "href": "/assets/x?sample=dataset"},
        },
        {
            "key": "product:form-digitiser",
            "title": "Form digitiser",
            "cost": "88.1",
            "cost_before": "80",
            "trend": trend("40", "52", "61", "75", "80", "88.1"),
            "most": "",
            "quality": {"kept": 12, "total": 12, "failing": [], "state": "ok"},
            "owner": None,
            "next": {"text": "Declare who owns it", "href": "/declared"},
        },
    ]
    return {
        "setup": sample_trust.setup()["setup"],
        "overview": {
            "period": "2026-11",
            "currency": "USD",
            "measure": "effective",
            "as_of": None,
            "open": True,
            "through": "22 Nov",
            "total": "402.408333333",
            "total_before": "505.21",
            "trend": trend("370", "401", "470", "475", "505.21", "402.41"),
            "quality": {"kept": 38, "total": 39, "failing": ["features: email not null"], "state": "bad"},
            "products": products,
            "statement_href": "/statement",
            "unjoined": {"amount": "13.01", "share": "0.0323", "href": "/unmatched"},
            "decision": {
                "title": "One table that a product stands on is bad.",
                "text": "`features` has 496 empty e-mail values since 2 d.",
                "action": {"text": "Open features", "href": "/assets/x?sample=dataset"},
            },
            "downloads": DOWNLOADS,
        },
    }


def empty_overview() -> dict[str, Any]:
    context = overview()
    context["overview"] |= {"products": [], "decision": None, "unjoined": None}
    return context


BRIDGE = {
    "billed": "460.05",
    "effective": "402.408333333",
    "steps": [
        {"label": "Purchases that cover later months", "amount": "-72.5"},
        {"label": "Prorated into this month", "amount": "14.858333333"},
    ],
    "invoices": [
        {"invoice": "INV-2026-11-01", "billed": "400"},
        {"invoice": "INV-2026-11-02", "billed": "60.05"},
    ],
}


def statement() -> dict[str, Any]:
    lines = [
        ("Biopsy triage", "301.298333333", "41.5", "0.69", "/assets/product%3Abiopsy-triage", ""),
        ("Form digitiser", "88.1", "0", "0.2", "/assets/product%3Aform-digitiser", ""),
        ("idle", "22.5", "0", "0.05", None, "time on shared resources in which nothing ran"),
        ("tax", "19.2", "0", "0.04", None, "tax lines of the bill"),
        ("unallocated", "7.01", "0", "0.02", None, "nothing says what caused it"),
        ("credit", "-5", "0", "-0.01", None, "credits of the provider"),
    ]
    coverage = [
        ("Tagged", "250", "0.58", "good"),
        ("Declared resource", "96.4", "0.22", "money"),
        ("Time shares", "60", "0.14", "data"),
        ("Equal shares", "26.708333333", "0.06", "plain"),
    ]
    return {
        "statement": {
            "period": "2026-11",
            "currency": "USD",
            "lead": "Filled through 22 November. Open months still move.",
            "total": "402.408333333",
            "brought_forward": "30.7",
            "late": "3.2",
            "rested": "391.608333333",
            "carried": "41.5",
            "sum": "433.108333333",
            "decision": None,
            "actions": [],
            "by": [
                {"text": "Product", "href": "/statement?by=product", "current": True},
                {"text": "Team", "href": "/statement?by=team"},
                {"text": "Asset", "href": "/statement?by=asset"},
            ],
            "lines": [
                {
                    "account": title,
                    "title": title,
                    "amount": amount,
                    "carried": carried,
                    "share": share,
                    "href": href,
                    "note": note,
                }
                for title, amount, carried, share, href, note in lines
            ],
            "others": {"title": "12 on other pages", "amount": "0.000000001", "carried": "0"},
            "largest": "301.3",
            "paging": {"text": "1 to 100 of 112", "before": None, "after": "/statement?from=100"},
            "coverage": [{"title": t, "amount": a, "share": s, "discipline": d} for t, a, s, d in coverage],
            "next": {
                "text": "One line would tag 14 % more:",
                "line": '[[resource]]\nasset = "job:airflow/etl.features"\nresource = "i-0abc"',
            },
            "bridge": BRIDGE,
            "closed": None,
            "close_line": "trivium cost close 2026-11",
            "sankey": patterns()["sankey"],
            "downloads": DOWNLOADS,
        }
    }


def empty_statement() -> dict[str, Any]:
    context = statement()
    context["statement"] |= {"lines": [], "closed": {"at": now() - 3 * DAY, "sequence": 4711}}
    return context


def explain() -> dict[str, Any]:
    return {
        "explain": patterns()["tree"]
        | {
            "kind": "model version",
            "crumbs": [{"text": "biopsy-triage / 3", "href": "/assets/x"}],
            "span": "to date",
            "lead": "Every part opens down to the charges that made it.",
            "bases": "62 % tagged, 30 % by bytes, 8 % equal shares",
            "advice": "Report bytes read in `train.biopsy-triage`, and 8 % stop being equal shares.",
            "line": None,
            "downloads": DOWNLOADS,
            "sankey": patterns()["sankey"],
        }
    }


def empty_explain() -> dict[str, Any]:
    context = explain()
    context["explain"] |= {
        "parts": [],
        "charges": [],
        "total": "0",
        "line": "trivium import focus FILE",
        "advice": "Import a bill.",
        "sankey": None,
    }
    return context
