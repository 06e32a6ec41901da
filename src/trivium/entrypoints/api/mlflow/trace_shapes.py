"""Traces in the shapes of MLflow's REST API: infos, spans as protobuf's JSON writes them, and those of 2.x."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

import msgspec

from trivium.intake.mlflow.trace_requests import duration, timestamp
from trivium.mlops.trace_infos.names import PREFIX
from trivium.mlops.trace_infos.reading import Info
from trivium.mlops.traces.reading import Span

_CODES: Final = {1: "STATUS_CODE_OK", 2: "STATUS_CODE_ERROR"}
_OLD_STATES: Final = {"STATE_UNSPECIFIED": "TRACE_STATUS_UNSPECIFIED"}


def info_json(info: Info) -> dict[str, Any]:
    """Tell of a trace as 3.x clients read it; what was never said is left out."""
    row = info.row
    metadata = dict(sorted((info.metadata | info.content.get("metadata", {})).items()))
    told = {
        "trace_id": row.trace,
        "client_request_id": row.client_request_id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": str(row.experiment)},
        },
        "request_time": timestamp(row.request_ms * 1_000),
        "execution_duration": None if row.duration_ms is None else duration(row.duration_ms),
        "state": row.state,
        "trace_metadata": metadata or None,
        "assessments": list(info.assessments) or None,
        "tags": info.tags or None,
        "request_preview": info.content.get("request_preview"),
        "response_preview": info.content.get("response_preview"),
    }
    return {key: value for key, value in told.items() if value is not None}


def old_info_json(info: Info) -> dict[str, Any]:
    """Tell of a trace as 2.x clients read it."""
    row = info.row
    metadata = sorted((info.metadata | info.content.get("metadata", {})).items())
    return {
        "request_id": row.trace,
        "experiment_id": str(row.experiment),
        "timestamp_ms": row.request_ms,
        "execution_time_ms": row.duration_ms or 0,
        "status": _OLD_STATES.get(row.state, row.state),
        "request_metadata": [{"key": key, "value": value} for key, value in metadata],
        "tags": [{"key": key, "value": value} for key, value in sorted(info.tags.items())],
    }


def span_json(trace: str, span: Span) -> dict[str, Any]:
    """Tell of a span as protobuf's JSON writes an OTLP span, with its own names of fields."""
    attributes = _decoded(span.attributes) or {}
    attributes.setdefault("mlflow.traceRequestId", trace)
    told = {
        "trace_id": _base64(trace.removeprefix(PREFIX)),
        "span_id": _base64(span.span),
        "parent_span_id": _base64(span.parent) if span.parent else None,
        "name": span.name,
        "start_time_unix_nano": span.start * 1_000 + span.start_ns,
        "end_time_unix_nano": span.end * 1_000 + span.end_ns,
        "attributes": _attributes(attributes),
        "events": [_event(event) for event in _decoded(span.events) or ()] or None,
        "status": _status(span),
    }
    return {key: value for key, value in told.items() if value is not None}


def _event(event: dict[str, Any]) -> dict[str, Any]:
    told = {
        "time_unix_nano": int(event.get("time_unix_nano", 0)),
        "name": event.get("name", ""),
        "attributes": _attributes(event.get("attributes") or {}) or None,
    }
    return {key: value for key, value in told.items() if value is not None}


def _status(span: Span) -> dict[str, Any]:
    told = {"message": span.status_message or None, "code": _CODES.get(span.status)}
    return {key: value for key, value in told.items() if value is not None}


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    """Write a value as an AnyValue of OTLP."""
    match value:
        case bool():
            return {"bool_value": value}
        case int():
            return {"int_value": value}
        case float():
            return {"double_value": value}
        case list():
            return {"array_value": {"values": [_value(one) for one in value]} if value else {}}
        case dict():
            return {"kvlist_value": {"values": _attributes(value)} if value else {}}
        case None:
            return {}
        case _:
            return {"string_value": str(value)}


def _decoded(text: str) -> Any:
    return msgspec.json.decode(text) if text else None


def _base64(digits: str) -> str:
    return b64encode(bytes.fromhex(digits)).decode()
