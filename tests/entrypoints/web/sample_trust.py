"""Invented answers about the ledger, what is unmatched, declared and set up; problems."""

from __future__ import annotations

from typing import Any

from trivium.facts.instants import DAY, SECOND, now

HOUR = 3600 * SECOND
ROOT = "9f3c1b7a44d0e6a1c0ffee00112233445566778899aabbccddeeff0011223344"


def ledger() -> dict[str, Any]:
    kinds = ["lineage.event", "charges.imported", "asset.owned"]
    facts = [
        {
            "sequence": 48213 - index,
            "kind": kinds[index % 3],
            "subject": "dataset:s3://hospital/features",
            "happened_at": now() - index * HOUR,
            "recorded_at": now() - index * HOUR,
            "source": "openlineage",
        }
        for index in range(8)
    ]
    return {
        "ledger": {
            "head": {"sequence": 48213, "root": ROOT},
            "newest_text": "2 h ago",
            "decision": None,
            "verified": {"whole": True, "text": "all 48,213 facts, 20 min ago, against checkpoint 47,000"},
            "verify_line": "trivium ledger verify --home ~/.local/share/trivium --checkpoint checkpoint.json",
            "kinds": kinds,
            "kind": "",
            "subject": "",
            "facts": facts,
            "matching_text": "48,213 facts",
            "newer_href": None,
            "older_href": "/ledger?before=48206",
            "first_line": None,
        }
    }


def empty_ledger() -> dict[str, Any]:
    context = ledger()
    context["ledger"] |= {
        "facts": [],
        "head": {"sequence": 0, "root": ROOT},
        "verified": None,
        "newest_text": "none yet",
        "first_line": "export OPENLINEAGE_URL=http://127.0.0.1:8080",
    }
    return context


def fact() -> dict[str, Any]:
    return {
        "fact": {
            "sequence": 48213,
            "kind": "lineage.event",
            "subject": "dataset:s3://hospital/features",
            "actor": "",
            "text": "check failed on **features**: email not null, 496 rows",
            "body_note": "application/json, 214 bytes",
            "body": '{\n  "eventType": "COMPLETE",\n  "note": "</pre><script>alert(1)</script>"\n}',
            "happened_at": now() - 2 * HOUR,
            "recorded_at": now() - 2 * HOUR,
            "source": "openlineage",
            "key": "9f3c1b7a",
            "leaf": ROOT,
            "body_hash": ROOT[::-1],
            "proof_line": "trivium ledger proof 48213",
            "downloads": [{"text": "Save", "href": "/x", "download": True}],
        }
    }


def unmatched() -> dict[str, Any]:
    rows = [
        {
            "name": "i-0ffee00112233",
            "kind": "resource",
            "why": "no run, endpoint or dataset declares this resource",
            "money": "6.003333333",
            "suggestion": "Declare who uses it:",
            "line": '[[resource]]\nasset = "job:airflow/etl.features"\nresource = "i-0ffee00112233"',
        },
        {
            "name": "tag team=labs",
            "kind": "tag",
            "why": "`labs` is no declared team",
            "money": "5.005",
            "suggestion": "Declare the team, or correct the tag at its source.",
            "line": None,
        },
        {
            "name": "s3a://hospital/features/",
            "kind": "dataset",
            "why": "looks like `s3://hospital/features`",
            "money": "2",
            "suggestion": "Say that they are one:",
            "line": '[[alias]]\nname = "dataset:s3a://hospital/features/"\nmeans = "dataset:s3://hospital/features"',
        },
    ]
    return {
        "unmatched": {
            "rows": rows,
            "paging": None,
            "left_out": 12,
            "matching_text": "3 names",
            "currency": "USD",
            "total": "13.008333333",
            "share": "0.0323",
            "text": "",
            "downloads": [],
        }
    }


def all_matched() -> dict[str, Any]:
    context = unmatched()
    context["unmatched"] |= {"rows": [], "text": "All 214 names and every charge of November 2026 have their asset."}
    return context


def declared() -> dict[str, Any]:
    row = {
        "cells": [{"text": "features", "href": "/assets/x"}, {"text": "Triage team", "href": "/assets/x"}],
        "sequence": 41,
    }
    section = {"title": "Owners", "text": "who answers for what", "columns": ["Asset", "Team"], "rows": [row],
               "all": {"text": "All 2,000", "href": "/declared?kind=asset.owned"}, "paging": None}  # fmt: skip
    life = {"cells": [{"text": "labels", "href": "/assets/x"}, {"text": "90 days", "href": None}], "sequence": 44}
    lives = {"title": "Lives", "text": "for how long a dataset serves", "columns": ["Dataset", "Life"], "rows": [life],
             "all": None, "paging": None}  # fmt: skip
    return {"declared": {"sections": [section, lives], "actions": [], "example": "", "line": ""}}


def nothing_declared() -> dict[str, Any]:
    example = '[[product]]\nname = "biopsy-triage"\ntitle = "Biopsy triage"\nassets = ["model:biopsy-triage"]'
    return {
        "declared": {"sections": [], "actions": [], "example": example, "line": "trivium declare trivium.declare.toml"}
    }


def setup() -> dict[str, Any]:
    steps = [
        {
            "client": "openlineage",
            "title": "Lineage, from OpenLineage clients",
            "fills": "threads, quality, freshness",
            "text": "Airflow, Spark, dbt, Flink: set the address and run as before.",
            "line": "export OPENLINEAGE_URL=http://127.0.0.1:8080",
            "last_heard": now() - 40 * SECOND,
            "count": 1204,
        },
        {
            "client": "focus",
            "title": "Bills, as FOCUS exports",
            "fills": "money",
            "text": "CSV, Parquet or JSON lines, FOCUS 1.0 to 1.4.",
            "line": "trivium import focus FILE",
            "last_heard": now() - 3 * DAY,
            "count": 3,
        },
        {
            "client": "declare",
            "title": "What no client knows",
            "fills": "products, owners, resources",
            "text": "A file of products, owners and resources; it shows the difference before it applies.",
            "line": "trivium declare FILE.toml",
            "last_heard": None,
            "count": 0,
        },
    ]
    return {"setup": {"steps": steps}}


def not_found() -> dict[str, Any]:
    return {
        "problem": {
            "status": 404,
            "code": "no_page",
            "title": "There is no page at '/nowhere'.",
            "where": "",
            "fix": "Search with `/`, or start at the overview.",
        }
    }


def bad_key() -> dict[str, Any]:
    return {
        "problem": {
            "status": 400,
            "code": "bad_key",
            "title": "'datset:<svg onload=alert(1)>' is no asset key.",
            "where": "key",
            "fix": "Write `kind:name`.",
        }
    }


def broken() -> dict[str, Any]:
    return {
        "problem": {
            "status": 500,
            "code": "fault",
            "title": "Trivium could not answer.",
            "where": "",
            "fix": "Nothing was lost. The log has the fault under 7f3a.",
        }
    }
