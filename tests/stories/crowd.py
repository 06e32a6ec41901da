"""Many MLflow clients that log at once, each in a thread of its own: run by the environment of an MLflow client.

`python crowd.py URL CLIENTS SECONDS NAME` prints, as JSON, what each run was acknowledged, the errors, and how long the
calls took.
"""

import json
import sys
import threading
import time

import mlflow
from mlflow.entities import Metric, Param

url, clients, seconds, name = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
mlflow.set_tracking_uri(url)
EXPERIMENT = mlflow.MlflowClient().create_experiment(name)
BATCH = 20
took_s: list[float] = []
errors: list[str] = []
acknowledged: dict[str, dict[str, int]] = {}


def timed(call, *arguments, **named):
    begun = time.perf_counter()
    found = call(*arguments, **named)
    took_s.append(time.perf_counter() - begun)
    return found


def log(until: float) -> None:
    client = mlflow.MlflowClient()
    counts = {"metrics": 0, "params": 0, "tags": 0}
    try:
        run = timed(client.create_run, EXPERIMENT).info.run_id
        acknowledged[run] = counts
        turn = 0
        while time.monotonic() < until:
            turn += 1
            timed(client.log_metric, run, "loss", 1 / turn, timestamp=turn, step=turn)
            counts["metrics"] += 1
            if turn % 5 == 0:
                batch = [Metric("curve", float(place), turn, turn * BATCH + place) for place in range(BATCH)]
                timed(client.log_batch, run, metrics=batch, params=[Param(f"p{turn}", str(turn))])
                counts["metrics"] += BATCH
                counts["params"] += 1
            if turn % 7 == 0:
                timed(client.set_tag, run, f"t{turn}", str(turn))
                counts["tags"] += 1
        timed(client.set_terminated, run)
    except Exception as fault:
        errors.append(f"{type(fault).__name__}: {fault}"[:500])


end = time.monotonic() + seconds
threads = [threading.Thread(target=log, args=(end,)) for _ in range(clients)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
took_s.sort()
said = {
    "experiment": EXPERIMENT, "runs": acknowledged, "errors": errors, "calls": len(took_s),
    "p50_ms": took_s[len(took_s) // 2] * 1000, "p95_ms": took_s[len(took_s) * 95 // 100] * 1000,
}  # fmt: skip
sys.stdout.write("\n" + json.dumps(said))
