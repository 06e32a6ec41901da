"""What an OpenLineage event is as a fact: checked, cut to what may be kept, and named by its bytes.

Only what the join stands on can refuse an event: its time, its run, its job, the names of its datasets. A facet that
is not as its schema says is kept as it was sent and means nothing.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from trivium.facts.bounds import check_bounds, decode, malformed, without_mark
from trivium.facts.fact import Fact
from trivium.facts.instants import parse_instant
from trivium.facts.keys import dataset, job, run_key
from trivium.facts.kinds import Kind
from trivium.facts.misfits import misfit
from trivium.facts.problem import ProblemError, refuse, shown
from trivium.facts.screening import Screen
from trivium.intake.openlineage.meaning import statements
from trivium.intake.openlineage.names import EVENTS, MAX_NAME, SOURCE

__all__ = ["BatchFailure", "accept", "accept_batch", "body_hash", "statements"]


class BatchFailure(msgspec.Struct, frozen=True):
    """An event of a batch that was refused: its place, why, and whether sending it again can help (it cannot)."""

    index: int
    reason: str
    retriable: bool = False


class _Name(msgspec.Struct):
    namespace: str
    name: str


class _Run(msgspec.Struct, rename="camel"):
    run_id: str


class _Event(msgspec.Struct, rename="camel"):
    event_time: str
    event_type: str | None = None
    run: _Run | None = None
    job: _Name | None = None
    dataset: _Name | None = None
    inputs: list[_Name] | None = None
    outputs: list[_Name] | None = None


_decoder = msgspec.json.Decoder(_Event)
_screen = Screen()
_batch_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def accept(raw: bytes) -> Fact:
    """Make the fact of one event: its body is the event as it was sent, without known secrets and byte order mark.

    Refuses what is out of bounds (trivium.facts.bounds) and an event without a readable time, run, job or dataset;
    the problem names the JSON path and the value.
    """
    body = _screen(without_mark(raw))
    event = _decode(body)
    happened_at = parse_instant(event.event_time, "$.eventTime")
    return Fact(
        kind=Kind.LINEAGE_EVENT,
        subject=_subject(event),
        happened_at=happened_at,
        source=SOURCE,
        key=sha256(body).hexdigest(),
        body=body,
    )


def body_hash(fact: Fact) -> bytes:
    """Give the SHA-256 of the body of a fact that `accept` made: its key, which need not be computed again."""
    return bytes.fromhex(fact.key)


def accept_batch(raw: bytes) -> tuple[list[Fact], list[BatchFailure]]:
    """Make the facts of a JSON array of events, and say which events were refused; refuses what is no array."""
    raw = without_mark(raw)
    check_bounds(raw)
    try:
        events = _batch_decoder.decode(raw)
    except msgspec.ValidationError as fault:
        title = f"A batch is a JSON array of events; this one begins with {shown(raw[:40])}."
        raise refuse("bad_batch", title, where="$", fix="Send [event, event, …].") from fault
    except (msgspec.DecodeError, RecursionError) as fault:
        raise malformed(raw, fault) from fault
    facts, failures = [], []
    for index, event in enumerate(events):
        try:
            facts.append(accept(bytes(event)))
        except ProblemError as fault:
            failures.append(BatchFailure(index, fault.problem.sentence()))
    return facts, failures


def _decode(body: bytes) -> _Event:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as fault:
        raise _misshapen(body, str(fault)) from fault
    except (msgspec.DecodeError, RecursionError) as fault:
        raise malformed(body, fault) from fault


def _subject(event: _Event) -> str:
    """Name what the event is about, and refuse names that no key can hold."""
    for place, names in (("inputs", event.inputs), ("outputs", event.outputs)):
        for index, name in enumerate(names or ()):
            _check_name(name, f"$.{place}[{index}]")
    if event.job is not None:
        _check_name(event.job, "$.job")
    if event.run is not None:
        return _run_subject(event, event.run)
    if event.dataset is not None:
        _check_name(event.dataset, "$.dataset")
        return dataset(event.dataset.namespace, event.dataset.name)
    if event.job is not None:
        return job(event.job.namespace, event.job.name)
    fix = "Send a RunEvent (run and job), a DatasetEvent (dataset) or a JobEvent (job)."
    raise refuse("bad_event", "The event is about no run, dataset or job.", where="$", fix=fix)


def _run_subject(event: _Event, run: _Run) -> str:
    if event.job is None:
        fix = "Send the job's namespace and name with each run event."
        raise refuse("bad_event", "The run event names no job.", where="$.job", fix=fix)
    if not run.run_id or len(run.run_id) > MAX_NAME:
        title = f"{shown(run.run_id)} is no run id."
        raise refuse("bad_event", title, where="$.run.runId", fix="Send a UUID, the same for all events of the run.")
    if event.event_type is not None and event.event_type not in EVENTS:
        title = f"{shown(event.event_type)} is no event type."
        raise refuse("bad_event", title, where="$.eventType", fix="Send one of " + ", ".join(EVENTS) + ".")
    return run_key(run.run_id)


def _check_name(name: _Name, path: str) -> None:
    if not name.name:
        raise refuse("bad_event", f"The name {shown(name.name)} is empty.", where=f"{path}.name", fix="Send a name.")
    if len(name.name) + len(name.namespace) > MAX_NAME:
        title = f"Namespace and name {shown(name.name)} have more than {MAX_NAME} characters."
        raise refuse("bad_event", title, where=f"{path}.name", fix="Send a shorter name.")


def _misshapen(body: bytes, message: str) -> ProblemError:
    """Say which value of an event does not fit, with the value and its JSON path."""
    sentence, place = misfit(message, decode(body))
    title = f"The event is not as OpenLineage says: {sentence}"
    where = f"$.{place}" if place else "$"
    return refuse("bad_event", title, where=where, fix="See the OpenLineage specification, version 2-0-2.")
