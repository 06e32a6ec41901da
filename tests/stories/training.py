"""Two trials logged to MLflow, and the better one registered: run by the environment of an MLflow client.

`python training.py URL OPENLINEAGE_RUN OPENLINEAGE_RUN` prints the ids of the runs as JSON.
"""

import json
import sys
from datetime import UTC, datetime

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag

url, *lineage = sys.argv[1:]
mlflow.set_tracking_uri(url)
client = mlflow.MlflowClient()
experiment = client.create_experiment("churn search")
start, stop = (int(datetime(2024, 11, 5, hour, tzinfo=UTC).timestamp() * 1000) for hour in (10, 11))
runs = []
for number, of_lineage in enumerate(lineage):
    run = client.create_run(experiment, start_time=start, run_name=f"trial {number}").info.run_id
    client.set_tag(run, "openlineage.run_id", of_lineage)
    source = json.dumps({"uri": "s3a://lake/features"})
    read = DatasetInput(Dataset("features", "7", "s3", source), [InputTag("mlflow.data.context", "training")])
    client.log_inputs(run, [read])
    client.log_metric(run, "accuracy", 0.9 - number / 10)
    client.set_terminated(run, "FINISHED", stop)
    runs.append(run)
client.create_registered_model("churn")
made = client.create_model_version(
    "churn",
    source=f"{client.get_run(runs[0]).info.artifact_uri}/model",
    run_id=runs[0],
    tags={"trivium.happened_at": "2024-11-06T12:00:00Z"},
)
sys.stdout.write(json.dumps({"first": runs[0], "second": runs[1], "version": made.version}))
