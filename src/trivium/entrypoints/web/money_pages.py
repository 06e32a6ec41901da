"""The pages about money: a month's statement, and what an asset is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from starlette.requests import Request

from trivium.entrypoints.answers import cost_explain, cost_statement, graph_unmatched
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import instant_of
from trivium.entrypoints.web.addresses import address, asset_address
from trivium.entrypoints.web.bands import bands
from trivium.entrypoints.web.drawings import largest
from trivium.entrypoints.web.environment import discipline_of
from trivium.entrypoints.web.figures import share
from trivium.entrypoints.web.frames import asked_at, asked_currency, filled_text, known_of, money_shell
from trivium.entrypoints.web.paging import part_of
from trivium.entrypoints.web.times import day_text, month_text
from trivium.facts.instants import parse_instant
from trivium.facts.keys import AssetKey, kind_of, parse
from trivium.facts.money import add, plain, share_of
from trivium.facts.period import parse_period

Context = dict[str, Any]
API: Final = "/api/trivium/v1"
ACCOUNTS: Final = {
    "idle": "time on shared resources in which nothing ran",
    "shared": "what a rule keeps for all",
    "unallocated": "nothing says what caused it",
    "unowned": "it has a bearer, but nobody owns that",
    "tax": "tax lines of the bill",
    "credit": "credits of the provider",
    "adjustment": "adjustments of the provider",
    "purchase": "bought ahead; usage carries it",
    "commitment_unused": "committed to, but not used",
    "prepaid": "declared lives that are not over",
    "failed": "failed runs whose job has not succeeded since",
    "running": "runs that have not ended",
    "rounding": "finer than a billionth",
}
"""What each named account holds, in words."""
BASES: Final = {
    "tagged": "good", "resource": "money", "time share": "data", "provider split": "money", "rule": "models",
    "estimate": "models",
}  # fmt: skip
Band = tuple[str, str]
"""What an amount belongs to, and the amount."""
_BANDS: Final = 9
_SPANS: Final = {"to date": "to date"}


def kind_words(key: str) -> str:
    """Say the kind of an asset in words: a model with a version is a model version."""
    kind = kind_of(key)
    return "model version" if kind == "model" and parse(key).version else kind


def statement_page(rooms: Rooms, request: Request) -> Context:
    """Give what `statement.html` shows."""
    query = request.query_params
    by = query.get("by", "product")
    params = cost_statement.Params(
        period=query.get("period", ""),
        by=by,
        currency=asked_currency(rooms, request),
        as_of=query.get("as_of", ""),
        known=known_of(request),
    )
    answer = cost_statement.ask(rooms, params)
    state = rooms.bookkeeping.state(instant_of(params.as_of), params.known)
    month = parse_period(answer.period)
    names = rooms.bookkeeping.names(state)
    whole = add(Decimal(answer.total), Decimal(answer.brought_forward))
    over = month.end <= state.as_of
    asked = {
        "period": answer.period,
        "by": by,
        "currency": answer.currency,
        **asked_at(params.as_of, params.known),
    }
    lines, paging = part_of(_by_size(answer.lines), request)
    unread = {one.asset: one.state for one in answer.unread}
    context = {
        "period": answer.period,
        "currency": answer.currency,
        "lead": " ".join(text for text in (filled_text(rooms, month, answer.currency, state), _moves(answer)) if text),
        "total": answer.total,
        "brought_forward": answer.brought_forward,
        "late": answer.late,
        **({"unit": answer.unit} if answer.unit != "nano" else {}),
        "rested": answer.rested,
        "carried": answer.carried,
        "sum": whole,
        "decision": None,
        "actions": [],
        "by": [
            {
                "text": name.capitalize(),
                "href": address("/statement", request.url.query, by=name),
                "current": name == by,
            }
            for name in ("product", "team", "asset")
        ],
        "lines": [_line(line, names, whole, unread) for line in lines],
        "others": _others(answer, lines),
        "largest": largest(line.amount for line in answer.lines),
        "paging": paging,
        "coverage": _coverage(answer),
        "next": _advice(rooms, answer, params),
        "bridge": answer.bridge,
        "closed": answer.closing and {"at": parse_instant(answer.closing.at), "sequence": answer.closing.sequence},
        "close_line": f"trivium cost close {answer.period}" if over and not answer.closed else None,
        "sankey": _bands(answer, names, month_text(answer.period)) if answer.lines else None,
        "downloads": downloads("/cost/statement", asked),
    }
    shell = money_shell(request, "statement", rooms, state, month, answer.currency)
    return {"shell": shell, "statement": context}


def explain_page(rooms: Rooms, request: Request) -> Context:
    """Give what `explain.html` shows."""
    query = request.query_params
    params = cost_explain.Params(
        key=request.path_params["key"], period=query.get("period", ""), currency=asked_currency(rooms, request),
        as_of=query.get("as_of", ""), known=known_of(request),
    )  # fmt: skip
    answer = cost_explain.ask(rooms, params)
    asked = {
        "key": answer.asset,
        **{name: text for name, text in (("period", params.period), ("currency", answer.currency)) if text},
        **asked_at(params.as_of, params.known),
    }
    state = rooms.bookkeeping.state(instant_of(params.as_of), params.known)
    names = rooms.bookkeeping.names(state)
    month = rooms.bookkeeping.month(params.period, answer.currency, state)
    title = names.of(answer.asset)
    total = Decimal(answer.total)
    tree = {
        "asset": answer.asset,
        "title": title,
        "kind": kind_words(answer.asset),
        "total": answer.total,
        "currency": answer.currency,
        "parts": [_part(part, names, total) for part in answer.parts],
        "charges": [_charge(charge) for charge in answer.charges],
    }
    context = {
        **tree,
        "crumbs": [{"text": title, "href": asset_address(answer.asset)}],
        "span": _SPANS.get(answer.period) or month_text(answer.period),
        **({"unit": answer.unit} if answer.unit != "nano" else {}),
        "lead": "Every amount opens into what it came from, down to the charges of the bill.",
        "bases": _bases(answer),
        "advice": "Part and whole agree to the last unit; deeper paths stand as one part.",
        "line": None,
        "downloads": [{"text": "JSON", "href": address(f"{API}/cost/explain", asked)}],
        "sankey": bands(_by_job(tree, names)) if answer.parts else None,
    }
    return {"shell": money_shell(request, "", rooms, state, month, answer.currency), "explain": context}


def downloads(path: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Link an answer's table as CSV and Parquet."""
    return [
        {"text": text, "href": address(f"{API}{path}.{form}", {k: v for k, v in asked.items() if v}), "download": True}
        for text, form in (("CSV", "csv"), ("Parquet", "parquet"))
    ]


def _moves(answer: cost_statement.Answer) -> str:
    return "Closed, it never moves." if answer.closed else "Open months still move."


def _by_size(lines: tuple[cost_statement.Line, ...]) -> list[cost_statement.Line]:
    """Put assets and owners first, each group by size."""
    return sorted(lines, key=lambda line: (":" not in line.account, -abs(Decimal(line.amount)), line.account))


def _others(answer: cost_statement.Answer, lines: Sequence[cost_statement.Line]) -> Context | None:
    """Sum the lines that are not on this page, so that what is on it adds up; None where all are."""
    count = len(answer.lines) - len(lines)
    if not count:
        return None
    sums = [
        plain(
            add(
                *(Decimal(getattr(one, name)) for one in answer.lines), *(-Decimal(getattr(one, name)) for one in lines)
            )
        )
        for name in ("amount", "carried")
    ]
    return {"title": f"{count:,} on other pages", "amount": sums[0], "carried": sums[1]}


def _line(line: cost_statement.Line, names: Names, whole: Decimal, unread: Mapping[str, str]) -> Context:
    linked = ":" in line.account
    note = kind_words(line.account) if linked else ACCOUNTS.get(line.account, "")
    if line.account in unread:
        note += f", {unread[line.account]}"
    return {
        "account": line.account,
        "title": names.of(line.account),
        "amount": line.amount,
        "carried": line.carried,
        "share": share_of(Decimal(line.amount), whole),
        "href": asset_address(line.account) if linked else None,
        "note": note,
    }


def _coverage(answer: cost_statement.Answer) -> list[Context]:
    total = add(*(abs(Decimal(one.amount)) for one in answer.coverage))
    return [
        {
            "title": one.basis.capitalize(),
            "amount": one.amount,
            "share": share_of(abs(Decimal(one.amount)), total),
            "discipline": BASES.get(one.basis, "plain"),
        }
        for one in answer.coverage
    ]


def _advice(rooms: Rooms, answer: cost_statement.Answer, params: cost_statement.Params) -> Context | None:
    """Give the line of configuration that would place most of what has no cause yet."""
    asked = graph_unmatched.Params(
        period=answer.period, currency=answer.currency, as_of=params.as_of, known=params.known, limit=1
    )
    found = graph_unmatched.ask(rooms, asked)
    first = next((row for row in found.names if row.line and Decimal(row.money) > 0), None)
    if first is None:
        return None
    part = share(share_of(Decimal(first.money), Decimal(answer.total)))
    return {"text": f"One line would place {part} of the charges, `{first.name}`:", "line": first.line}


def _bands(answer: cost_statement.Answer, names: Names, month: str) -> Context:
    """Draw what came in by service, and where it went; small ones stand together on either side.

    Only what is drawn is named: a statement by asset has thousands of lines. Two of one name are two bands.
    """
    came: list[Band] = [(one.service or "no service", one.amount) for one in answer.services]
    came.append(("brought forward", answer.brought_forward))
    went = [(line.account, plain(add(Decimal(line.amount), -Decimal(line.carried)))) for line in answer.lines]
    went.append(("carried forward", answer.carried))
    nodes = [{"key": "month", "label": month, "discipline": "money", "href": None}]
    links = []
    for side, rows in (("from", _largest(came)), ("to", _largest(went))):
        for what, amount in rows:
            key = f"{side} {what}"
            nodes.append({"key": key, **(_went_to(what, names) if side == "to" else _came_from(what))})
            ends = (key, "month") if side == "from" else ("month", key)
            links.append({"from": ends[0], "to": ends[1], "amount": amount})
    return {"currency": answer.currency, "nodes": nodes, "links": links}


def _came_from(what: str) -> Context:
    return {"label": what, "discipline": "plain" if what == "brought forward" else "money", "href": None}


def _went_to(account: str, names: Names) -> Context:
    if ":" not in account:
        return {"label": account, "discipline": "plain", "href": None}
    discipline = discipline_of(kind_words(account))
    return {"label": names.of(account), "discipline": discipline, "href": asset_address(account)}


def _largest(rows: list[Band]) -> list[Band]:
    """Keep the largest bands, and put the others together."""
    ordered = sorted((row for row in rows if Decimal(row[1])), key=lambda row: (-abs(Decimal(row[1])), row[0]))
    shown, rest = ordered[:_BANDS], ordered[_BANDS:]
    together = plain(add(*(Decimal(row[1]) for row in rest)))
    return [*shown, (f"{len(rest):,} smaller", together)] if Decimal(together) else shown


def _part(part: cost_explain.Part, names: Names, total: Decimal) -> Context:
    linked = ":" in part.asset
    return {
        "asset": part.asset,
        "title": names.of(part.asset) if linked else "smaller and deeper parts",
        "kind": kind_words(part.asset) if linked else "",
        "discipline": discipline_of(kind_words(part.asset)) if linked else "plain",
        "amount": part.amount,
        "share": share_of(Decimal(part.amount), total),
        "basis": part.basis,
        "href": asset_address(part.asset) if linked else None,
        "parts": [_part(below, names, total) for below in part.parts],
        "charges": [_charge(charge) for charge in part.charges],
    }


def _by_job(part: Context, names: Names) -> Context:
    """Let runs stand as their jobs, so that a picture has one band for all runs of one."""
    job = names.job_of(part["asset"])
    named = {"asset": job, "title": names.of(job), "discipline": discipline_of("job")} if job else {}
    return part | named | {"parts": [_by_job(below, names) for below in part["parts"]]}


def _charge(charge: cost_explain.Charge) -> Context:
    start, end = parse_instant(charge.start), parse_instant(charge.end)
    days = day_text(start) if end - start <= 86_400_000_000 else f"{day_text(start)} to {day_text(end - 1)}"
    name = ", ".join(text for text in (charge.service, charge.resource) if text) or "Charges without a name"
    return {
        "title": name,
        "amount": charge.amount,
        "basis": charge.basis,
        "note": days + (", late" if charge.late else ""),
        "href": asset_address(str(AssetKey("resource", charge.resource))) if charge.resource else None,
    }


def _bases(answer: cost_explain.Answer) -> str:
    """Say on what the amount stands, largest first."""
    sums: dict[str, Decimal] = {}
    pending: list[Any] = [answer]
    while pending:
        node = pending.pop()
        pending.extend(node.parts)
        for charge in node.charges:
            sums[charge.basis] = add(sums.get(charge.basis, Decimal(0)), abs(Decimal(charge.amount)))
    whole = add(*sums.values())
    ordered = sorted(sums, key=lambda basis: -sums[basis])
    return ", ".join(f"{100 * sums[basis] / whole:.0f} % {basis}" for basis in ordered if whole)
