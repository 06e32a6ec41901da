"""What happened in one request: its spans as a tree, with tokens and money?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT, When, money, words
from trivium.entrypoints.answers.traces import TraceLine, line_of
from trivium.facts.instants import format_instant
from trivium.facts.problem import refuse, shown
from trivium.facts.spans import BANDS, STRETCH, Priced, Tokens
from trivium.mlops.traces.prices import CURRENCY, price
from trivium.mlops.traces.reading import Span, find_trace, spans_of, used_by_traces

_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_STATUSES: dict[int, Literal["unset", "ok", "error"]] = {1: "ok", 2: "error"}


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    trace: Annotated[str, Meta(description="The trace's id, 32 hexadecimal digits.", extra=ARGUMENT)]
    content: Annotated[
        bool, Meta(description="Whether attributes and events are given too: prompts and outputs may be personal.")
    ] = False


class SpanLine(msgspec.Struct, frozen=True, kw_only=True):
    """One span, below the one that it is part of."""

    depth: Annotated[int, Meta(description="How many spans are above it in the tree.")]
    span: Annotated[str, Meta(description="Its id, 16 hexadecimal digits.")]
    parent: Annotated[str, Meta(description="The id of the span above it; empty for a root.", extra=words(absent="-"))]
    name: Annotated[str, Meta(description="Its name.")]
    kind: Annotated[str, Meta(description="internal, server, client, producer or consumer; empty where not said.")]
    service: Annotated[str, Meta(description="The service that sent it.", extra=words(absent="not named"))]
    start: When
    offset_ms: Annotated[float, Meta(description="From the trace's start to its own.")]
    duration_ms: Annotated[float, Meta(description="From its start to its end.")]
    status: Annotated[Literal["unset", "ok", "error"], Meta(description="How it ended.")]
    message: Annotated[str, Meta(description="What its status says.", extra=words(absent="-"))]
    provider: Annotated[
        str | None, Meta(description="Who runs the model; null where no model was called.", extra=words(absent="-"))
    ]
    model: Annotated[
        str | None, Meta(description="The model that answered; null where none was called.", extra=words(absent="-"))
    ]
    input_tokens: Annotated[
        int | None, Meta(description="Tokens that went in; null where not said.", extra=words(absent="-"))
    ]
    output_tokens: Annotated[
        int | None, Meta(description="Tokens that came out; null where not said.", extra=words(absent="-"))
    ]
    cached_tokens: Annotated[
        int | None, Meta(description="Those read from a cache; null where not said.", extra=words(absent="-"))
    ]
    estimated: Annotated[
        str | None,
        Meta(
            description="What the call cost by the price lists, in `currency`; null where no model was called, or its "
            "price is unknown.",
            extra=words(absent="-"),
        ),
    ]
    attributes: Annotated[
        str | None, Meta(description="Its attributes as JSON, where content is asked for.", extra=words(absent="-"))
    ]
    events: Annotated[
        str | None, Meta(description="Its events as JSON, where content is asked for.", extra=words(absent="-"))
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One trace with its spans."""

    currency: Annotated[str, Meta(description="The currency of all estimates: that of the price lists.")]
    trace: Annotated[TraceLine, Meta(description="The trace.")]
    spans: Annotated[tuple[SpanLine, ...], Meta(description="Its spans: each below its parent, by start.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Show a trace: its spans as a tree, with tokens and estimated money."""
    asked = params.trace.strip().lower()
    rooms.ledger.catch_up(["traces"])
    with rooms.ledger.reading() as connection:
        found = find_trace(connection, asked)
        used = used_by_traces(connection, [asked])
    if found is None:
        title = f"No trace is called {shown(params.trace)}."
        raise refuse("no_such_trace", title, status=404, where="trace", fix="`trivium traces list` names those known.")
    spans = spans_of(rooms.lake, found)
    return Answer(
        currency=CURRENCY,
        trace=line_of(found, used.get(asked)),
        spans=tuple(_line(span, depth, found.start, content=params.content) for depth, span in tree(spans)),
    )


def tree(spans: list[Span]) -> Iterator[tuple[int, Span]]:
    """Give each span below its parent, with its depth; one whose parent is not known stands at the top."""
    known = {span.span for span in spans}
    below: dict[str, list[Span]] = {}
    for span in spans:
        below.setdefault(span.parent if span.parent in known and span.parent != span.span else "", []).append(span)
    seen: set[str] = set()
    stack = [(0, span) for span in reversed(below.get("", []))]
    while stack or len(seen) < len(known):
        if not stack:
            stack.append((0, next(span for span in spans if span.span not in seen)))
        depth, span = stack.pop()
        if span.span in seen:
            continue
        seen.add(span.span)
        yield depth, span
        stack += [(depth + 1, one) for one in reversed(below.get(span.span, []))]


def estimate_of(span: Span) -> str | None:
    """Give what one span's call cost by the price lists, as exact text; None where there is no call or no price."""
    if span.model is None:
        return None
    given = span.input_tokens or 0
    at = Priced(
        since=span.start // STRETCH * STRETCH,
        provider=span.provider or "",
        model=span.model,
        tier=span.tier or "",
        band=max((band for band in BANDS if band < given), default=0),
    )
    tokens = Tokens(
        requests=1,
        input_tokens=given,
        output_tokens=span.output_tokens or 0,
        cache_read_tokens=span.cache_read_tokens or 0,
        cache_write_tokens=span.cache_write_tokens or 0,
    )
    amount = price(at, tokens)
    return None if amount is None else money(amount)


def _line(span: Span, depth: int, start: int, *, content: bool) -> SpanLine:
    return SpanLine(
        depth=depth,
        span=span.span,
        parent=span.parent,
        name=span.name,
        kind=_KINDS.get(span.kind, ""),
        service=span.service,
        start=format_instant(span.start),
        offset_ms=(span.start - start) / 1_000,
        duration_ms=((span.end - span.start) * 1_000 + span.end_ns - span.start_ns) / 1_000_000,
        status=_STATUSES.get(span.status, "unset"),
        message=span.status_message,
        provider=span.provider,
        model=span.model,
        input_tokens=span.input_tokens,
        output_tokens=span.output_tokens,
        cached_tokens=span.cache_read_tokens,
        estimated=estimate_of(span),
        attributes=span.attributes if content else None,
        events=span.events if content else None,
    )
