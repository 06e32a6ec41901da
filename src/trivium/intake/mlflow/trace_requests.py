"""What clients ask of traces (service.proto and assessments.proto of MLflow 3.17), and protobuf's times in JSON."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from trivium.facts.instants import Instant, format_instant, parse_instant
from trivium.intake.mlflow.checks import invalid
from trivium.intake.mlflow.requests import Pair, Whole

_DURATION: Final = re.compile(r"(-?\d{1,12})(?:\.(\d{1,9}))?s")
_MILLISECOND: Final = 1_000


class OfExperiment(msgspec.Struct):
    """An experiment by id."""

    experiment_id: str = ""


class Location(msgspec.Struct):
    """Where a trace is: in an experiment."""

    type: str | int = ""
    mlflow_experiment: OfExperiment | None = None


class TraceInfo(msgspec.Struct):
    """A trace as a client of 3.x tells it."""

    trace_id: str = ""
    client_request_id: str | None = None
    trace_location: Location | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str = ""
    execution_duration: str | None = None
    state: str | int = "STATE_UNSPECIFIED"
    trace_metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    assessments: list[dict[str, Any]] = []


class Trace(msgspec.Struct):
    """A trace around its info."""

    trace_info: TraceInfo | None = None


class StartTrace(msgspec.Struct):
    """`POST /api/3.0/mlflow/traces`."""

    trace: Trace | None = None


class TraceAsked(msgspec.Struct):
    """`GET traces/get` and `traces/<id>`."""

    trace_id: str = ""
    allow_partial: bool = False


class TracesAsked(msgspec.Struct):
    """`traces/batchGet`, `traces/batchGetInfos`, `traces/link-to-run`."""

    trace_ids: list[str] = []
    experiment_ids: list[str] = []
    run_id: str = ""


class SearchTraces(msgspec.Struct):
    """`POST /api/3.0/mlflow/traces/search`; `experiment_ids` is how 2.x says where."""

    locations: list[Location] = []
    experiment_ids: list[str] = []
    filter: str = ""
    max_results: Whole | None = None
    order_by: list[str] = []
    page_token: str = ""


class TraceTag(msgspec.Struct):
    """`PATCH` and `DELETE traces/<id>/tags`."""

    key: str = ""
    value: str = ""


class DeleteTraces(msgspec.Struct):
    """`POST traces/delete-traces`."""

    experiment_id: str = ""
    max_timestamp_millis: Whole | None = None
    max_traces: Whole | None = None
    request_ids: list[str] = []


class Assess(msgspec.Struct):
    """`POST` and `PATCH traces/<id>/assessments`."""

    assessment: dict[str, Any] = {}
    update_mask: str = ""


class StartOldTrace(msgspec.Struct):
    """`POST /api/2.0/mlflow/traces`, as 2.x clients begin a trace."""

    experiment_id: str = ""
    timestamp_ms: Whole = 0
    request_metadata: list[Pair] = []
    tags: list[Pair] = []


class EndOldTrace(msgspec.Struct):
    """`PATCH /api/2.0/mlflow/traces/<id>`, as 2.x clients end a trace."""

    timestamp_ms: Whole = 0
    status: str | int = "OK"
    request_metadata: list[Pair] = []
    tags: list[Pair] = []


def milliseconds_of(timestamp: str, where: str) -> int:
    """Read a protobuf Timestamp in JSON: RFC 3339."""
    return parse_instant(timestamp, where) // _MILLISECOND


def duration_ms_of(duration: str, where: str) -> int:
    """Read a protobuf Duration in JSON, such as `6.660s`, in whole milliseconds."""
    found = _DURATION.fullmatch(duration)
    if not found:
        raise invalid(f"Invalid value for '{where}': {duration!r} is no duration, such as 1.5s.", where=where)
    seconds, fraction = int(found[1]), (found[2] or "").ljust(9, "0")
    return seconds * 1_000 + (int(fraction) // 1_000_000) * (-1 if seconds < 0 else 1)


def timestamp(at: Instant) -> str:
    """Write an instant as a protobuf Timestamp in JSON: with no, three or six digits after the second."""
    text = format_instant(at)
    return f"{text[:-4]}Z" if text.endswith("000Z") and "." in text else text


def duration(milliseconds: int) -> str:
    """Write milliseconds as a protobuf Duration in JSON: with no or three digits after the second."""
    seconds, rest = divmod(abs(milliseconds), 1_000)
    sign = "-" if milliseconds < 0 else ""
    return f"{sign}{seconds}.{rest:03d}s" if rest else f"{sign}{seconds}s"
