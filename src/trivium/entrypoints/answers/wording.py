"""What does a fact say, in one sentence? `name` marks names, `**word**` what needs a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from trivium.entrypoints.answers.names import Names
from trivium.facts.deliveries import decode_delivery
from trivium.facts.fact import RecordedFact
from trivium.facts.instants import format_instant
from trivium.facts.kinds import Kind
from trivium.facts.period import month_of
from trivium.facts.predictions import decode_labels, decode_predictions
from trivium.facts.statements import (
    ACCEPTED,
    EQUAL,
    Alias,
    Belongs,
    CheckSeen,
    Correct,
    DatasetSeen,
    JobSeen,
    Life,
    Owned,
    Predicted,
    QualityMeasured,
    Reader,
    ResourceUsed,
    Rule,
    RunSeen,
    Statement,
    Titled,
    TrialOf,
    Valued,
    VersionRegistered,
    VersionUsed,
)

Naming = Callable[[str], str]
_EVENTS: Final = {
    "start": "started", "running": "is running", "complete": "ended well", "fail": "**failed**",
    "abort": "was **aborted**", "other": "was reported",
}  # fmt: skip


def words_of(recorded: RecordedFact, reader: Reader, names: Names) -> str:
    """Say what a fact states; of an event with several statements, what matters most."""
    fact = recorded.fact
    if fact.kind == Kind.CHARGES_IMPORTED:
        delivery = decode_delivery(fact.body)
        months = sorted({str(month_of(batch.period)) for batch in delivery.batches})
        return f"charges imported for {', '.join(months) or 'no month'}"
    if fact.kind == Kind.MONTH_CLOSED:
        return f"{fact.key} closed"
    if fact.kind in {Kind.PREDICTIONS_RECEIVED, Kind.LABELS_RECEIVED}:
        return _received(recorded, names)
    said = reader(recorded)
    return _event(said, names) if fact.kind == Kind.LINEAGE_EVENT else _declared(said, names)


def _received(recorded: RecordedFact, names: Names) -> str:
    """Say how many predictions or labels came, and for which endpoint where it is one."""
    body, endpoint = recorded.fact.body, recorded.fact.subject
    for_whom = f" for {_name(endpoint, names)}" if endpoint else ""
    if recorded.fact.kind == Kind.LABELS_RECEIVED:
        count = decode_labels(body).labels
        return f"{count:,} {'label' if count == 1 else 'labels'} received"
    count = decode_predictions(body).predictions
    return f"{count:,} {'prediction' if count == 1 else 'predictions'} received{for_whom}"


def _event(said: Sequence[Statement], names: Names) -> str:
    failed = [one for one in said if isinstance(one, CheckSeen) and not one.passed]
    if failed:
        column = f" of `{failed[0].column}`" if failed[0].column else ""
        found = f", found {failed[0].actual}" if failed[0].actual else ""
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return f"check **failed** on {_name(failed[0].dataset, names)}: `{failed[0].check}`{column}{found}{more}"
    passed = sum(isinstance(one, CheckSeen) for one in said)
    if passed:
        dataset = next(one.dataset for one in said if isinstance(one, CheckSeen))
        return f"{passed} {'check' if passed == 1 else 'checks'} passed on {_name(dataset, names)}"
    for one in said:
        if isinstance(one, RunSeen):
            return f"{_name(one.job or one.run, names)} {_EVENTS.get(one.event, 'was reported')}{_uses(one, names)}"
    described = next((one for one in said if isinstance(one, DatasetSeen | QualityMeasured)), None)
    if described is not None:
        return f"{_name(described.dataset, names)} was described"
    job = next((one for one in said if isinstance(one, JobSeen)), None)
    return f"{_name(job.job, names)} was described" if job else "an event that states nothing about assets"


def _uses(run: RunSeen, names: Names) -> str:
    """Say what a run wrote, else what it read."""
    for verb, uses in (("wrote", run.writes), ("read", run.reads)):
        if uses:
            more = f" and {len(uses) - 1} more" if len(uses) > 1 else ""
            return f", {verb} {_name(uses[0].dataset, names)}{more}"
    return ""


def _declared(said: Sequence[Statement], names: Names) -> str:
    if not said:
        return "nothing that the graph keeps"
    say = _SAYINGS.get(type(said[0]))
    return say(said[0], lambda key: _name(key, names)) if say else "a declared statement is withdrawn"


def _registered(one: VersionRegistered, name: Naming) -> str:
    runs = ", ".join(name(run) for run in one.runs[:2])
    return f"{name(one.version)} registered" + (f" from {runs}" if runs else "")


def _used(one: VersionUsed, name: Naming) -> str:
    since = f" since {format_instant(one.since)[:10]}" if one.since else ""
    return f"{name(one.by)} uses {name(one.version)}{since}"


def _predicted(one: Predicted, name: Naming) -> str:
    return f"{name(one.by)} had {one.count:,} predictions of {name(one.version)} in {one.month}"


def _correct(one: Correct, name: Naming) -> str:
    rules = {EQUAL: "it equals its label", ACCEPTED: "its label says that it was accepted"}
    rule = rules.get(one.rule, f"it differs from its label by at most {one.tolerance}")
    return f"a prediction for {name(one.product)} is correct when {rule}"


def _name(key: str, names: Names) -> str:
    return f"`{names.of(key)}`"


_SAYINGS: Final[dict[type, Callable[[Any, Naming], str]]] = {
    Titled: lambda one, name: f"{name(one.asset)} is called {one.title}",
    Owned: lambda one, name: f"owner of {name(one.asset)} is {name(one.team)}",
    Belongs: lambda one, name: f"{name(one.asset)} is part of {name(one.product)}",
    Valued: lambda one, name: f"a day of {name(one.product)} is worth {one.amount} {one.currency}",
    Life: lambda one, name: f"{name(one.dataset)} serves {one.days} days",
    Alias: lambda one, _: f"`{one.name}` means `{one.means}`",
    ResourceUsed: lambda one, name: f"{name(one.asset)} uses {name(one.resource)}",
    TrialOf: lambda one, name: f"{name(one.run)} is a trial of {name(one.experiment)}",
    VersionRegistered: _registered,
    VersionUsed: _used,
    Predicted: _predicted,
    Correct: _correct,
    Rule: lambda one, _: f"rule {one.name}",
}
