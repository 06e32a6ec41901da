"""What stands about traces and the usage of models: asked of the fold's tables, and of the lake for single spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import Connection, Select, func, select

from trivium.facts.instants import FIRST, Instant
from trivium.facts.money import add
from trivium.facts.spans import Priced, Tokens, decode_spans
from trivium.ledger.reads import read_page
from trivium.ledger.tables import fold_cursors
from trivium.mlops.traces.fold import TracesFold
from trivium.mlops.traces.prices import price
from trivium.mlops.traces.tables import trace_usage, traces, usage

_COUNTS: Final = ("requests", "errors", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_AT_ONCE: Final = 500
_SPANS: Final = """
    SELECT span_id, parent_id, name, kind, epoch_us(start_at), start_ns, epoch_us(end_at), end_ns, status,
        status_message, service, operation, provider, model, tier, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, version, attributes, events, links, resource
    FROM spans WHERE trace_id = ? AND start_at BETWEEN make_timestamp(CAST(? AS BIGINT))
        AND make_timestamp(CAST(? AS BIGINT)) ORDER BY start_at, start_ns, span_id
"""


class Trace(NamedTuple):
    """One trace. Times are microseconds; `root` says that its root span is known, `failed` is of the leading span."""

    trace: str
    start: Instant
    end: Instant
    root: bool
    name: str
    endpoint: str
    version: str
    failed: bool
    spans: int
    errors: int
    experiment: str


class Wanted(NamedTuple):
    """Which traces are asked for; what is empty or None does not matter.

    `before` is the (start, trace) of the last one seen: the newest come first.
    """

    endpoint: str = ""
    version: str = ""
    experiment: str = ""
    failed: bool | None = None
    start: Instant | None = None
    end: Instant | None = None
    before: tuple[Instant, str] | None = None


class Spent(NamedTuple):
    """Tokens and what they cost in USD by the price lists: `amount` is of those requests whose price is known.

    `unpriced` counts the others; `amount` is None where nothing has a price.
    """

    tokens: Tokens
    amount: Decimal | None
    unpriced: int


class Span(NamedTuple):
    """One span of the lake; times in microseconds with the nanoseconds beyond, content as JSON text."""

    span: str
    parent: str
    name: str
    kind: int
    start: Instant
    start_ns: int
    end: Instant
    end_ns: int
    status: int
    status_message: str
    service: str
    operation: str
    provider: str | None
    model: str | None
    tier: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    version: str
    attributes: str
    events: str
    links: str
    resource: str


class Asked(Protocol):
    """The lake as traces ask it."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT over `spans`."""
        ...


def find_traces(connection: Connection, wanted: Wanted, limit: int) -> list[Trace]:
    """List traces, the newest first."""
    query = _filtered(select(traces), wanted).order_by(traces.c.start_at.desc(), traces.c.trace.desc()).limit(limit)
    return [_trace(row) for row in connection.execute(query)]


def count_traces(connection: Connection, wanted: Wanted) -> int:
    """Count the traces that are asked for, wherever the list of them begins."""
    counted = select(func.count()).select_from(traces)
    return int(connection.execute(_filtered(counted, wanted._replace(before=None))).scalar_one())


def find_trace(connection: Connection, trace: str) -> Trace | None:
    """Give one trace by its id."""
    row = connection.execute(select(traces).where(traces.c.trace == trace)).first()
    return None if row is None else _trace(row)


def used_by_traces(connection: Connection, asked: Sequence[str]) -> dict[str, Spent]:
    """Give what each of some traces used of models; traces without a call of one are absent."""
    found: dict[str, list[tuple[Priced, Tokens]]] = {}
    for first in range(0, len(asked), _AT_ONCE):
        query = select(trace_usage).where(trace_usage.c.trace.in_(asked[first : first + _AT_ONCE]))
        for row in connection.execute(query):
            found.setdefault(row.trace, []).append(_used(row))
    return {trace: spent(rows) for trace, rows in found.items()}


def used_between(connection: Connection, start: Instant, end: Instant) -> list[tuple[Priced, Tokens]]:
    """List what endpoints used of models in the stretches that begin from `start` to before `end`."""
    query = select(usage).where(usage.c.since >= start, usage.c.since < end).order_by(*usage.primary_key.columns)
    return [_used(row) for row in connection.execute(query)]


def used_up_to(connection: Connection, sequence: int, end: Instant) -> list[tuple[Priced, Tokens]]:
    """List what endpoints used of models in stretches before `end`, by the facts up to a sequence.

    What the fold has of later facts is taken away again; they are the few that came since the question was asked.
    """
    reached = connection.execute(select(fold_cursors.c.sequence).where(fold_cursors.c.name == TracesFold.name)).scalar()
    rows = dict(used_between(connection, FIRST, end))
    after, size = sequence, 1
    while size:
        page = read_page(connection, after, _AT_ONCE, TracesFold.kinds, None, newest_first=False)
        later = [one for one in page if one.sequence <= (reached or 0)]
        for one in (used for recorded in later for used in decode_spans(recorded.fact.body).usage):
            if one.at in rows:
                rows[one.at] = _less(rows[one.at], one.tokens)
        size = len(later)
        after = later[-1].sequence if later else after
    return [(at, tokens) for at, tokens in rows.items() if tokens.requests]


def newest_use(connection: Connection) -> Instant | None:
    """Give the beginning of the last stretch in which a model was used; None when none was."""
    return connection.execute(select(func.max(usage.c.since))).scalar()


def spans_of(lake: Asked, trace: Trace) -> list[Span]:
    """Read a trace's spans from the lake, in the order of their starts."""
    return [Span(*row) for row in lake.query(_SPANS, [trace.trace, trace.start, trace.end])]


def spent(rows: Iterable[tuple[Priced, Tokens]]) -> Spent:
    """Add up tokens, and the prices of those that have one."""
    totals = dict.fromkeys(_COUNTS, 0)
    amounts: list[Decimal] = []
    unpriced = 0
    for at, tokens in rows:
        for name in _COUNTS:
            totals[name] += getattr(tokens, name)
        amount = price(at, tokens)
        if amount is None:
            unpriced += tokens.requests
        else:
            amounts.append(amount)
    return Spent(Tokens(**totals), add(*amounts) if amounts else None, unpriced)


def _less(tokens: Tokens, others: Tokens) -> Tokens:
    left = {name: getattr(tokens, name) - getattr(others, name) for name in _COUNTS}
    assert min(left.values()) >= 0, "what is taken away was counted"
    return Tokens(**left)


def _filtered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.endpoint:
        query = query.where(traces.c.endpoint == wanted.endpoint)
    if wanted.version:
        query = query.where(traces.c.version == wanted.version)
    if wanted.experiment:
        query = query.where(traces.c.experiment == wanted.experiment)
    if wanted.failed is not None:
        query = query.where(traces.c.failed == int(wanted.failed))
    if wanted.start is not None:
        query = query.where(traces.c.start_at >= wanted.start)
    if wanted.end is not None:
        query = query.where(traces.c.start_at < wanted.end)
    if wanted.before is not None:
        start, trace = wanted.before
        earlier = (traces.c.start_at < start) | ((traces.c.start_at == start) & (traces.c.trace < trace))
        query = query.where(earlier)
    return query


def _trace(row: Any) -> Trace:
    return Trace(
        row.trace, row.start_at, row.end_at, row.lead_rank == 0, row.name, row.endpoint, row.version,
        bool(row.failed), row.spans, row.errors, row.experiment,
    )  # fmt: skip


def _used(row: Any) -> tuple[Priced, Tokens]:
    at = Priced(
        since=row.since, endpoint=getattr(row, "endpoint", ""), version=getattr(row, "version", ""),
        provider=row.provider, model=row.model, tier=row.tier, band=row.band,
    )  # fmt: skip
    return at, Tokens(**{name: getattr(row, name) for name in _COUNTS})
