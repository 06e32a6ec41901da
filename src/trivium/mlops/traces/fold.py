"""The fold that keeps traces and the usage of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, TextClause, text

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.spans import Priced, Tokens, TraceSeen, decode_spans
from trivium.ledger.direct import put_many
from trivium.mlops.traces.tables import metadata

Row = dict[str, Any]
_COUNTS: Final = tuple(field.name for field in msgspec.structs.fields(Tokens))
_PRICE: Final = ("provider", "model", "tier", "band", "since")


def _adding(table: str, names: Sequence[str]) -> TextClause:
    """Write the statement that adds counts to those that stand under the same names."""
    columns = [*names, *_COUNTS]
    sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTS)
    values = ", ".join(f":{name}" for name in columns)
    return text(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
        f" ON CONFLICT ({', '.join(names)}) DO UPDATE SET {sums}"
    )


_LED: Final = "(excluded.lead_rank, excluded.lead_start, excluded.lead_span) < (lead_rank, lead_start, lead_span)"
_LEAD: Final = ("lead_rank", "lead_start", "lead_span", "name", "endpoint", "version", "failed")
_PUT_TRACE: Final = text(
    "INSERT INTO mlops_traces (trace, start_at, end_at, lead_rank, lead_start, lead_span, name, endpoint, version,"
    " failed, spans, errors, experiment, sequence) VALUES (:trace, :start_at, :end_at, :lead_rank, :lead_start,"
    " :lead_span, :name, :endpoint, :version, :failed, :spans, :errors, :experiment, :sequence)"
    " ON CONFLICT (trace) DO UPDATE SET start_at = min(start_at, excluded.start_at),"
    " end_at = max(end_at, excluded.end_at), spans = spans + excluded.spans, errors = errors + excluded.errors,"
    " experiment = max(experiment, excluded.experiment), "
    + ", ".join(f"{name} = CASE WHEN {_LED} THEN excluded.{name} ELSE {name} END" for name in _LEAD)
)
"""How a trace unites with what is known of it: in any order of groups the same row comes out."""
_PUT_TRACE_USAGE: Final = _adding("mlops_trace_usage", ("trace", *_PRICE))
_PUT_USAGE: Final = _adding("mlops_usage", ("endpoint", "version", *_PRICE))


class TracesFold:
    """Facts → traces, and what was used of models by trace and by half hour. No span counts twice (`StandingFold`)."""

    name = "traces"
    version = 1
    kinds = frozenset({Kind.SPANS_RECEIVED})
    inside = False

    def create(self, connection: Connection) -> None:
        """Make the tables where they are missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the tables."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Fold facts, in order of sequence, into the tables."""
        traces: list[Row] = []
        by_trace: list[Row] = []
        by_time: list[Row] = []
        for recorded in facts:
            received = decode_spans(recorded.fact.body)
            prices = [priced_row(one.at) for one in received.usage]
            by_time += [price | _counts(one.tokens) for price, one in zip(prices, received.usage, strict=True)]
            for seen in received.traces:
                traces.append(_trace(seen, recorded.sequence))
                by_trace += [prices[place] | _counts(tokens) | {"trace": seen.trace} for place, tokens in seen.used]
        put_many(connection, _PUT_TRACE, traces)
        put_many(connection, _PUT_TRACE_USAGE, by_trace)
        put_many(connection, _PUT_USAGE, by_time)


def priced_row(at: Priced) -> Row:
    """Give what decides a price as columns."""
    return msgspec.structs.asdict(at)


def _counts(tokens: Tokens) -> Row:
    return msgspec.structs.asdict(tokens)


def _trace(seen: TraceSeen, sequence: int) -> Row:
    lead = seen.lead
    return {
        "trace": seen.trace, "start_at": seen.start, "end_at": seen.end, "lead_rank": lead.rank,
        "lead_start": lead.start, "lead_span": lead.span, "name": lead.name, "endpoint": lead.endpoint,
        "version": lead.version, "failed": int(lead.failed), "spans": len(seen.spans) // 16, "errors": seen.errors,
        "experiment": seen.experiment, "sequence": sequence,
    }  # fmt: skip
