"""What changes mean for the graph: runs with their times, trials, reads, versions with their dates."""

from __future__ import annotations

import pytest

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import TRACED, TRACKING
from trivium.facts.statements import Alias, RunSeen, Statement, TrialSeen, VersionDated, VersionRegistered
from trivium.facts.tracking import (
    Change,
    ExperimentChanged,
    Input,
    ModelChanged,
    RunChanged,
    RunCreated,
    RunLogged,
    RunMeasured,
    RunUsed,
    VersionCreated,
    VersionTagged,
    kind_of_change,
)
from trivium.intake.mlflow.meaning import changed
from trivium.mlops.changing import fact_of

AT = 1_700_000_000_000_000
RUN = "0123456789abcdef0123456789abcdef"


def said(change: Change) -> list[Statement]:
    return list(changed(RecordedFact(sequence=1, recorded_at=AT, fact=fact_of(change, "", AT))))


def created(**more: object) -> RunCreated:
    given = {"experiment": 3, "experiment_name": "search", "start_ms": 5_000, "tags": {}} | more
    return RunCreated(run=RUN, name="n", user="u", artifact_uri="", **given)  # type: ignore[arg-type]


def test_a_run_begins_when_its_client_says_and_is_a_trial() -> None:
    seen, trial = said(created())
    assert seen == RunSeen(run=f"run:{RUN}", at=5_000_000, event="start")
    assert trial == TrialSeen(run=f"run:{RUN}", experiment="experiment:search", at=5_000_000)
    assert said(created(experiment=0, experiment_name=""))[1] == TrialSeen(
        run=f"run:{RUN}", experiment="experiment:0", at=5_000_000
    )


@pytest.mark.parametrize("start_ms", [0, -5, 10**17])
def test_a_start_that_is_none_is_when_it_was_recorded(start_ms: int) -> None:
    assert said(created(start_ms=start_ms))[0].at == AT  # type: ignore[union-attr]


def test_tags_join_runs_and_resources() -> None:
    other = "0199A0E0-0000-7000-8000-000000000001"
    tags = {"openlineage.run_id": other, "trivium.resource_id": "vm-1"}
    seen = said(created(tags=tags))[0]
    assert isinstance(seen, RunSeen)
    assert (seen.same_as, seen.resources) == ((f"run:{other.lower()}",), ("vm-1",))
    assert said(RunLogged(run=RUN, start_ms=5_000, tags={"a": "b"})) == []
    (later,) = said(RunLogged(run=RUN, start_ms=5_000, tags=tags))
    assert isinstance(later, RunSeen)
    assert (later.at, later.same_as) == (5_000_000, seen.same_as)


@pytest.mark.parametrize(
    ("status", "event"), [("FINISHED", "complete"), ("FAILED", "fail"), ("KILLED", "abort"), ("RUNNING", "running")]
)
def test_a_run_ends_when_its_client_says(status: str, event: str) -> None:
    (seen,) = said(RunChanged(run=RUN, status=status, end_ms=9_000))
    assert isinstance(seen, RunSeen)
    assert seen.event == event
    assert seen.at == (AT if event == "running" else 9_000_000)
    assert said(RunChanged(run=RUN, name="other")) == []


def test_what_a_run_read_is_read_at_its_start() -> None:
    one = Input(name="d", digest="7", source_type="s3", source='{"uri": "s3://b/x"}', profile='{"num_rows": 4}')
    seen, described = said(RunUsed(run=RUN, start_ms=5_000, datasets=(one,)))
    assert isinstance(seen, RunSeen)
    assert [(use.dataset, use.rows) for use in seen.reads] == [("dataset:s3://b/x", 4)]
    assert (described.version, described.at) == ("7", 5_000_000)  # type: ignore[union-attr]
    assert said(RunUsed(run=RUN, start_ms=5_000, models=("m-1",))) == []


def test_a_version_is_registered_when_its_tag_says() -> None:
    tags = {"trivium.happened_at": "2026-10-05T10:00:00Z"}
    (made,) = said(VersionCreated(name="m", version=2, source="", run=RUN, experiment_name="search", tags=tags))
    assert isinstance(made, VersionRegistered)
    assert (made.version, made.runs, made.experiment) == ("model:m/2", (f"run:{RUN}",), "experiment:search")
    (dated,) = said(VersionTagged(name="m", version=2, key="trivium.happened_at", value=tags["trivium.happened_at"]))
    assert dated == VersionDated("model:m/2", made.at)
    assert said(VersionTagged(name="m", version=2, key="trivium.happened_at", value="yesterday")) == []
    (undated,) = said(VersionCreated(name="m", version=2, source="", tags={"trivium.happened_at": "soon"}))
    assert undated.at == AT  # type: ignore[union-attr]


def test_renamed_things_are_the_same_things() -> None:
    assert said(ExperimentChanged(experiment=3, name="b", before="a")) == [Alias("experiment:a", "experiment:b")]
    assert said(ExperimentChanged(experiment=0, name="b", before="Default")) == []
    assert said(ModelChanged(name="a", new_name="b", versions=(1,))) == [
        Alias("model:a", "model:b"),
        Alias("model:a/1", "model:b/1"),
    ]


def test_what_says_nothing_of_the_graph_is_not_among_the_kinds_that_it_folds() -> None:
    assert said(RunMeasured(run=RUN, metrics=(("m", 1.0, 1, 0),))) == []
    assert kind_of_change(RunMeasured(run=RUN)) in TRACKING - TRACED
