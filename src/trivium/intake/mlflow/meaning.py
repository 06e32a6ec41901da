"""What a change means for the graph: runs and their trials, what they read, which versions they became."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from trivium.facts.fact import RecordedFact
from trivium.facts.instants import Instant, parse_instant
from trivium.facts.keys import AssetKey, model_version, run_key
from trivium.facts.problem import ProblemError
from trivium.facts.statements import Alias, DatasetSeen, RunSeen, Statement, TrialSeen, VersionDated, VersionRegistered
from trivium.facts.tracking import (
    ExperimentChanged,
    ModelChanged,
    RunChanged,
    RunCreated,
    RunLogged,
    RunUsed,
    VersionCreated,
    VersionTagged,
    decode_change,
)
from trivium.intake.mlflow.names import HAPPENED_AT, OPENLINEAGE_RUN, RESOURCE
from trivium.intake.mlflow.sources import use_of

_EVENTS: Final = {"FINISHED": "complete", "FAILED": "fail", "KILLED": "abort", "RUNNING": "running"}
_MILLISECOND: Final = 1_000
_LAST_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""


def changed(recorded: RecordedFact) -> Sequence[Statement]:
    """Say what a recorded change means; the same change always means the same."""
    change = decode_change(recorded.fact.body)
    meaning = _MEANINGS.get(type(change))
    return meaning(change, recorded.fact.happened_at) if meaning else ()


def _run_created(change: RunCreated, at: Instant) -> Sequence[Statement]:
    run = run_key(change.run)
    start = _instant(change.start_ms) or at
    seen = _tagged(run, start, change.tags, event="start")
    experiment = f"experiment:{change.experiment_name}" if change.experiment else "experiment:0"
    return (seen, TrialSeen(run=run, experiment=experiment, at=start))


def _run_changed(change: RunChanged, at: Instant) -> Sequence[Statement]:
    event = _EVENTS.get(change.status or "")
    if event is None:
        return ()
    ended = event != "running"
    return (RunSeen(run=run_key(change.run), at=(_instant(change.end_ms) if ended else 0) or at, event=event),)


def _run_logged(change: RunLogged, at: Instant) -> Sequence[Statement]:
    seen = _tagged(run_key(change.run), _instant(change.start_ms) or at, change.tags)
    return (seen,) if seen.same_as or seen.resources else ()


def _run_used(change: RunUsed, at: Instant) -> Sequence[Statement]:
    start = _instant(change.start_ms) or at
    uses = [use_of(one) for one in change.datasets]
    described = [
        DatasetSeen(dataset=use.dataset, at=start, version=one.digest)
        for use, one in zip(uses, change.datasets, strict=True)
        if one.digest
    ]
    return (RunSeen(run=run_key(change.run), at=start, reads=tuple(uses)), *described) if uses else ()


def _experiment_changed(change: ExperimentChanged, at: Instant) -> Sequence[Statement]:  # noqa: ARG001 - read alike
    if change.name is None or change.name == change.before or not change.experiment:
        return ()
    return (Alias(f"experiment:{change.before}", f"experiment:{change.name}"),)


def _model_changed(change: ModelChanged, at: Instant) -> Sequence[Statement]:  # noqa: ARG001 - read alike
    if change.new_name is None or change.new_name == change.name:
        return ()
    names = [("", "")] + [(str(version), str(version)) for version in change.versions]
    return [
        Alias(str(AssetKey("model", change.name, version=old)), str(AssetKey("model", change.new_name, version=new)))
        for old, new in names
    ]


def _version_created(change: VersionCreated, at: Instant) -> Sequence[Statement]:
    return (
        VersionRegistered(
            version=model_version(change.name, str(change.version)),
            at=_dated(change.tags) or at,
            runs=(run_key(change.run),) if change.run else (),
            experiment=change.experiment_name and f"experiment:{change.experiment_name}",
            copy_of=change.copy_of,
            prompt=change.prompt,
        ),
    )


def _version_tagged(change: VersionTagged, at: Instant) -> Sequence[Statement]:  # noqa: ARG001 - read alike
    dated = _dated({change.key: change.value or ""})
    return (VersionDated(model_version(change.name, str(change.version)), dated),) if dated else ()


def _tagged(run: str, at: Instant, tags: Mapping[str, str], *, event: str = "other") -> RunSeen:
    """Say what the tags of a run mean: another name of the same run, and the resource that it uses."""
    same = tags.get(OPENLINEAGE_RUN, "").strip()
    resource = tags.get(RESOURCE, "").strip()
    same_as = (run_key(same),) if same and run_key(same) != run else ()
    return RunSeen(run=run, at=at, event=event, same_as=same_as, resources=(resource,) if resource else ())


def _dated(tags: Mapping[str, str]) -> Instant:
    """Read when something happened, 0 where no tag says it or says it wrongly."""
    told = tags.get(HAPPENED_AT, "")
    try:
        return parse_instant(told, HAPPENED_AT) if told else 0
    except ProblemError:
        return 0


def _instant(milliseconds: int | None) -> Instant:
    """Give a client's time as an instant; what lies outside the years 1970 to 9999 says nothing."""
    return milliseconds * _MILLISECOND if milliseconds and 0 < milliseconds <= _LAST_MS else 0


_MEANINGS: Final[dict[type, Callable[[Any, Instant], Sequence[Statement]]]] = {
    RunCreated: _run_created,
    RunChanged: _run_changed,
    RunLogged: _run_logged,
    RunUsed: _run_used,
    ExperimentChanged: _experiment_changed,
    ModelChanged: _model_changed,
    VersionCreated: _version_created,
    VersionTagged: _version_tagged,
}
