"""The routes of experiments, runs and logged models."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.body import read_body
from trivium.entrypoints.api.mlflow.answering import PREFIX, Answering, Path, asked_of, changing, looking, told
from trivium.entrypoints.policies import INGEST, guarded_route
from trivium.facts.bounds import MAX_BODY
from trivium.facts.keys import run_key
from trivium.facts.tracking import ACTIVE, DELETED
from trivium.intake.mlflow import requests as ask
from trivium.intake.mlflow.checks import invalid
from trivium.intake.mlflow.names import BATCH_BYTES_MAX
from trivium.intake.mlflow.reader import read_body as read_asked
from trivium.mlops.changing import fact_of
from trivium.mlops.tracking import experiments, histories, inputs, logged_models, logging, runs
from trivium.mlops.tracking.reading import whole_runs


def tracking_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes, those that are asked most first."""
    return [
        guarded_route(f"{PREFIX}/runs/log-metric", LogsMetric(rooms), INGEST, ["POST"]),
        guarded_route(f"{PREFIX}/runs/log-batch", LogsBatch(rooms), INGEST, ["POST"]),
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


class LogsMetric(Answering):
    """`POST runs/log-metric`: one metric, an observation."""

    async def respond(self, request: Request) -> Response:
        """Append it if its run is active."""
        fact, run = logging.measured(await asked_of(request, ask.LogMetric))
        await self.rooms.ledger.append_async([fact], check=lambda connection: runs.active_run(connection, run))
        return told(None)


class LogsBatch(Answering):
    """`POST runs/log-batch`: metrics alone are observed; with params or tags the run decides."""

    async def respond(self, request: Request) -> Response:
        """Append metrics if their run is active, or carry the command out."""
        raw = await read_body(request.scope, request.receive, MAX_BODY)
        if len(raw) > BATCH_BYTES_MAX:
            title = f"Batched logging API requests must be at most {BATCH_BYTES_MAX} bytes, got {len(raw)}."
            raise invalid(title, where="$", fix="Send it in smaller parts.")
        command = logging.LogMany(read_asked(raw, ask.LogBatch))
        if command.plain is None:
            await self.rooms.ledger.execute_async(command)
        else:
            facts = [fact_of(command.plain, run_key(command.run), command.at)] if command.plain.metrics else []
            await self.rooms.ledger.append_async(
                facts, check=lambda connection: runs.active_run(connection, command.run)
            )
        return told(None)


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
