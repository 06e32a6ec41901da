"""Experiments, runs and logged models as they are told: the names and shapes are those of MLflow's REST API.

Times are milliseconds since 1970 UTC. A field that is None or empty was never said, and is left out.
"""

from __future__ import annotations

import msgspec

from trivium.facts.tracking import Value


class Pair(msgspec.Struct, frozen=True):
    """A tag or a param."""

    key: str
    value: str


class Experiment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A group of runs."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    tags: tuple[Pair, ...] = ()
    workspace: str | msgspec.UnsetType = msgspec.UNSET


class RunInfo(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a run is: its name, who ran it, its status and times."""

    run_uuid: str
    experiment_id: str
    run_name: str
    user_id: str | msgspec.UnsetType
    status: str
    start_time: int | msgspec.UnsetType
    end_time: int | None = None
    artifact_uri: str
    lifecycle_stage: str
    run_id: str


class Metric(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value that a run measured, at a time and a step; `value` is text where it is no number or not finite."""

    key: str
    value: Value
    timestamp: int
    step: int | msgspec.UnsetType = msgspec.UNSET
    dataset_name: str | None = None
    dataset_digest: str | None = None
    model_id: str | None = None
    run_id: str | None = None


class RunData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run told of itself: the latest value of each metric, params and tags."""

    metrics: tuple[Metric, ...] = ()
    params: tuple[Pair, ...] = ()
    tags: tuple[Pair, ...] = ()


class Dataset(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset as a run names it; `schema` and `profile` are JSON text."""

    name: str
    digest: str
    source_type: str | msgspec.UnsetType
    source: str | msgspec.UnsetType
    schema: str | None = None
    profile: str | None = None


class DatasetInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset that a run read."""

    tags: tuple[Pair, ...]
    dataset: Dataset


class ModelInput(msgspec.Struct, frozen=True):
    """A logged model that a run took."""

    model_id: str


class ModelOutput(msgspec.Struct, frozen=True):
    """A logged model that a run made at a step."""

    model_id: str
    step: int


class RunInputs(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run read."""

    dataset_inputs: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[ModelInput, ...] = ()


class RunOutputs(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run made."""

    model_outputs: tuple[ModelOutput, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """A run, whole."""

    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs | msgspec.UnsetType = msgspec.UNSET


class LoggedModelInfo(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a logged model is."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str
    model_type: str | None = None
    source_run_id: str | None = None
    tags: tuple[Pair, ...] = ()


class LoggedModelData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was told of a logged model."""

    params: tuple[Pair, ...] = ()
    metrics: tuple[Metric, ...] = ()


class LoggedModel(msgspec.Struct, frozen=True):
    """A model as a run logged it, before anyone registers it."""

    info: LoggedModelInfo
    data: LoggedModelData
