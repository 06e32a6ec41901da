"""What changes in experiments, runs, logged models, registered models and artifacts: the bodies of their facts.

Each struct is one change that a command decided on or a client observed; its tag is the fact's kind. Ids are those that
MLflow clients use. Times in `_ms` fields are milliseconds since 1970 UTC, as MLflow counts them; a change happened at
the fact's `happened_at`.
"""

from __future__ import annotations

from typing import Final

import msgspec

Tags = dict[str, str]
Value = float | str
"""A metric's value; what JSON has no number for is text: NaN, Infinity, -Infinity."""


class ExperimentCreated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="experiment.created"):
    """An experiment begins; `experiment` is its number."""

    experiment: int
    name: str
    artifact_location: str
    tags: Tags = {}


class ExperimentChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="experiment.changed"):
    """An experiment got another name (`before` was the old one), or another lifecycle stage, and its runs with it."""

    experiment: int
    name: str | None = None
    before: str = ""
    stage: str | None = None


class ExperimentTagged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="experiment.tagged"):
    """An experiment got a tag; without a value it lost it."""

    experiment: int
    key: str
    value: str | None = None


class RunCreated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.created"):
    """A run of an experiment begins; `experiment_name` is empty for experiment 0, which is nobody's search."""

    run: str
    experiment: int
    experiment_name: str
    name: str
    user: str
    start_ms: int
    artifact_uri: str
    tags: Tags = {}


class RunChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.changed"):
    """A run got another status, end, name or lifecycle stage."""

    run: str
    status: str | None = None
    end_ms: int | None = None
    name: str | None = None
    stage: str | None = None


class ModelMetric(msgspec.Struct, frozen=True, array_like=True):
    """A metric of a logged model, logged in a run, perhaps on a dataset."""

    model: str
    key: str
    value: Value
    timestamp_ms: int
    step: int
    dataset_name: str | None = None
    dataset_digest: str | None = None


class RunMeasured(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.measured"):
    """What a run measured: metrics as (key, value, timestamp in ms, step).

    `models` are those of the metrics that are also metrics of a logged model.
    """

    run: str
    metrics: tuple[tuple[str, Value, int, int], ...] = ()
    models: tuple[ModelMetric, ...] = ()


class RunLogged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.logged"):
    """What a run told of itself: params and tags. `start_ms` is the run's."""

    run: str
    start_ms: int = 0
    params: dict[str, str] = {}
    tags: Tags = {}


class RunUntagged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.untagged"):
    """A run lost a tag."""

    run: str
    key: str


class Input(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A dataset that a run read: its name, digest and source as MLflow has them, schema and profile as JSON text."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


class RunUsed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.used"):
    """A run read datasets, and took logged models as input."""

    run: str
    start_ms: int
    datasets: tuple[Input, ...] = ()
    models: tuple[str, ...] = ()


class RunMade(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run.made"):
    """A run made logged models: pairs of id and step."""

    run: str
    models: tuple[tuple[str, int], ...]


class LoggedModelCreated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="logged_model.created"):
    """A logged model begins, pending until it is finalized."""

    model: str
    experiment: int
    name: str
    artifact_location: str
    model_type: str | None = None
    source_run: str | None = None
    params: dict[str, str] = {}
    tags: Tags = {}


class LoggedModelChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="logged_model.changed"):
    """A logged model got a status (1 pending, 2 ready, 3 failed), was deleted, or got params."""

    model: str
    status: int | None = None
    stage: str | None = None
    params: dict[str, str] = {}


class LoggedModelTagged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="logged_model.tagged"):
    """A logged model got tags; those without a value it lost."""

    model: str
    tags: dict[str, str | None]


class ModelCreated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="model.created"):
    """A registered model begins, without versions."""

    name: str
    description: str = ""
    tags: Tags = {}


class ModelChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="model.changed"):
    """A registered model got another name or description; `versions` are those that are renamed with it."""

    name: str
    new_name: str | None = None
    description: str | None = None
    versions: tuple[int, ...] = ()


class ModelDeleted(msgspec.Struct, frozen=True, kw_only=True, tag="model.deleted"):
    """A registered model is deleted, with its versions."""

    name: str


class ModelTagged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="model.tagged"):
    """A registered model got a tag; without a value it lost it."""

    name: str
    key: str
    value: str | None = None


class ModelAliased(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="model.aliased"):
    """An alias of a registered model names a version; without one it names none any more."""

    name: str
    alias: str
    version: int | None = None


class VersionCreated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="version.created"):
    """A model version is registered.

    `run` is the id of the run that made it, empty where nobody said; `experiment_name` is that run's experiment.
    `copy_of` is the key of the version that it was copied from. A prompt is no model.
    """

    name: str
    version: int
    source: str
    run: str = ""
    experiment_name: str = ""
    run_link: str = ""
    description: str = ""
    model_id: str | None = None
    storage_location: str | None = None
    tags: Tags = {}
    copy_of: str = ""
    prompt: bool = False


class VersionChanged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="version.changed"):
    """A model version got another description or stage; `archived` are versions that left the stage for it."""

    name: str
    version: int
    description: str | None = None
    stage: str | None = None
    archived: tuple[int, ...] = ()


class VersionDeleted(msgspec.Struct, frozen=True, kw_only=True, tag="version.deleted"):
    """A model version is deleted; what it cost stays."""

    name: str
    version: int


class VersionTagged(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="version.tagged"):
    """A model version got a tag; without a value it lost it."""

    name: str
    version: int
    key: str
    value: str | None = None


class ArtifactStored(msgspec.Struct, frozen=True, kw_only=True, tag="artifact.stored"):
    """An artifact stands at a path: the SHA-256 of its content, and its size."""

    path: str
    blob: str
    bytes: int


class ArtifactsRemoved(msgspec.Struct, frozen=True, kw_only=True, tag="artifact.removed"):
    """Artifacts are removed from their paths."""

    paths: tuple[str, ...]


Change = (
    ExperimentCreated | ExperimentChanged | ExperimentTagged | RunCreated | RunChanged | RunMeasured | RunLogged
    | RunUntagged | RunUsed | RunMade | LoggedModelCreated | LoggedModelChanged | LoggedModelTagged | ModelCreated
    | ModelChanged | ModelDeleted | ModelTagged | ModelAliased | VersionCreated | VersionChanged | VersionDeleted
    | VersionTagged | ArtifactStored | ArtifactsRemoved
)  # fmt: skip

ACTIVE: Final = "active"
DELETED: Final = "deleted"

_decoder: msgspec.json.Decoder[Change] = msgspec.json.Decoder(Change)
_encoder = msgspec.json.Encoder(order="sorted")


def encode_change(change: Change) -> bytes:
    """Write a change as a fact's body: JSON with sorted keys."""
    return _encoder.encode(change)


def decode_change(body: bytes) -> Change:
    """Read a change back from a fact's body."""
    return _decoder.decode(body)


def kind_of_change(change: Change) -> str:
    """Name the kind of the fact that states a change."""
    return str(change.__struct_config__.tag)
