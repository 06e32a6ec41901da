"""Trace infos as they stand: read from their tables, with their contents from the lake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.trace_infos import INFO
from trivium.intake.mlflow.checks import absent
from trivium.ledger.direct import fetch

_COLUMNS: Final = "trace, experiment, request_ms, duration_ms, state, client_request_id, told"
_OF: Final = "(SELECT value FROM json_each(:traces))"
_ROWS = text(f"SELECT {_COLUMNS} FROM told_traces WHERE trace IN {_OF}")
_TAGS = text(f"SELECT trace, key, value FROM told_trace_tags WHERE trace IN {_OF}")
_METADATA = text(f"SELECT trace, key, value FROM told_trace_metadata WHERE trace IN {_OF}")
_ASSESSMENTS = text(
    f"SELECT trace, assessment FROM told_assessments WHERE trace IN {_OF} ORDER BY trace, at_ms, assessment"
)
_CONTENTS: Final = """
    SELECT trace_id, part, arg_max(content, told_at) FROM trace_contents WHERE trace_id IN (SELECT unnest(?))
    GROUP BY trace_id, part
"""


class InfoRow(msgspec.Struct, frozen=True):
    """A trace info as its table has it."""

    trace: str
    experiment: int
    request_ms: int
    duration_ms: int | None
    state: str
    client_request_id: str | None
    told: int


class Info(msgspec.Struct, frozen=True):
    """A trace info, whole; `content` and `assessments` are what clients told, as JSON."""

    row: InfoRow
    tags: dict[str, str]
    metadata: dict[str, str]
    content: dict[str, Any]
    assessments: tuple[dict[str, Any], ...]


class Asked(Protocol):
    """The lake as traces ask it."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT over `trace_contents`."""
        ...


def find_info(connection: Connection, trace: str) -> InfoRow:
    """Find one trace; refuses one that there is not."""
    rows = fetch(connection, _ROWS, traces=_listed([trace]))
    if not rows:
        raise absent(f"Trace with ID '{trace}' not found.", where="trace_id")
    return InfoRow(*rows[0])


def whole_infos(connection: Connection, lake: Asked, traces: Sequence[str]) -> list[Info]:
    """Tell of traces by id, in their order; one that there is not is left out."""
    asked = _listed(traces)
    rows = {row[0]: InfoRow(*row) for row in fetch(connection, _ROWS, traces=asked)}
    tags, said = (_pairs(fetch(connection, statement, traces=asked)) for statement in (_TAGS, _METADATA))
    judged: dict[str, list[str]] = defaultdict(list)
    for trace, assessment in fetch(connection, _ASSESSMENTS, traces=asked):
        judged[trace].append(assessment)
    contents = _contents(lake, [trace for trace, row in rows.items() if row.told or judged[trace]])
    return [
        Info(
            rows[trace],
            tags[trace],
            said[trace],
            contents.get((trace, INFO), {}),
            tuple(contents[trace, one] for one in judged[trace] if (trace, one) in contents),
        )
        for trace in traces
        if trace in rows
    ]


def assessment_of(lake: Asked, trace: str, assessment: str) -> dict[str, Any]:
    """Give one assessment as it was told; refuses one that there is not."""
    content = _contents(lake, [trace]).get((trace, assessment))
    if content is None:
        raise absent(f"Assessment with ID '{assessment}' not found for trace '{trace}'", where="assessment_id")
    return content


def _contents(lake: Asked, traces: list[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Read the contents of traces; nothing where the lake has none."""
    if not traces:
        return {}
    return {(trace, part): msgspec.json.decode(content) for trace, part, content in lake.query(_CONTENTS, [traces])}


def _pairs(rows: Iterable[Sequence[str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for trace, key, value in rows:
        found[trace][key] = value
    return found


def _listed(traces: Sequence[str]) -> str:
    return msgspec.json.encode(traces).decode()
