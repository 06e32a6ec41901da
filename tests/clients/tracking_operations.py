"""Random operations on experiments, runs and logged models. Runs inside an environment of MLflow."""

from __future__ import annotations

from functools import partial

from chances import BAD_NAMES, BEGIN_MS, NUMBERS, Chances
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
)


class Tracking(Chances):
    """What clients do with experiments, runs and logged models."""

    # Experiments

    def create_experiment(self) -> None:
        tags = {self.key("t"): self.value()} if self.seldom(0.3) else None
        made = self.do("experiment", "create_experiment", self.one(*self.names, *BAD_NAMES[:2]), tags=tags)
        if made is not None:
            self.experiments.append(made)

    def change_experiment(self) -> None:
        experiment = self.experiment()
        doing = self.random.randrange(7)
        if doing < 2:
            self.do("experiment", "rename_experiment", experiment, self.one(*self.names))
        elif doing < 4:
            self.do("experiment", "set_experiment_tag", experiment, self.key("t"), self.value())
        elif doing == 4:
            self.do("experiment", "delete_experiment_tag", experiment, self.key("t"))
        elif doing == 5:
            self.do("experiment", "restore_experiment", experiment)
        elif experiment != self.experiments[1] and self.seldom(0.5):
            self.do("experiment", "delete_experiment", experiment)

    def read_experiment(self) -> None:
        self.do("experiment", "get_experiment", self.experiment())
        self.do("experiment", "get_experiment_by_name", self.one(*self.names, "nobody"))

    # Runs

    def create_run(self) -> None:
        handle = f"<R{len(self.runs) + 1}>"
        tags = {self.key("t"): self.value(), "mlflow.source.name": "train.py"} if self.seldom(0.5) else {}
        if self.seldom(0.2):
            tags["mlflow.runName"] = self.one("named", "by tag")
        start = self.starts.pop()
        named = self.one(f"run {len(self.runs)}", "same name")
        experiment = self.one(*self.experiments, self.experiments[1])
        run = self.do("run", "create_run", experiment, start, tags, named, handle=handle)
        if run is not None:
            self.runs.append(handle)

    def change_run(self) -> None:
        run = self.a_run()
        doing = self.random.randrange(8)
        if doing < 3:
            status = self.one("FINISHED", "FAILED", "KILLED", "RUNNING", "NOWHERE")
            self.do("run", "set_terminated", run, status, BEGIN_MS + self.random.randrange(10**6))
        elif doing < 5:
            self.do("run", "update_run", run, self.one(None, "RUNNING", "SCHEDULED"), self.one(None, "other name", ""))
        elif doing == 5:
            self.do("run", "delete_run", run)
        else:
            self.do("run", "restore_run", run)

    def log(self) -> None:
        run, doing = self.a_run(), self.random.randrange(10)
        if doing < 3:
            self.do("log", "log_param", run, self.key("p"), self.value())
        elif doing < 6:
            model = self.model() if self.seldom(0.3) else None
            dataset = {"dataset_name": "d1", "dataset_digest": "1"} if model and self.seldom(0.5) else {}
            at, step = BEGIN_MS + self.random.randrange(50), self.random.randrange(-1, 4)
            self.do("log", "log_metric", run, self.key("m"), self.one(*NUMBERS), at, step, model_id=model, **dataset)
        elif doing < 9:
            self.do(
                "log", "set_tag", run, self.one(self.key("t"), "mlflow.runName", "mlflow.note.content"), self.value()
            )
        else:
            self.do("log", "delete_tag", run, self.key("t"))

    def log_batch(self) -> None:
        some = partial(self.random.randrange, 5)
        metrics = [self._metric() for _ in range(some())]
        params = [Param(self.key("p"), self.value()) for _ in range(self.random.randrange(3))]
        tags = [RunTag(self.key("t"), self.value()) for _ in range(self.random.randrange(3))]
        if self.seldom(0.05):
            params = [Param(f"many{place}", "1") for place in range(101)]
        self.do("log", "log_batch", self.a_run(), metrics, params, tags)

    def _metric(self) -> Metric:
        model = self.one(*self.models) if self.models and self.seldom(0.2) else None
        at, step = BEGIN_MS + self.random.randrange(50), self.random.randrange(4)
        return Metric(self.key("m"), self.one(*NUMBERS), at, step, model_id=model)

    def log_inputs(self) -> None:
        datasets = [self._dataset() for _ in range(self.random.randrange(3))]
        models = [LoggedModelInput(self.model())] if self.seldom(0.3) else None
        self.do("inputs", "log_inputs", self.a_run(), datasets, models)

    def _dataset(self) -> DatasetInput:
        name, digest = self.one("d1", "d2", "d3"), self.one("1", "2")
        source = self.one('{"uri":"s3://bucket/x"}', "{}")
        dataset = Dataset(
            name, digest, "s3", source, schema=self.one(None, "{}"), profile=self.one(None, '{"num_rows":3}')
        )
        return DatasetInput(
            dataset, [InputTag("mlflow.data.context", self.one("train", "test"))] if self.seldom(0.6) else []
        )

    def log_outputs(self) -> None:
        self.do("outputs", "log_outputs", self.a_run(), [LoggedModelOutput(self.model(), self.random.randrange(3))])

    def read_run(self) -> None:
        run = self.a_run()
        self.do("run", "get_run", run)
        self.do("run", "get_metric_history", run, self.key("m"))

    # Logged models

    def create_logged_model(self) -> None:
        handle = f"<M{len(self.models) + 1}>"
        model = self.do(
            "logged model", "create_logged_model", self.experiment(), self.one("lm", "other lm", "a/b", "a.b"),
            self.one(None, *self.runs), {"t1": self.value()} if self.seldom(0.5) else None,
            {"p1": self.one("1", "2")} if self.seldom(0.5) else None, self.one(None, "agent"), handle=handle,
        )  # fmt: skip
        if model is not None:
            self.models.append(handle)

    def change_logged_model(self) -> None:
        model, doing = self.model(), self.random.randrange(8)
        if doing < 3:
            self.do("logged model", "finalize_logged_model", model, self.one("PENDING", "READY", "FAILED"))
        elif doing < 5:
            self.do("logged model", "set_logged_model_tags", model, {self.key("t"): self.value()})
        elif doing == 5:
            self.do("logged model", "delete_logged_model_tag", model, self.key("t"))
        elif doing == 6:
            self.do("logged model", "log_model_params", model, {self.one("p1", "p2"): self.one("1", "2")})
        elif self.seldom(0.4):
            self.do("logged model", "delete_logged_model", model)

    def read_logged_model(self) -> None:
        self.do("logged model", "get_logged_model", self.model())
