"""The tables of experiments, runs, logged models, registered models and artifacts, folded inside the append.

Runs have a number beside their id, which the tables of their metrics, params and tags use. Times in `_ms` columns are
milliseconds since 1970 UTC, as MLflow counts them. `stage` is a lifecycle stage: active or deleted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()


def _key(name: str, kind: Any = Integer) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _text(name: str, *, nullable: bool = False, comment: str = "") -> Column[Any]:
    return Column(name, Text, nullable=nullable, comment=comment or None)


experiments = Table(
    "tracking_experiments",
    metadata,
    _key("experiment"),
    Column("name", Text, nullable=False, unique=True),
    _text("artifact_location"),
    _text("stage"),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

experiment_tags = Table(
    "tracking_experiment_tags",
    metadata,
    _key("experiment"),
    _key("key", Text),
    _text("value"),
    sqlite_with_rowid=False,
)

runs = Table(
    "tracking_runs",
    metadata,
    _key("run"),
    Column("id", Text, nullable=False, unique=True),
    Column("experiment", Integer, nullable=False),
    _text("name"),
    _text("user"),
    _text("status", comment="RUNNING, SCHEDULED, FINISHED, FAILED or KILLED"),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    _text("stage"),
    Column("deleted_ms", BigInteger),
    _text("artifact_uri"),
    Column("sequence", BigInteger, nullable=False, comment="the fact that created it"),
    Index("tracking_runs_order", "experiment", "start_ms", "id"),
)

run_tags = Table(
    "tracking_run_tags",
    metadata,
    _key("run"),
    _key("key", Text),
    _text("value"),
    sqlite_with_rowid=False,
)

params = Table(
    "tracking_params",
    metadata,
    _key("run"),
    _key("key", Text),
    _text("value"),
    sqlite_with_rowid=False,
)

latest = Table(
    "tracking_latest",
    metadata,
    _key("run"),
    _key("key", Text),
    Column("value", Double, nullable=False, comment="0 where it is no number; infinities as the largest doubles"),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("is_nan", Integer, nullable=False),
    Index("tracking_latest_value", "key", "is_nan", "value", "run"),
    sqlite_with_rowid=False,
)
"""The metric of each key with the greatest step, then timestamp, then value."""

metrics = Table(
    "tracking_metrics",
    metadata,
    _key("run"),
    _key("key", Text),
    _key("timestamp_ms", BigInteger),
    _key("step", BigInteger),
    _key("value", Double),
    _key("is_nan"),
    sqlite_with_rowid=False,
)

datasets = Table(
    "tracking_datasets",
    metadata,
    _key("dataset"),
    Column("experiment", Integer, nullable=False),
    _text("name"),
    _text("digest"),
    _text("source_type"),
    _text("source"),
    _text("schema", nullable=True),
    _text("profile", nullable=True),
    UniqueConstraint("experiment", "name", "digest", name="tracking_datasets_name"),
)

inputs = Table(
    "tracking_inputs",
    metadata,
    _key("run"),
    _key("dataset"),
    _text("tags", comment="JSON: the list of [key, value]"),
    Column("context", Text, comment="the tag mlflow.data.context"),
    Index("tracking_inputs_dataset", "dataset", "run"),
    sqlite_with_rowid=False,
)

run_models = Table(
    "tracking_run_models",
    metadata,
    _key("run"),
    _key("place"),
    _key("made"),
    _text("model", comment="id of a logged model"),
    Column("step", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Logged models that a run took (`made` 0) or made (1), in the order in which it said so."""

logged_models = Table(
    "tracking_logged_models",
    metadata,
    _key("model", Text),
    Column("experiment", Integer, nullable=False),
    _text("name"),
    _text("artifact_location"),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("status", Integer, nullable=False, comment="MLflow's LoggedModelStatus: 1 pending, 2 ready, 3 failed"),
    _text("stage"),
    _text("model_type", nullable=True),
    _text("source_run", nullable=True, comment="run id, as it was said"),
    Index("tracking_logged_models_order", "experiment", "created_ms"),
    sqlite_with_rowid=False,
)

logged_model_params = Table(
    "tracking_logged_model_params",
    metadata,
    _key("model", Text),
    _key("key", Text),
    _text("value"),
    sqlite_with_rowid=False,
)

logged_model_tags = Table(
    "tracking_logged_model_tags",
    metadata,
    _key("model", Text),
    _key("key", Text),
    _text("value"),
    sqlite_with_rowid=False,
)

logged_model_metrics = Table(
    "tracking_logged_model_metrics",
    metadata,
    _key("model", Text),
    _key("name", Text),
    _key("timestamp_ms", BigInteger),
    _key("step", BigInteger),
    _key("run", Text),
    Column("value", Double, nullable=False),
    Column("experiment", Integer, nullable=False),
    _text("dataset_name", nullable=True),
    _text("dataset_digest", nullable=True),
    Index("tracking_logged_model_metrics_name", "name", "model"),
    sqlite_with_rowid=False,
)
"""`run` is the id of the run that logged the value."""

models = Table(
    "registry_models",
    metadata,
    _key("name", Text),
    _text("description"),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

model_tags = Table(
    "registry_model_tags",
    metadata,
    _key("name", Text),
    _key("key", Text),
    _text("value"),
    sqlite_with_rowid=False,
)

aliases = Table(
    "registry_aliases",
    metadata,
    _key("name", Text),
    _key("alias", Text),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)

versions = Table(
    "registry_versions",
    metadata,
    _key("name", Text),
    _key("version"),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    _text("description"),
    _text("user", nullable=True),
    _text("current_stage", comment="None, Staging, Production, Archived or Deleted_Internal"),
    _text("source"),
    _text("storage_location", nullable=True),
    _text("run_id"),
    _text("run_link"),
    _text("status"),
    _text("status_message", nullable=True),
    _text("model_id", nullable=True, comment="of the logged model that it was made of"),
    Column("sequence", BigInteger, nullable=False, comment="the fact that created it"),
    Index("registry_versions_run", "run_id"),
    sqlite_with_rowid=False,
)

version_tags = Table(
    "registry_version_tags",
    metadata,
    _key("name", Text),
    _key("version"),
    _key("key", Text),
    _text("value"),
    sqlite_with_rowid=False,
)

artifacts = Table(
    "tracking_artifacts",
    metadata,
    _key("path", Text),
    _text("blob", comment="SHA-256 of the content"),
    Column("bytes", BigInteger, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""`path` is what clients call an artifact, below `mlflow-artifacts:/`; it never becomes a path of the machine."""
