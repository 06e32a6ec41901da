"""Facts of traces become the tables that clients read back at once.

A trace of which only spans are known stands as MLflow's own server has it: in progress until its root has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.spans import TraceSeen, decode_spans
from trivium.facts.trace_infos import Assessed, TraceChanged, TraceInfo, decode_changed, decode_told
from trivium.ledger.direct import fetch, put_many
from trivium.mlops.trace_infos.names import LOCATION, NAME, PREFIX, SPANS_LOCATION, STORE
from trivium.mlops.trace_infos.tables import metadata

_PUT = text(
    "INSERT INTO told_traces (trace, experiment, request_ms, duration_ms, state, client_request_id, told, sequence)"
    " VALUES (:trace, :experiment, :request_ms, :duration_ms, :state, :client_request_id, 1, :sequence)"
    " ON CONFLICT (trace) DO UPDATE SET experiment = excluded.experiment, request_ms = excluded.request_ms,"
    " duration_ms = excluded.duration_ms, state = excluded.state, client_request_id = excluded.client_request_id,"
    " told = 1, sequence = excluded.sequence"
)
_KNOWN = text("SELECT request_ms, duration_ms, state, told FROM told_traces WHERE trace = :trace")
_SEEN = text(
    "INSERT INTO told_traces (trace, experiment, request_ms, duration_ms, state, client_request_id, told, sequence)"
    " VALUES (:trace, :experiment, :request_ms, :duration_ms, :state, NULL, 0, :sequence)"
    " ON CONFLICT (trace) DO UPDATE SET request_ms = excluded.request_ms, duration_ms = excluded.duration_ms,"
    " state = excluded.state"
)
_TAG = text(
    "INSERT INTO told_trace_tags (trace, key, value) VALUES (:trace, :key, :value)"
    " ON CONFLICT (trace, key) DO UPDATE SET value = excluded.value"
)
_UNTAG = text("DELETE FROM told_trace_tags WHERE trace = :trace AND key = :key")
_SAY = text(
    "INSERT INTO told_trace_metadata (trace, key, value) VALUES (:trace, :key, :value)"
    " ON CONFLICT (trace, key) DO UPDATE SET value = excluded.value"
)
_LINK = text("INSERT INTO told_trace_runs (run, trace) VALUES (:run, :trace) ON CONFLICT DO NOTHING")
_ASSESS = text(
    "INSERT INTO told_assessments (trace, assessment, name, kind, at_ms, valid)"
    " VALUES (:trace, :assessment, :name, :kind, :at_ms, :valid) ON CONFLICT (trace, assessment) DO UPDATE SET"
    " name = excluded.name, kind = excluded.kind, at_ms = excluded.at_ms, valid = excluded.valid"
)
_UNASSESS = text("DELETE FROM told_assessments WHERE trace = :trace AND assessment = :assessment")
_DROP = [
    text(f"DELETE FROM {table} WHERE trace = :trace")
    for table in ("told_traces", "told_trace_tags", "told_trace_metadata", "told_trace_runs", "told_assessments")
]
_LOCATION = text("SELECT artifact_location FROM tracking_experiments WHERE experiment = :experiment")
_MILLISECOND: Final = 1_000
_DIGITS: Final = 19
"""A number with fewer digits fits 64 bits."""


class TraceInfosFold:
    """Facts → what is told of traces. It reads where experiments keep artifacts: experiments are folded before."""

    name = "trace infos"
    version = 1
    kinds = frozenset({Kind.TRACES_TOLD, Kind.TRACES_CHANGED, Kind.SPANS_RECEIVED})
    inside = True

    def create(self, connection: Connection) -> None:
        """Make the tables where they are missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the tables."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Enter facts, in order of sequence."""
        for recorded in facts:
            _ENTER[recorded.fact.kind](connection, recorded)


def _told(connection: Connection, recorded: RecordedFact) -> None:
    told = decode_told(recorded.fact.body)
    for info in told.infos:
        _put_info(connection, info, recorded.sequence)
    kept = [one for one in told.assessments if not one.removed]
    put_many(connection, _ASSESS, map(_assessment, kept))
    put_many(connection, _UNASSESS, (_assessment(one) for one in told.assessments if one.removed))


def _put_info(connection: Connection, info: TraceInfo, sequence: int) -> None:
    row = {
        "trace": info.trace, "experiment": info.experiment, "request_ms": info.request_ms,
        "duration_ms": info.duration_ms, "state": info.state, "client_request_id": info.client_request_id,
        "sequence": sequence,
    }  # fmt: skip
    put_many(connection, _PUT, [row])
    tags = info.tags | {LOCATION: _location(connection, info.experiment, info.trace)}
    put_many(connection, _TAG, _pairs(info.trace, tags))
    put_many(connection, _SAY, _pairs(info.trace, info.metadata))


def _changed(connection: Connection, recorded: RecordedFact) -> None:
    change: TraceChanged = decode_changed(recorded.fact.body)
    for trace in change.traces:
        kept = {key: value for key, value in change.tags.items() if value is not None}
        put_many(connection, _TAG, _pairs(trace, kept))
        put_many(connection, _UNTAG, _pairs(trace, dict.fromkeys(change.tags.keys() - kept.keys(), "")))
        if change.run:
            put_many(connection, _LINK, [{"run": change.run, "trace": trace}])
        for statement in _DROP if change.deleted else ():
            put_many(connection, statement, [{"trace": trace}])


def _seen(connection: Connection, recorded: RecordedFact) -> None:
    for seen in decode_spans(recorded.fact.body).traces:
        if _is_experiment(seen.experiment):
            _put_seen(connection, seen, recorded.sequence)


def _is_experiment(text: str) -> bool:
    """Say whether a client's text is the number of an experiment, one that a database can hold."""
    return text.isascii() and text.isdigit() and len(text) < _DIGITS


def _put_seen(connection: Connection, seen: TraceSeen, sequence: int) -> None:
    """Enter what spans say of a trace; once its client has told of it, that counts."""
    trace, experiment = f"{PREFIX}{seen.trace}", int(seen.experiment)
    start, end = seen.start // _MILLISECOND, seen.end // _MILLISECOND
    state = "IN_PROGRESS" if seen.lead.rank else "ERROR" if seen.lead.failed else "OK"
    known = fetch(connection, _KNOWN, trace=trace)
    if known and not known[0][3]:
        began, took, was, _ = known[0]
        start, end = min(start, began), max(end, began + (took or 0))
        state = was if state == "IN_PROGRESS" else state
    row = {
        "trace": trace, "experiment": experiment, "request_ms": start, "duration_ms": end - start, "state": state,
        "sequence": sequence,
    }  # fmt: skip
    if not known or not known[0][3]:
        put_many(connection, _SEEN, [row])
    tags = {SPANS_LOCATION: STORE}
    if not known:
        tags[LOCATION] = _location(connection, experiment, trace)
    if not seen.lead.rank and seen.lead.name:
        tags[NAME] = seen.lead.name
    put_many(connection, _TAG, _pairs(trace, tags))


def _location(connection: Connection, experiment: int, trace: str) -> str:
    found = fetch(connection, _LOCATION, experiment=experiment)
    root = found[0][0] if found else f"mlflow-artifacts:/{experiment}"
    return f"{root.rstrip('/')}/traces/{trace}/artifacts"


def _assessment(one: Assessed) -> dict[str, Any]:
    return {
        "trace": one.trace, "assessment": one.assessment, "name": one.name, "kind": one.kind, "at_ms": one.at_ms,
        "valid": int(one.valid),
    }  # fmt: skip


def _pairs(trace: str, pairs: dict[str, str]) -> list[dict[str, str]]:
    return [{"trace": trace, "key": key, "value": value} for key, value in sorted(pairs.items())]


_ENTER: Final[dict[Kind, Callable[[Connection, RecordedFact], None]]] = {
    Kind.TRACES_TOLD: _told, Kind.TRACES_CHANGED: _changed, Kind.SPANS_RECEIVED: _seen,
}  # fmt: skip
