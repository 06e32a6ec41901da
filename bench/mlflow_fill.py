"""Run by the interpreter of MLflow's server: fills its database with finished runs, params, tags and metrics.

`python mlflow_fill.py DATABASE RUNS METRICS` makes the experiment `searched`; values are those of `bench.tracking`.
"""

import sys

from mlflow.store.tracking.dbmodels import models as rows
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

uri, runs, metrics = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = SqlAlchemyStore(uri, "mlflow-artifacts:/")
experiment = int(store.create_experiment("searched"))
numbers = range(runs)
ids = [f"{number:032x}" for number in numbers]
told = {
    rows.SqlRun: [
        {
            "run_uuid": ids[number], "name": f"run {number}", "experiment_id": experiment, "user_id": "bench",
            "status": "FINISHED", "start_time": 1_000 + number, "end_time": 2_000 + number, "lifecycle_stage": "active",
            "artifact_uri": f"mlflow-artifacts:/{experiment}/{ids[number]}/artifacts", "source_type": "LOCAL",
            "source_name": "", "entry_point_name": "", "source_version": "",
        }
        for number in numbers
    ],
    rows.SqlParam: [
        {"run_uuid": ids[number], "key": "kind", "value": "abcde"[number % 5]} for number in numbers
    ],
    rows.SqlTag: [
        {"run_uuid": ids[number], "key": "mlflow.runName", "value": f"run {number}"} for number in numbers
    ],
}  # fmt: skip
values = [
    {"run_uuid": ids[number], "key": f"m{place}", "value": (number * 7_919 + place * 104_729) % 100_003 / 100_003}
    | {"timestamp": 1_000, "step": 0, "is_nan": False}
    for number in numbers
    for place in range(metrics)
]
told |= {rows.SqlMetric: values, rows.SqlLatestMetric: values}
with store.engine.begin() as connection:
    for model, made in told.items():
        connection.execute(model.__table__.insert(), made)
