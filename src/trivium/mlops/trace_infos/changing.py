"""Commands on traces that stand: tags, links to a run, deletion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.fact import Fact
from trivium.facts.keys import run_key
from trivium.facts.kinds import Kind
from trivium.facts.trace_infos import TraceChanged, encode_told
from trivium.intake.mlflow.checks import absent, check_name, invalid, required
from trivium.ledger.direct import fetch
from trivium.mlops.changing import SOURCE, Decision, unique_key
from trivium.mlops.trace_infos.names import KEY_MAX, VALUE_MAX
from trivium.mlops.trace_infos.reading import find_info
from trivium.mlops.tracking.runs import find_run

LINKED_MAX: Final = 100
_TAG = text("SELECT 1 FROM told_trace_tags WHERE trace = :trace AND key = :key")
_OLDEST = text(
    "SELECT trace FROM told_traces WHERE experiment = :experiment AND request_ms <= :until"
    " ORDER BY request_ms, trace LIMIT :most"
)
_OF_EXPERIMENT = text(
    "SELECT trace FROM told_traces WHERE experiment = :experiment AND trace IN (SELECT value FROM json_each(:traces))"
)


class TraceDecision(Decision):
    """A command that changes traces; `told` is what the caller hears."""

    def decide(self, connection: Connection) -> Sequence[Fact]:
        """Give the fact of the change, or none where nothing changes."""
        change = self.change(connection)
        return [] if change is None else [self._fact(change)]

    def change(self, connection: Connection) -> TraceChanged | None:
        """Decide what changes; refuses with ProblemError."""
        raise NotImplementedError

    def _fact(self, change: TraceChanged) -> Fact:
        return Fact(
            kind=Kind.TRACES_CHANGED,
            subject=run_key(change.run) if change.run else "",
            happened_at=self.at,
            source=SOURCE,
            key=unique_key(),
            body=encode_told(change),
        )


class TagTrace(TraceDecision):
    """Sets a tag of a trace, or removes it."""

    def __init__(self, trace: str, key: str, value: str | None) -> None:
        super().__init__()
        required(key, "key")
        if value is not None:
            check_name(key, "key")
        if len(key) > KEY_MAX:
            raise invalid(f"'key' exceeds the maximum length of {KEY_MAX} characters", where="key", fix="Shorten it.")
        self._trace, self._key = trace, key
        self._value = None if value is None else value[:VALUE_MAX]

    def change(self, connection: Connection) -> TraceChanged | None:
        """Refuse a trace that there is not, and to remove a tag that it does not have."""
        find_info(connection, self._trace)
        if self._value is None and not fetch(connection, _TAG, trace=self._trace, key=self._key):
            raise absent(f"No trace tag with key '{self._key}' for trace with ID '{self._trace}'", where="key")
        return TraceChanged(traces=(self._trace,), tags={self._key: self._value})


class LinkTraces(TraceDecision):
    """Links traces to a run."""

    def __init__(self, traces: Sequence[str], run: str) -> None:
        super().__init__()
        required(run, "run_id")
        if len(traces) > LINKED_MAX:
            title = f"Cannot link more than {LINKED_MAX} traces to a run in a single request. Provided {len(traces)}."
            raise invalid(title, where="trace_ids", fix="Link them in several requests.")
        self._traces, self._run = tuple(traces), run

    def change(self, connection: Connection) -> TraceChanged | None:
        """Refuse a run that there is not; a trace may be told of later."""
        find_run(connection, self._run)
        return TraceChanged(traces=self._traces, run=self._run) if self._traces else None


class DeleteTraces(TraceDecision):
    """Deletes traces of an experiment: those named, or the oldest up to a time; tells how many."""

    def __init__(self, experiment: int, traces: Sequence[str], until_ms: int | None, most: int | None) -> None:
        super().__init__()
        if bool(traces) == (until_ms is not None):
            title = "Either `max_timestamp_millis` or `trace_ids` must be specified, and not both."
            raise invalid(title, where="request_ids", fix="Name the traces, or a time.")
        if traces and most is not None:
            title = "`max_traces` can't be specified if `trace_ids` is specified."
            raise invalid(title, where="max_traces", fix="Leave it out.")
        if most is not None and most <= 0:
            title = f"`max_traces` must be a positive integer, received {most}."
            raise invalid(title, where="max_traces", fix="Ask for at least one.")
        self._experiment, self._traces, self._until, self._most = experiment, traces, until_ms, most

    def change(self, connection: Connection) -> TraceChanged | None:
        """Find which there are."""
        if self._traces:
            asked = msgspec.json.encode(list(self._traces)).decode()
            rows = fetch(connection, _OF_EXPERIMENT, experiment=self._experiment, traces=asked)
        else:
            most = -1 if self._most is None else self._most
            rows = fetch(connection, _OLDEST, experiment=self._experiment, until=self._until, most=most)
        self.told = {"traces_deleted": len(rows)}
        return TraceChanged(traces=tuple(row[0] for row in rows), deleted=True) if rows else None
