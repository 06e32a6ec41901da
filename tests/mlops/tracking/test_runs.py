"""Runs as MLflow's clients know them: what is kept, what is refused, and what comes again from the facts alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mlops.tracked import experiment, log, metric, opened, run, told, whole
from trivium.facts.problem import ProblemError
from trivium.facts.tracking import ACTIVE, DELETED
from trivium.intake.mlflow import requests as ask
from trivium.ledger.book import Ledger
from trivium.mlops.tracking.experiments import RenameExperiment, SetExperimentTag, StageExperiment, experiment_by_id
from trivium.mlops.tracking.histories import history, sampled
from trivium.mlops.tracking.inputs import NoteInputs
from trivium.mlops.tracking.logging import LogOne, RecordModel, RemoveTag, measured
from trivium.mlops.tracking.runs import ChangeRun, StageRun, check_active


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path) as found:
        yield found


def refused(ledger: Ledger, command: object) -> str:
    with pytest.raises(ProblemError) as caught:
        ledger.execute(command)  # type: ignore[arg-type]
    return caught.value.problem.code


def test_a_run_is_told_whole(ledger: Ledger) -> None:
    number = experiment(ledger)
    made = run(ledger, number, run_name="first", tags=[ask.Pair("a", "b")])
    log(ledger, made, metrics=[metric("m", 0.5)], params={"p": "1"}, tags={"t": "u"})
    found = whole(ledger, made)
    assert (found.info.status, found.info.experiment_id, found.info.run_name) == ("RUNNING", number, "first")
    assert found.info.artifact_uri == f"mlflow-artifacts:/{number}/{made}/artifacts"
    assert {tag.key: tag.value for tag in found.data.tags} == {"a": "b", "t": "u", "mlflow.runName": "first"}
    assert [(one.key, one.value) for one in found.data.metrics] == [("m", 0.5)]
    assert [(one.key, one.value) for one in found.data.params] == [("p", "1")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_latest_value_is_that_of_the_last_step_whatever_comes_first(tmp_path: Path, order: tuple[int, ...]) -> None:
    points = [(0.1, 5, 1), (0.2, 3, 2), (0.3, 4, 2), (math.nan, 4, 2)]
    with opened(tmp_path) as ledger:
        made = run(ledger)
        for place in order:
            value, timestamp, step = points[place]
            fact, _ = measured(ask.LogMetric(run_id=made, key="m", value=value, timestamp=timestamp, step=step))
            ledger.append([fact])
        (latest,) = whole(ledger, made).data.metrics
        assert (latest.value, latest.timestamp, latest.step) == (0.3, 4, 2)
        with ledger.reading() as connection:
            told_all = history(connection, ask.MetricHistory(run_id=made, metric_key="m"))["metrics"]
        assert [one.value for one in told_all] == [0.2, "NaN", 0.3, 0.1]


def test_infinities_are_kept_as_the_largest_doubles_and_the_same_value_once(ledger: Ledger) -> None:
    made = run(ledger)
    for value in (math.inf, -math.inf, math.inf):
        log(ledger, made, metrics=[metric("m", value)])
    with ledger.reading() as connection:
        told_all = history(connection, ask.MetricHistory(run_id=made, metric_key="m"))["metrics"]
    assert [one.value for one in told_all] == [-1.7976931348623157e308, 1.7976931348623157e308]


def test_a_history_comes_in_pages_and_in_samples(ledger: Ledger) -> None:
    made = run(ledger)
    log(ledger, made, metrics=[metric("m", float(step), step, step) for step in range(100)])
    seen, token = [], ""
    with ledger.reading() as connection:
        while True:
            page = history(connection, ask.MetricHistory(run_id=made, metric_key="m", max_results=30, page_token=token))
            seen += [one.step for one in page["metrics"]]
            token = page.get("next_page_token", "")
            if not token:
                break
        few = sampled(connection, ask.MetricHistories(run_ids=[made], metric_key="m", max_results=10))
    assert seen == list(range(100))
    assert len(few) == 10
    assert (few[0].step, few[-1].step) == (0, 99)


def test_a_param_never_changes_and_is_refused_whole_with_its_batch(ledger: Ledger) -> None:
    made = run(ledger)
    log(ledger, made, params={"p": "1"})
    log(ledger, made, params={"p": "1", "q": "2"})
    assert refused(ledger, LogOne(ask.LogParam(run_id=made, key="p", value="2"))) == "invalid_parameter_value"
    before = ledger.head().sequence
    with pytest.raises(ProblemError, match="old_value"):
        log(ledger, made, params={"p": "3", "r": "4"}, metrics=[metric("m", 1.0)])
    assert ledger.head().sequence == before
    assert {one.key: one.value for one in whole(ledger, made).data.params} == {"p": "1", "q": "2"}


def test_a_deleted_run_takes_nothing_until_it_is_restored(ledger: Ledger) -> None:
    made = run(ledger)
    ledger.execute(StageRun(ask.RunAsked(run_id=made), DELETED))
    ledger.execute(StageRun(ask.RunAsked(run_id=made), DELETED))
    assert refused(ledger, LogOne(ask.LogParam(run_id=made, key="t", value="v"), tag=True)) == "invalid_parameter_value"
    with ledger.reading() as connection, pytest.raises(ProblemError, match="active"):
        check_active(made, connection)
    ledger.execute(StageRun(ask.RunAsked(run_id=made), ACTIVE))
    log(ledger, made, tags={"t": "v"})
    with ledger.reading() as connection, pytest.raises(ProblemError, match="not found"):
        check_active("nowhere", connection)


def test_an_ended_run_has_its_status_end_and_name(ledger: Ledger) -> None:
    made = run(ledger)
    info = told(ledger, ChangeRun(ask.UpdateRun(run_id=made, status="FINISHED", end_time=9_000, run_name="last")))
    assert (info["run_info"].status, info["run_info"].end_time, info["run_info"].run_name) == (
        "FINISHED",
        9_000,
        "last",
    )
    assert {one.key: one.value for one in whole(ledger, made).data.tags} == {"mlflow.runName": "last"}
    before = ledger.head().sequence
    ledger.execute(ChangeRun(ask.UpdateRun(run_id=made, status="FINISHED", end_time=9_000)))
    assert ledger.head().sequence == before


def test_an_experiment_takes_its_runs_with_it(ledger: Ledger) -> None:
    number = experiment(ledger)
    made = run(ledger, number)
    asked = ask.ExperimentAsked(experiment_id=number)
    ledger.execute(StageExperiment(asked, DELETED))
    assert whole(ledger, made).info.lifecycle_stage == "deleted"
    assert refused(ledger, StageExperiment(asked, DELETED)) == "resource_does_not_exist"
    rename = RenameExperiment(ask.UpdateExperiment(experiment_id=number, new_name="other"))
    assert refused(ledger, rename) == "invalid_state"
    ledger.execute(StageExperiment(asked, ACTIVE))
    assert whole(ledger, made).info.lifecycle_stage == "active"
    ledger.execute(rename)
    ledger.execute(SetExperimentTag(ask.TagExperiment(experiment_id=number, key="k", value="v")))
    with ledger.reading() as connection:
        found = experiment_by_id(connection, number)
    assert (found.name, [(tag.key, tag.value) for tag in found.tags]) == ("other", [("k", "v")])
    assert refused(ledger, RenameExperiment(ask.UpdateExperiment(experiment_id="0", new_name="other"))) == (
        "resource_already_exists"
    )


def test_tags_and_logged_models_of_older_clients(ledger: Ledger) -> None:
    made = run(ledger)
    log(ledger, made, tags={"t": "v"})
    ledger.execute(RemoveTag(ask.LogParam(run_id=made, key="t")))
    assert refused(ledger, RemoveTag(ask.LogParam(run_id=made, key="t"))) == "resource_does_not_exist"
    model = '{"artifact_path": "m", "flavors": {"f": {"a": 1, "config": 2}}, "utc_time_created": "x", "run_id": "y"}'
    for _ in range(2):
        ledger.execute(RecordModel(ask.LogModel(run_id=made, model_json=model)))
    tags = {one.key: one.value for one in whole(ledger, made).data.tags}
    assert tags["mlflow.log-model.history"].count('"flavors":{"f":{"a":1}}') == 2
    with pytest.raises(ProblemError, match="mandatory"):
        RecordModel(ask.LogModel(run_id=made, model_json="{}"))


def test_a_dataset_read_twice_is_one_input(ledger: Ledger) -> None:
    made = run(ledger)
    dataset = ask.Dataset(name="d", digest="1", source_type="s3", source='{"uri": "s3://b/x"}')
    for _ in range(2):
        ledger.execute(NoteInputs(ask.LogInputs(run_id=made, datasets=[ask.DatasetInput(dataset)] * 2)))
    assert [one.dataset.name for one in whole(ledger, made).inputs.dataset_inputs] == ["d"]


def test_everything_comes_again_from_the_facts_alone(ledger: Ledger) -> None:
    number = experiment(ledger)
    made = run(ledger, number)
    log(ledger, made, metrics=[metric("m", 0.5), metric("m", 0.7, 2, 1)], params={"p": "1"}, tags={"t": "u"})
    ledger.execute(ChangeRun(ask.UpdateRun(run_id=made, status="FAILED", end_time=5)))
    assert all(one.equal for one in ledger.rebuild())
