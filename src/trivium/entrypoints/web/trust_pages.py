"""The pages about what is known: facts, names that stand alone, declarations, clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.requests import Request

from trivium.entrypoints.answers import (
    declared,
    fact,
    facts,
    graph_unmatched,
    ledger_head,
    setup,
)
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import instant_of
from trivium.entrypoints.answers.wording import words_of
from trivium.entrypoints.web.addresses import address, asset_address
from trivium.entrypoints.web.figures import exact_text
from trivium.entrypoints.web.frames import asked_at, asked_currency, known_of, money_shell, plain_shell
from trivium.entrypoints.web.money_pages import downloads
from trivium.entrypoints.web.paging import part_of, whole
from trivium.entrypoints.web.times import ago_text, exact_instant
from trivium.facts.instants import FIRST, LAST, SECOND, now, parse_instant
from trivium.facts.keys import is_key
from trivium.facts.kinds import Kind
from trivium.facts.period import parse_period

Context = dict[str, Any]
_PAGE: Final = 50
_FEW: Final = 20
"""How many statements of each kind stand beside the other kinds."""
_SECTIONS: Final = {
    "asset.titled": ("Titles", "what people call things"),
    "asset.owned": ("Owners", "who answers for what"),
    "asset.belongs": ("Products", "what each product is made of"),
    "product.valued": ("Values", "what a day of a product is worth"),
    "dataset.life": ("Lives", "for how long a dataset serves"),
    "name.alias": ("Aliases", "two names of one thing"),
    "resource.used": ("Resources", "who uses which billed resource"),
    "run.trial": ("Trials", "runs of experiments"),
    "version.registered": ("Model versions", "the runs that made them"),
    "version.used": ("Uses of versions", "who serves or takes which version"),
    "version.predicted": ("Predictions", "how many each consumer had in a month"),
    "rule.declared": ("Rules", "which charges go where"),
}
_INSTANTS: Final = frozenset({"at", "since", "until"})
_EXAMPLE: Final = (
    '[[product]]\nname = "my-product"\ntitle = "My product"\nowners = ["my-team"]\nassets = ["job:NAMESPACE/NAME"]'
)


def ledger_page(rooms: Rooms, request: Request) -> Context:
    """Give what `ledger.html` shows."""
    query = request.query_params
    before = query.get("before", "")
    params = facts.Params(
        kind=query.get("kind", ""), subject=query.get("subject", ""), before=whole(before, "before"), limit=_PAGE
    )
    answer, head = facts.ask(rooms, params), ledger_head.ask(rooms, ledger_head.Params())
    filtered = bool(params.kind or params.subject)
    context = {
        "head": {"sequence": head.sequence, "root": head.root},
        "newest_text": _ago(head.recorded_at) if head.recorded_at else "none yet",
        "decision": _broken(rooms),
        "verified": _verified(rooms),
        "verify_line": f"trivium ledger verify --home {rooms.home}",
        "kinds": [str(kind) for kind in Kind if str(kind) in head.facts_by_kind],
        "kind": params.kind,
        "subject": params.subject,
        "facts": [
            msgspec.structs.asdict(line)
            | {
                "happened_at": parse_instant(line.happened_at),
                "recorded_at": parse_instant(line.recorded_at),
                "subject": _asset_or_nothing(line.subject),
            }
            for line in answer.facts
        ],
        "matching_text": "those that match" if filtered else f"{head.sequence:,} facts",
        "newer_href": address("/ledger", request.url.query, before=None) if before else None,
        "older_href": address("/ledger", request.url.query, before=str(answer.older)) if answer.older else None,
        "first_line": None if head.sequence else f"export OPENLINEAGE_URL={origin_of(request)}",
    }
    return {"shell": plain_shell(request, "ledger", rooms), "ledger": context}


def fact_page(rooms: Rooms, request: Request) -> Context:
    """Give what `fact.html` shows."""
    sequence = whole(request.path_params["sequence"], "sequence")
    answer = fact.ask(rooms, fact.Params(sequence=sequence))
    line, recorded, state = answer.fact, rooms.ledger.fact(sequence), rooms.bookkeeping.state()
    context = msgspec.structs.asdict(line) | {
        "text": words_of(recorded, rooms.reader, rooms.bookkeeping.names(state)),
        "subject": _asset_or_nothing(line.subject),
        "happened_at": parse_instant(line.happened_at),
        "recorded_at": parse_instant(line.recorded_at),
        "body": _pretty(answer.body),
        "body_note": f"JSON, {len(recorded.fact.body):,} bytes",
        "key": answer.key,
        "leaf": answer.leaf,
        "body_hash": answer.body_sha256,
        "proof_line": f"trivium ledger proof {sequence} --home {rooms.home}",
        "downloads": [{"text": "JSON", "href": f"/api/trivium/v1/fact?sequence={sequence}"}],
    }
    return {"shell": plain_shell(request, "ledger", rooms), "fact": context}


def unmatched_page(rooms: Rooms, request: Request) -> Context:
    """Give what `unmatched.html` shows."""
    query = request.query_params
    params = graph_unmatched.Params(
        period=query.get("period", ""),
        currency=asked_currency(rooms, request),
        as_of=query.get("as_of", ""),
        known=known_of(request),
        limit=10_000,
    )
    answer = graph_unmatched.ask(rooms, params)
    state = rooms.bookkeeping.state(instant_of(params.as_of), params.known)
    asked = {"period": answer.period, "currency": answer.currency, **asked_at(params.as_of, params.known)}
    rows, paging = part_of(answer.names, request)
    found = len(answer.names) + answer.left_out
    context = {
        "rows": [
            {
                "name": row.name,
                "kind": row.kind,
                "why": row.why,
                "money": row.money,
                "suggestion": _suggestion(row),
                "line": row.line or None,
            }
            for row in rows
        ],
        "paging": paging,
        "matching_text": f"{found:,} name" + ("" if found == 1 else "s"),
        "left_out": answer.left_out,
        "currency": answer.currency,
        "total": answer.total,
        "share": answer.share,
        "text": f"All of the {exact_text(answer.charges)} {answer.currency} of {answer.period} has its asset.",
        "downloads": downloads("/graph/unmatched", asked),
    }
    shell = money_shell(request, "unmatched", rooms, state, parse_period(answer.period), answer.currency)
    return {"shell": shell, "unmatched": context}


def declared_page(rooms: Rooms, request: Request) -> Context:
    """Give what `declared.html` shows."""
    answer = declared.ask(rooms, declared.Params())
    names = rooms.bookkeeping.names(rooms.bookkeeping.state())
    only = request.query_params.get("kind", "")
    sections = []
    for kind, (title, text) in _SECTIONS.items():
        said = [one for one in answer.statements if one.kind == kind]
        if not said or only not in {"", kind}:
            continue
        part, paging = part_of(said, request) if only else (said[:_FEW], None)
        columns = list(dict.fromkeys(name for one in part for name in one.says))
        sections.append({
            "title": title,
            "text": text if len(said) < 2 else f"{text} · {len(said):,}",
            "columns": [name.replace("_", " ").capitalize() for name in columns],
            "rows": [
                {"cells": [_cell(name, one.says.get(name), names) for name in columns], "sequence": one.sequence}
                for one in part
            ],
            "all": {"text": f"All {len(said):,}", "href": address("/declared", kind=kind)}
            if len(part) < len(said) and not only else None,
            "paging": paging,
        })  # fmt: skip
    back = [{"text": "All that is declared", "href": "/declared"}] if only else []
    context = {
        "sections": sections,
        "actions": back,
        "example": _EXAMPLE,
        "line": "trivium declare trivium.declare.toml",
    }
    return {"shell": plain_shell(request, "declared", rooms), "declared": context}


def setup_page(rooms: Rooms, request: Request) -> Context:
    """Give what `setup.html` and its partial show."""
    return {"shell": plain_shell(request, "setup", rooms), "setup": setup_context(rooms, request)}


def setup_context(rooms: Rooms, request: Request) -> Context:
    """Give the steps of the set-up, with this server's address in their lines."""
    answer = setup.ask(rooms, setup.Params(address=origin_of(request)))
    steps = [
        msgspec.structs.asdict(step) | {"last_heard": parse_instant(step.last_heard) if step.last_heard else None}
        for step in answer.steps
    ]
    return {"steps": steps}


def _verified(rooms: Rooms) -> Context | None:
    """Say what the last verification found; None before the first."""
    last = rooms.verified.last
    if last is None:
        return None
    ago = ago_text((now() - last.at) // SECOND, last.at)
    return {"whole": last.whole, "text": f"all {last.sequence:,} facts hashed again, {ago}"}


def _broken(rooms: Rooms) -> Context | None:
    last = rooms.verified.last
    if last is None or last.whole:
        return None
    text = "Run the line below: it names the facts. Restore a backup that verifies, and keep this home as it is."
    return {"title": "The ledger is not what was recorded.", "text": text, "action": None}


def _suggestion(row: graph_unmatched.Name) -> str:
    if row.suggestions:
        return "It looks like " + " or ".join(f"`{name}`" for name in row.suggestions) + "; say that they are one:"
    return "Say whose it is:" if row.line else "Correct the name at its source."


def _asset_or_nothing(subject: str) -> str:
    """Give a subject that has a page: an asset's key."""
    return subject if is_key(subject) else ""


def _cell(field: str, value: Any, names: Names) -> Context:
    if isinstance(value, str) and is_key(value):
        return {"text": names.of(value), "href": asset_address(value)}
    if field in _INSTANTS and isinstance(value, int):
        return {"text": exact_instant(value) if FIRST <= value <= LAST else "", "href": None}
    text = "" if value is None else value if isinstance(value, str) else _words(value, names)
    return {"text": text, "href": None}


def _words(value: Any, names: Names) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, Iterable):
        return ", ".join(names.of(item) if is_key(str(item)) else str(item) for item in value)
    return str(value)


def _pretty(body: str) -> str:
    try:
        return msgspec.json.format(body, indent=2)
    except msgspec.DecodeError:
        return body


def _ago(text: str) -> str:
    instant = parse_instant(text)
    return ago_text((now() - instant) // SECOND, instant)


def origin_of(request: Request) -> str:
    """Give this server's address as the browser wrote it."""
    return f"{request.url.scheme}://{request.url.netloc}"
