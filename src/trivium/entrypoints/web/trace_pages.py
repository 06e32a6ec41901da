"""The pages of traces: traced requests, one of them as a tree, and what endpoints use of models."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from starlette.requests import Request

from trivium.entrypoints.answers import trace_show, traces, usage
from trivium.entrypoints.answers.names import title_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.web.addresses import address, asset_address
from trivium.entrypoints.web.frames import plain_shell
from trivium.entrypoints.web.money_pages import downloads
from trivium.entrypoints.web.trust_pages import origin_of
from trivium.facts.instants import parse_instant
from trivium.facts.money import plain

Context = dict[str, Any]
_PAGE: Final = 50
_MILLIONTH: Final = Decimal("0.000001")
_STATUSES: Final = (("", "All"), ("ok", "Ok"), ("error", "Failed"))
_LINE: Final = "export OTEL_EXPORTER_OTLP_ENDPOINT={origin} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
MARKS: Final = {"ok": "ok", "error": "bad", "unset": "unknown"}
"""How a status is marked on pages."""


def traces_page(rooms: Rooms, request: Request) -> Context:
    """Give what `traces.html` shows: traced requests, the newest first."""
    query = request.query_params
    params = traces.Params(
        service=query.get("service", ""), status=query.get("status", ""), period=query.get("period", ""),
        experiment=query.get("experiment", ""), page=query.get("page", ""), limit=_PAGE,
    )  # fmt: skip
    answer = traces.ask(rooms, params)
    filtered = bool(params.service or params.status or params.period or params.experiment)
    asked = {name: query[name] for name in ("service", "status", "period", "experiment") if query.get(name)}
    context = {
        "matching_text": f"{answer.total:,} trace" + ("" if answer.total == 1 else "s"),
        "statuses": [
            {"text": text, "current": name == params.status,
             "href": address("/traces", request.url.query, status=name or None, page=None)}
            for name, text in _STATUSES
        ],
        "rows": [_row(one) for one in answer.traces],
        "currency": answer.currency,
        "filtered": filtered,
        "newest_href": address("/traces", request.url.query, page=None) if params.page else None,
        "older_href": address("/traces", request.url.query, page=answer.older) if answer.older else None,
        "downloads": downloads("/traces", asked) if answer.total else [],
        "line": None if answer.total or filtered else _LINE.format(origin=origin_of(request)),
    }  # fmt: skip
    return {"shell": plain_shell(request, "traces", rooms), "traces": context}


def trace_page(rooms: Rooms, request: Request) -> Context:
    """Give what `trace.html` shows: one request's spans as a tree; content only where it is asked for."""
    content = request.query_params.get("content") == "true"
    answer = trace_show.ask(rooms, trace_show.Params(trace=request.path_params["trace"], content=content))
    context = {
        **_row(answer.trace),
        "trace": answer.trace.trace,
        "currency": answer.currency,
        "rows": [_span(one, answer.trace.duration_ms) for one in answer.spans],
        "content": content,
        "content_href": address(request.url.path, request.url.query, content=None if content else "true"),
    }
    return {"shell": plain_shell(request, "traces", rooms), "trace": context}


def usage_page(rooms: Rooms, request: Request) -> Context:
    """Give what `usage.html` shows: the usage of models by day, and the models whose price nobody knows."""
    query = request.query_params
    params = usage.Params(period=query.get("period", ""), service=query.get("service", ""))
    answer = usage.ask(rooms, params)
    asked = {name: query[name] for name in ("period", "service") if query.get(name)}
    context = {
        "period": answer.period,
        "currency": answer.currency,
        "estimated": shown(answer.estimated, answer.requests, answer.unpriced),
        "requests": answer.requests,
        "unpriced": answer.unpriced,
        "unknown": [
            {"model": one.model or "not named", "provider": one.provider or "–", "requests": one.requests,
             "input_tokens": one.input_tokens, "output_tokens": one.output_tokens}
            for one in answer.unknown
        ],
        "rows": [_usage(one) for one in answer.lines],
        "downloads": downloads("/usage", asked) if answer.lines else [],
        "line": None if answer.lines else _LINE.format(origin=origin_of(request)),
    }  # fmt: skip
    return {"shell": plain_shell(request, "usage", rooms), "usage": context}


def shown(estimated: str | None, calls: int, unpriced: int = 0) -> str:
    """Write an estimate to a millionth; a dash where no model was called, and in words what has no known price."""
    if not calls:
        return "–"
    if estimated is None:
        return "unknown"
    rounded = Decimal(estimated).quantize(_MILLIONTH, ROUND_HALF_EVEN)
    text = plain(rounded) if rounded or not Decimal(estimated) else f"under {_MILLIONTH}"
    return f"{text} + unknown" if unpriced else text


def _row(one: traces.TraceLine) -> Context:
    return {
        "name": one.name,
        "href": f"/traces/{one.trace}",
        "endpoint": _endpoint(one.endpoint),
        "start": parse_instant(one.start),
        "duration": f"{one.duration_ms:,.0f}",
        "mark": MARKS[one.status],
        "status": one.status,
        "spans": one.spans,
        "errors": one.errors,
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "estimated": shown(one.estimated, one.calls, one.unpriced),
    }


def _span(one: trace_show.SpanLine, whole_ms: float) -> Context:
    return {
        "name": one.name,
        "indent": "\u2003" * min(one.depth, 20),
        "kind": one.kind or "–",
        "service": one.service or "–",
        "offset": f"{one.offset_ms:,.1f}",
        "duration": f"{one.duration_ms:,.1f}",
        "share": f"{100 * one.duration_ms / whole_ms:.0f}" if whole_ms else "100",
        "mark": MARKS[one.status],
        "status": one.status,
        "message": one.message,
        "model": one.model or "–",
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "estimated": shown(one.estimated, int(one.model is not None)),
        "attributes": one.attributes,
        "events": one.events,
    }


def _usage(one: usage.UsageLine) -> Context:
    return {
        "day": one.day,
        "endpoint": _endpoint(one.endpoint),
        "model": one.model or "not named",
        "provider": one.provider or "–",
        "requests": one.requests,
        "errors": one.errors,
        "input_tokens": one.input_tokens,
        "cached": one.cache_read_tokens,
        "output_tokens": one.output_tokens,
        "estimated": shown(one.estimated, one.requests, one.unpriced),
    }


def _endpoint(key: str) -> Context | None:
    return {"title": title_of(key), "href": asset_address(key)} if key else None
