"""Which requests were traced, and what did each use?"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import When, money, words
from trivium.facts.instants import format_instant, parse_instant
from trivium.facts.keys import kind_of, parse
from trivium.facts.period import parse_period
from trivium.facts.problem import refuse, shown
from trivium.mlops.traces.prices import CURRENCY
from trivium.mlops.traces.reading import Spent, Trace, Wanted, count_traces, find_traces, used_by_traces

Tokens = Annotated[int, Meta(description="Tokens that went in, cached ones too; 0 where no model was called.", ge=0)]
Estimated = Annotated[
    str | None,
    Meta(
        description="What its calls of models cost by the price lists, exact, in `currency`: an estimate, of those "
        "calls whose price is known; null where none has one.",
        extra=words(absent="unknown"),
    ),
]
Unpriced = Annotated[int, Meta(description="Calls of models whose price is not known: they are not in the estimate.")]
STATUSES = ("ok", "error")


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    service: Annotated[str, Meta(description="Only traces that this endpoint leads: a service's name, or its key.")] = (
        ""
    )
    status: Annotated[str, Meta(description="`ok` or `error`: only traces whose leading span ended so.")] = ""
    period: Annotated[str, Meta(description="Only traces that begin in it: 2026-10, a day, or an ISO interval.")] = ""
    experiment: Annotated[str, Meta(description="Only traces of this MLflow experiment (its id).")] = ""
    page: Annotated[str, Meta(description="Where the list goes on: `older` of an answer.")] = ""
    limit: Annotated[int, Meta(description="How many are listed at most.", ge=1, le=1000)] = 50


class TraceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One trace."""

    trace: Annotated[str, Meta(description="Its id, 32 hexadecimal digits.")]
    name: Annotated[str, Meta(description="The name of its root span; of its earliest where the root is not known.")]
    endpoint: Annotated[
        str, Meta(description="The endpoint that leads it; empty where no service is named.", extra=words(absent="-"))
    ]
    version: Annotated[
        str, Meta(description="The model version that served, where spans name it.", extra=words(absent="not said"))
    ]
    start: When
    duration_ms: Annotated[float, Meta(description="From the start of its first span to the end of its last.")]
    status: Annotated[Literal["ok", "error"], Meta(description="How its leading span ended.")]
    spans: Annotated[int, Meta(description="How many spans of it are known.")]
    errors: Annotated[int, Meta(description="How many of them failed.")]
    calls: Annotated[int, Meta(description="How many of them call a model.")]
    input_tokens: Tokens
    output_tokens: Annotated[int, Meta(description="Tokens that came out.", ge=0)]
    cached_tokens: Annotated[int, Meta(description="Those of the input that were read from a cache.", ge=0)]
    estimated: Estimated
    unpriced: Unpriced


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Traces, the newest first."""

    currency: Annotated[str, Meta(description="The currency of all estimates: that of the price lists.")]
    total: Annotated[int, Meta(description="How many traces match.")]
    traces: Annotated[tuple[TraceLine, ...], Meta(description="The traces, the newest first.")]
    older: Annotated[
        str | None,
        Meta(description="What to ask `page` for the next page; null at the end.",
             extra=words(absent="these are the oldest")),
    ]  # fmt: skip


def ask(rooms: Rooms, params: Params) -> Answer:
    """List traces, the newest first, with tokens and estimated money."""
    wanted = _wanted(params)
    rooms.ledger.catch_up(["traces"])
    with rooms.ledger.reading() as connection:
        found = find_traces(connection, wanted, params.limit)
        total = count_traces(connection, wanted)
        used = used_by_traces(connection, [one.trace for one in found])
    last = found[-1] if len(found) == params.limit else None
    return Answer(
        currency=CURRENCY,
        total=total,
        traces=tuple(line_of(one, used.get(one.trace)) for one in found),
        older=f"{format_instant(last.start)}/{last.trace}" if last else None,
    )


def line_of(trace: Trace, used: Spent | None) -> TraceLine:
    """Give a trace with what it used."""
    tokens = used.tokens if used else None
    return TraceLine(
        trace=trace.trace,
        name=trace.name,
        endpoint=trace.endpoint,
        version=trace.version,
        start=format_instant(trace.start),
        duration_ms=(trace.end - trace.start) / 1_000,
        status="error" if trace.failed else "ok",
        spans=trace.spans,
        errors=trace.errors,
        calls=tokens.requests if tokens else 0,
        input_tokens=tokens.input_tokens if tokens else 0,
        output_tokens=tokens.output_tokens if tokens else 0,
        cached_tokens=tokens.cache_read_tokens if tokens else 0,
        estimated=money(used.amount) if used and used.amount is not None else None,
        unpriced=used.unpriced if used else 0,
    )


def endpoint_key(service: str) -> str:
    """Give the key of an endpoint from its key or a service's name; refuses a key of another kind."""
    if not service:
        return ""
    if service.startswith("endpoint:"):
        return str(parse(service))
    return f"endpoint:{service}"


def _wanted(params: Params) -> Wanted:
    if params.status and params.status not in STATUSES:
        raise refuse("bad_parameter", f"{shown(params.status)} is no status.", where="status", fix="Ask ok or error.")
    endpoint = endpoint_key(params.service)
    assert not endpoint or kind_of(endpoint) == "endpoint"
    period = parse_period(params.period) if params.period else None
    before = None
    if params.page:
        start, slash, trace = params.page.partition("/")
        if not slash:
            title, fix = f"{shown(params.page)} is no place in the list.", "Give `older` of the answer before."
            raise refuse("bad_parameter", title, where="page", fix=fix)
        before = (parse_instant(start, "page"), trace)
    return Wanted(
        endpoint=endpoint,
        experiment=params.experiment,
        failed=params.status == "error" if params.status else None,
        start=period.start if period else None,
        end=period.end if period else None,
        before=before,
    )
