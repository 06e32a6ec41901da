"""What clients ask for, one record a request (mlflow/protos/service.proto of 3.17). Absent texts are empty."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number of 64 bits."""


class Pair(msgspec.Struct):
    """A tag or param."""

    key: str = ""
    value: str = ""


class CreateExperiment(msgspec.Struct):
    """`POST experiments/create`."""

    name: str = ""
    artifact_location: str = ""
    tags: list[Pair] = []


class ExperimentAsked(msgspec.Struct):
    """`experiments/get`, `delete`, `restore`."""

    experiment_id: str = ""


class ExperimentNamed(msgspec.Struct):
    """`GET experiments/get-by-name`."""

    experiment_name: str = ""


class UpdateExperiment(msgspec.Struct):
    """`POST experiments/update`."""

    experiment_id: str = ""
    new_name: str = ""


class TagExperiment(msgspec.Struct):
    """`POST experiments/set-experiment-tag` and `delete-experiment-tag`."""

    experiment_id: str = ""
    key: str = ""
    value: str = ""


class Search(msgspec.Struct):
    """What all searches share; `max_results` None where nothing was said."""

    filter: str = ""
    max_results: Whole | None = None
    order_by: list[str] = []
    page_token: str = ""


class SearchExperiments(Search):
    """`experiments/search`."""

    view_type: str | int = "ACTIVE_ONLY"


class CreateRun(msgspec.Struct):
    """`POST runs/create`."""

    experiment_id: str = ""
    user_id: str = ""
    start_time: Whole = 0
    tags: list[Pair] = []
    run_name: str = ""


class RunAsked(msgspec.Struct):
    """`runs/get`, `delete`, `restore`; older clients send `run_uuid`."""

    run_id: str = ""
    run_uuid: str = ""


class UpdateRun(RunAsked):
    """`POST runs/update`."""

    status: str | int | None = None
    end_time: Whole | None = None
    run_name: str | None = None


class LogMetric(RunAsked):
    """`POST runs/log-metric`."""

    key: str = ""
    value: float | None = None
    timestamp: Whole | None = None
    step: Whole = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogParam(RunAsked):
    """`POST runs/log-parameter`, `runs/set-tag`, `runs/delete-tag`."""

    key: str = ""
    value: str = ""


class Metric(msgspec.Struct):
    """A metric of a batch."""

    key: str = ""
    value: float | None = None
    timestamp: Whole | None = None
    step: Whole = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogBatch(msgspec.Struct):
    """`POST runs/log-batch`."""

    run_id: str = ""
    metrics: list[Metric] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class Dataset(msgspec.Struct):
    """A dataset as a client names it."""

    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInput(msgspec.Struct):
    """A dataset that a run reads, with tags."""

    dataset: Dataset | None = None
    tags: list[Pair] = []


class ModelInput(msgspec.Struct):
    """A logged model that a run takes or makes."""

    model_id: str = ""
    step: Whole = 0


class LogInputs(msgspec.Struct):
    """`POST runs/log-inputs`."""

    run_id: str = ""
    datasets: list[DatasetInput] = []
    models: list[ModelInput] = []


class LogOutputs(msgspec.Struct):
    """`POST runs/outputs`."""

    run_id: str = ""
    models: list[ModelInput] = []


class LogModel(msgspec.Struct):
    """`POST runs/log-model`, as 2.x clients send it."""

    run_id: str = ""
    model_json: str = ""


class SearchRuns(Search):
    """`POST runs/search`."""

    experiment_ids: list[str] = []
    run_view_type: str | int = "ACTIVE_ONLY"


class MetricHistory(RunAsked):
    """`GET metrics/get-history`."""

    metric_key: str = ""
    page_token: str = ""
    max_results: Whole | None = None


class MetricHistories(msgspec.Struct):
    """`GET metrics/get-history-bulk-interval` (`run_ids`) and `metrics/get-history-bulk` (`run_id`)."""

    run_ids: list[str] = []
    run_id: list[str] = []
    metric_key: str = ""
    start_step: Whole | None = None
    end_step: Whole | None = None
    max_results: Whole | None = None


class ListArtifacts(RunAsked):
    """`GET artifacts/list`."""

    path: str | None = None
    page_token: str = ""


class SearchDatasets(msgspec.Struct):
    """`POST experiments/search-datasets`."""

    experiment_ids: list[str] = []


class CreateLoggedModel(msgspec.Struct):
    """`POST logged-models`."""

    experiment_id: str = ""
    name: str = ""
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Pair] = []
    tags: list[Pair] = []


class FinalizeLoggedModel(msgspec.Struct):
    """`PATCH logged-models/<id>`."""

    status: str | int | None = None


class PairsGiven(msgspec.Struct):
    """`PATCH logged-models/<id>/tags`, `POST logged-models/<id>/params`."""

    tags: list[Pair] = []
    params: list[Pair] = []


class SearchLoggedModels(msgspec.Struct):
    """`POST logged-models/search`."""

    experiment_ids: list[str] = []
    filter: str = ""
    datasets: list[dict[str, Any]] = []
    max_results: Whole | None = None
    order_by: list[dict[str, Any]] = []
    page_token: str = ""


class CreateModel(msgspec.Struct):
    """`POST registered-models/create`."""

    name: str = ""
    tags: list[Pair] = []
    description: str = ""


class ModelAsked(msgspec.Struct):
    """`registered-models/get`, `delete`, `rename`, `update`, `get-latest-versions`, tags and aliases."""

    name: str = ""
    new_name: str = ""
    description: str | None = None
    stages: list[str] = []
    key: str = ""
    value: str = ""
    alias: str = ""
    version: str = ""


class CreateVersion(msgspec.Struct):
    """`POST model-versions/create`; `run_id` and `model_id` None where nothing was said."""

    name: str = ""
    source: str = ""
    run_id: str | None = None
    tags: list[Pair] = []
    run_link: str = ""
    description: str = ""
    model_id: str | None = None


class VersionAsked(msgspec.Struct):
    """`model-versions/get`, `update`, `delete`, `transition-stage`, `get-download-uri`, tags."""

    name: str = ""
    version: str = ""
    description: str | None = None
    stage: str = ""
    archive_existing_versions: bool = False
    key: str = ""
    value: str = ""


class Folder(msgspec.Struct):
    """`GET mlflow-artifacts/artifacts`: a folder below the place of all artifacts."""

    path: str = ""


class RunFolder(RunAsked):
    """`GET artifacts/list`: a folder of a run's artifacts."""

    path: str = ""


class ModelFolder(msgspec.Struct):
    """`GET logged-models/<id>/artifacts/directories`: a folder of a logged model's artifacts."""

    artifact_directory_path: str = ""


class Presigned(msgspec.Struct):
    """`POST artifacts/presigned-upload-url` and `presigned-download-url`."""

    run_id: str = ""
    model_id: str = ""
    path: str = ""
