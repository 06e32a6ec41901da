"""Run by the interpreter of MLflow's own server: fills its SQLite stores with a world and carries out searches.

Standard input: JSON {"home": folder, "worlds": [{"world": rows by our tables, "searches": [[thing, asked], ...]}]}.
Standard output: JSON, for every world the list of {"pages": [[ids], ...], "tokens": [...]} or {"refused": sentence}.
"""

import json
import sys

from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.dbmodels import models as registry_rows
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
from mlflow.store.tracking.dbmodels import models as rows
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

PAGES_MAX = 60
RENAMED = {
    "tracking_experiments": (rows.SqlExperiment, {
        "experiment": "experiment_id", "stage": "lifecycle_stage", "created_ms": "creation_time",
        "updated_ms": "last_update_time"}),
    "tracking_experiment_tags": (rows.SqlExperimentTag, {"experiment": "experiment_id"}),
    "tracking_runs": (rows.SqlRun, {
        "id": "run_uuid", "experiment": "experiment_id", "user": "user_id", "start_ms": "start_time",
        "end_ms": "end_time", "stage": "lifecycle_stage", "deleted_ms": "deleted_time", "run": None,
        "sequence": None}),
    "tracking_run_tags": (rows.SqlTag, {"run": "run_uuid"}),
    "tracking_params": (rows.SqlParam, {"run": "run_uuid"}),
    "tracking_latest": (rows.SqlLatestMetric, {"run": "run_uuid", "timestamp_ms": "timestamp"}),
    "tracking_datasets": (rows.SqlDataset, {
        "dataset": "dataset_uuid", "experiment": "experiment_id", "source_type": "dataset_source_type",
        "source": "dataset_source", "schema": "dataset_schema", "profile": "dataset_profile"}),
    "tracking_logged_models": (rows.SqlLoggedModel, {
        "model": "model_id", "experiment": "experiment_id", "created_ms": "creation_timestamp_ms",
        "updated_ms": "last_updated_timestamp_ms", "stage": "lifecycle_stage", "source_run": "source_run_id"}),
    "tracking_logged_model_params": (rows.SqlLoggedModelParam, {
        "model": "model_id", "key": "param_key", "value": "param_value"}),
    "tracking_logged_model_tags": (rows.SqlLoggedModelTag, {
        "model": "model_id", "key": "tag_key", "value": "tag_value"}),
    "tracking_logged_model_metrics": (rows.SqlLoggedModelMetric, {
        "model": "model_id", "name": "metric_name", "timestamp_ms": "metric_timestamp_ms", "step": "metric_step",
        "run": "run_id", "value": "metric_value", "experiment": "experiment_id"}),
    "told_traces": (rows.SqlTraceInfo, {
        "trace": "request_id", "experiment": "experiment_id", "request_ms": "timestamp_ms",
        "duration_ms": "execution_time_ms", "state": "status", "told": None, "sequence": None}),
    "told_trace_tags": (rows.SqlTraceTag, {"trace": "request_id"}),
    "told_trace_metadata": (rows.SqlTraceMetadata, {"trace": "request_id"}),
    "registry_models": (registry_rows.SqlRegisteredModel, {
        "created_ms": "creation_time", "updated_ms": "last_updated_time"}),
    "registry_model_tags": (registry_rows.SqlRegisteredModelTag, {}),
    "registry_versions": (registry_rows.SqlModelVersion, {
        "created_ms": "creation_time", "updated_ms": "last_updated_time", "user": "user_id", "model_id": None,
        "sequence": None}),
    "registry_version_tags": (registry_rows.SqlModelVersionTag, {}),
}  # fmt: skip


def fill(store, world):
    runs = {row["run"]: row["id"] for row in world["tracking_runs"]}
    with store.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        for table in reversed(rows.Base.metadata.sorted_tables):
            connection.execute(table.delete())
        for name, (model, renamed) in RENAMED.items():
            for row in world[name]:
                if name == "told_trace_tags" and row["key"] == "mlflow.traceName":
                    call_trace(connection, row)
                    continue
                values = {renamed.get(key, key): value for key, value in row.items()}
                connection.execute(model.__table__.insert().values(**completed(name, values, runs)))
        add_inputs(connection, world["tracking_inputs"], runs)
        for place, row in enumerate(world["told_trace_runs"]):
            link = {"source_type": "trace", "source_id": row["trace"], "destination_type": "run"}
            link |= {"association_id": str(place), "destination_id": row["run"]}
            connection.execute(rows.SqlEntityAssociation.__table__.insert().values(**link))


def completed(name, values, runs):
    """Give a row what MLflow's tables have beside or otherwise."""
    values.pop(None, None)
    if isinstance(values.get("run_uuid"), int):
        values["run_uuid"] = runs[values["run_uuid"]]
    if name == "tracking_datasets":
        values["dataset_uuid"] = str(values["dataset_uuid"])
    if name in ("tracking_logged_model_params", "tracking_logged_model_tags"):
        values["experiment_id"] = 0
    if name == "tracking_latest":
        values["is_nan"] = bool(values["is_nan"])
    if name.startswith("registry_"):
        values["workspace"] = "default"
    return values


def call_trace(connection, row):
    """Name a trace: MLflow keeps this tag in a column."""
    info = rows.SqlTraceInfo.__table__
    statement = info.update().where(info.c.request_id == row["trace"])
    connection.execute(statement.values(trace_name=row["value"]))


def add_inputs(connection, inputs, runs):
    for place, row in enumerate(inputs):
        link = {"source_type": "DATASET", "source_id": str(row["dataset"]), "destination_type": "RUN"}
        link |= {"input_uuid": str(place), "destination_id": runs[row["run"]], "step": 0}
        connection.execute(rows.SqlInput.__table__.insert().values(**link))
        if row["context"] is not None:
            tag = {"input_uuid": str(place), "name": "mlflow.data.context", "value": row["context"]}
            connection.execute(rows.SqlInputTag.__table__.insert().values(**tag))


def page(store, registry, thing, asked, token):
    usual = {"filter_string": asked["filter"], "max_results": asked["max_results"], "page_token": token}
    view = getattr(ViewType, asked.get("view", "ALL"))
    if thing == "runs":
        experiments = list(map(str, asked["experiments"]))
        found = store.search_runs(experiments, run_view_type=view, order_by=asked["order_by"], **usual)
        return [run.info.run_id for run in found], found.token
    if thing == "traces":
        found, token = store.search_traces(list(map(str, asked["experiments"])), order_by=asked["order_by"], **usual)
        return [trace.trace_id for trace in found], token
    if thing == "experiments":
        found = store.search_experiments(view_type=view, order_by=asked["order_by"], **usual)
        return [int(experiment.experiment_id) for experiment in found], found.token
    if thing == "models":
        found = registry.search_registered_models(order_by=asked["order_by"], **usual)
        return [model.name for model in found], found.token
    if thing == "versions":
        found = registry.search_model_versions(order_by=asked["order_by"], **usual)
        return [[version.name, int(version.version)] for version in found], found.token
    found = store.search_logged_models(
        experiment_ids=list(map(str, asked["experiments"])),
        datasets=asked["datasets"] or None,
        order_by=asked["order_by"] or None,
        **(usual | {"filter_string": asked["filter"] or None}),
    )
    return [model.model_id for model in found], found.token


def carry_out(store, registry, thing, asked):
    pages, tokens, token = [], [], None
    try:
        for _ in range(PAGES_MAX):
            ids, token = page(store, registry, thing, asked, token)
            token = token.decode() if isinstance(token, bytes) else token
            pages.append(ids)
            tokens.append(token or "")
            if not token:
                break
    except MlflowException as fault:
        return {"refused": f"{fault.error_code}: {str(fault.message)[:300]}"}
    return {"pages": pages, "tokens": tokens}


told = json.load(sys.stdin)
uri = f"sqlite:///{told['home']}/mlflow.db"
tracking, models = Tracking(uri, told["home"]), Registry(uri)
answers = []
for each in told["worlds"]:
    fill(tracking, each["world"])
    answers.append([carry_out(tracking, models, thing, asked) for thing, asked in each["searches"]])
json.dump(answers, sys.stdout)
