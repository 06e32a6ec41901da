"""The routes of experiments, runs and logged models."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.metrics import Metrics
from trivium.entrypoints.api.mlflow.answering import PREFIX, Path, changing, looking
from trivium.entrypoints.api.mlflow.observing import LogsBatch, LogsMetric
from trivium.entrypoints.policies import INGEST, guarded_route
from trivium.facts.tracking import ACTIVE, DELETED
from trivium.intake.mlflow import requests as ask
from trivium.mlops.tracking import experiments, histories, inputs, logged_models, logging, runs
from trivium.mlops.tracking.reading import whole_runs

_METRIC: Final = f"{PREFIX}/runs/log-metric"
_BATCH: Final = f"{PREFIX}/runs/log-batch"


def tracking_routes(rooms: Rooms, metrics: Metrics) -> list[BaseRoute]:
    """List the routes, those that are asked most first."""
    return [
        guarded_route(_METRIC, LogsMetric(rooms, metrics, _METRIC), INGEST, ["POST"]),
        guarded_route(_BATCH, LogsBatch(rooms, metrics, _BATCH), INGEST, ["POST"]),
        *_run_routes(rooms),
        *_experiment_routes(rooms),
        *_logged_model_routes(rooms),
    ]


def _run_routes(rooms: Rooms) -> list[BaseRoute]:
    base = f"{PREFIX}/runs"
    return [
        changing(rooms, f"{base}/log-parameter", ask.LogParam, logging.LogOne),
        changing(rooms, f"{base}/set-tag", ask.LogParam, lambda asked: logging.LogOne(asked, tag=True)),
        changing(rooms, f"{base}/delete-tag", ask.LogParam, logging.RemoveTag),
        changing(rooms, f"{base}/create", ask.CreateRun, runs.MakeRun),
        changing(rooms, f"{base}/update", ask.UpdateRun, runs.ChangeRun),
        changing(rooms, f"{base}/delete", ask.RunAsked, lambda asked: runs.StageRun(asked, DELETED)),
        changing(rooms, f"{base}/restore", ask.RunAsked, lambda asked: runs.StageRun(asked, ACTIVE)),
        changing(rooms, f"{base}/log-inputs", ask.LogInputs, inputs.NoteInputs),
        changing(rooms, f"{base}/outputs", ask.LogOutputs, inputs.NoteOutputs),
        changing(rooms, f"{base}/log-model", ask.LogModel, logging.RecordModel),
        looking(rooms, f"{base}/get", ask.RunAsked, _run),
        looking(rooms, f"{PREFIX}/metrics/get-history", ask.MetricHistory, _history),
        looking(rooms, f"{PREFIX}/metrics/get-history-bulk-interval", ask.MetricHistories, _sampled),
        looking(rooms, "/ajax-api/2.0/mlflow/metrics/get-history-bulk", ask.MetricHistories, _histories),
    ]


def _experiment_routes(rooms: Rooms) -> list[BaseRoute]:
    base = f"{PREFIX}/experiments"
    return [
        changing(rooms, f"{base}/create", ask.CreateExperiment, experiments.MakeExperiment),
        changing(rooms, f"{base}/update", ask.UpdateExperiment, experiments.RenameExperiment),
        changing(
            rooms, f"{base}/delete", ask.ExperimentAsked, lambda asked: experiments.StageExperiment(asked, DELETED)
        ),
        changing(
            rooms, f"{base}/restore", ask.ExperimentAsked, lambda asked: experiments.StageExperiment(asked, ACTIVE)
        ),
        changing(rooms, f"{base}/set-experiment-tag", ask.TagExperiment, experiments.SetExperimentTag),
        changing(
            rooms,
            f"{base}/delete-experiment-tag",
            ask.TagExperiment,
            lambda asked: experiments.SetExperimentTag(asked, remove=True),
        ),
        looking(rooms, f"{base}/get", ask.ExperimentAsked, _experiment),
        looking(rooms, f"{base}/get-by-name", ask.ExperimentNamed, _experiment_named),
    ]


def _logged_model_routes(rooms: Rooms) -> list[BaseRoute]:
    base = f"{PREFIX}/logged-models"
    one = f"{base}/{{model_id}}"
    return [
        changing(rooms, base, ask.CreateLoggedModel, logged_models.MakeLoggedModel),
        changing(
            rooms,
            one,
            ask.FinalizeLoggedModel,
            lambda asked, path: logged_models.ChangeLoggedModel(path["model_id"], status=asked.status or 0),
            "PATCH",
        ),
        changing(
            rooms,
            one,
            ask.FinalizeLoggedModel,
            lambda _, path: logged_models.ChangeLoggedModel(path["model_id"], stage=DELETED),
            "DELETE",
        ),
        changing(
            rooms,
            f"{one}/params",
            ask.PairsGiven,
            lambda asked, path: logged_models.ChangeLoggedModel(path["model_id"], params=asked.params),
        ),
        changing(
            rooms,
            f"{one}/tags",
            ask.PairsGiven,
            lambda asked, path: logged_models.TagLoggedModel(path["model_id"], asked.tags),
            "PATCH",
        ),
        changing(
            rooms,
            f"{one}/tags/{{tag_key:path}}",
            ask.PairsGiven,
            lambda _, path: logged_models.TagLoggedModel(path["model_id"], remove=path["tag_key"]),
            "DELETE",
        ),
        looking(rooms, one, ask.FinalizeLoggedModel, _logged_model),
    ]


def _run(connection: Connection, asked: ask.RunAsked, _: Path) -> Any:
    return {"run": whole_runs(connection, [runs.find_run(connection, runs.id_of(asked))])[0]}


def _history(connection: Connection, asked: ask.MetricHistory, _: Path) -> Any:
    return histories.history(connection, asked)


def _sampled(connection: Connection, asked: ask.MetricHistories, _: Path) -> Any:
    return {"metrics": histories.sampled(connection, asked)}


def _histories(connection: Connection, asked: ask.MetricHistories, _: Path) -> Any:
    return {"metrics": histories.of_runs(connection, asked)}


def _experiment(connection: Connection, asked: ask.ExperimentAsked, _: Path) -> Any:
    return {"experiment": experiments.experiment_by_id(connection, asked.experiment_id)}


def _experiment_named(connection: Connection, asked: ask.ExperimentNamed, _: Path) -> Any:
    return {"experiment": experiments.experiment_by_name(connection, asked.experiment_name)}


def _logged_model(connection: Connection, _: ask.FinalizeLoggedModel, path: Path) -> Any:
    row = logged_models.find_logged_model(connection, path["model_id"], deleted=False)
    return {"model": logged_models.logged_models(connection, [row.model])[0]}
