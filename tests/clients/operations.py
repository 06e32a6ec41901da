"""Random operations of an MLflow client, sound ones and such as are refused, and what both servers then hold.

Runs inside an environment of MLflow, beside `pair.py`. The same seed gives the same operations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chances import BAD_NAMES
from mlflow.entities import ViewType
from registry_operations import Registry
from tracking_operations import Tracking

EVERY = 50
"""After how many operations both are read whole."""


class History(Tracking, Registry):
    """A random history of operations, done on both servers."""

    def run(self, count: int) -> dict[str, Any]:
        """Do `count` random operations; read both servers whole in between and at the end."""
        for name in self.names[:2]:
            self.experiments.append(self.do("experiment", "create_experiment", name))
        for place in range(3):
            handle = f"<R{place + 1}>"
            self.do("run", "create_run", self.experiments[1], self.starts.pop(), {}, f"run {place}", handle=handle)
            self.runs.append(handle)
        for name in self.registered[:3]:
            self.do("registered", "create_registered_model", name)
        doings, weights = zip(*((getattr(self, name), weight) for name, weight in WEIGHTS.items()), strict=True)
        while self.pair.count < count:
            before = self.pair.count // EVERY
            self.random.choices(doings, weights)[0]()
            if self.pair.count // EVERY != before:
                self.read_all()
        self.read_all()
        self.read_histories()
        return {
            "operations": self.pair.count, "refused": self.pair.refused, "differences": self.pair.differences,
            "runs": len(self.runs), "models": len(self.models), "experiments": len(self.experiments),
        }  # fmt: skip

    # What no client sends

    def ask_badly(self) -> None:
        run, name, key = self.a_run(), self.name(), self.one(*BAD_NAMES)
        method, path, body = self.one(
            ("POST", "runs/log-parameter", {"run_id": run, "key": key, "value": "1"}),
            ("POST", "runs/log-parameter", {"key": "a", "value": "1"}),
            ("POST", "runs/log-metric", {"run_id": run, "key": key, "value": 1, "timestamp": 1}),
            ("POST", "runs/log-metric", {"run_id": run, "key": "m1", "timestamp": 1}),
            ("POST", "runs/log-metric", {"run_id": run, "key": "m1", "value": "x", "timestamp": 1}),
            ("POST", "runs/set-tag", {"run_id": run, "key": key, "value": "1"}),
            ("POST", "runs/update", {"run_id": run, "status": "NOWHERE"}),
            ("POST", "runs/create", {"experiment_id": self.experiment(), "start_time": "x"}),
            ("POST", "runs/log-batch", {"run_id": run, "metrics": [{"key": key, "value": 1, "timestamp": 1}]}),
            ("POST", "runs/log-batch", {"run_id": run, "params": [{"key": "z", "value": "1"}] * 2}),
            ("GET", "runs/get", {}),
            ("GET", "metrics/get-history", {"run_id": run}),
            ("POST", "experiments/create", {"name": self.one("", None, 7, "x" * 501)}),
            ("POST", "experiments/update", {"experiment_id": self.experiment()}),
            ("POST", "experiments/set-experiment-tag", {"experiment_id": self.experiment(), "key": key, "value": "1"}),
            ("POST", "registered-models/create", {"name": key}),
            ("POST", "registered-models/create", {"name": 7}),
            ("POST", "registered-models/rename", {"name": name, "new_name": key}),
            ("POST", "registered-models/set-tag", {"name": name, "key": key, "value": "1"}),
            ("POST", "registered-models/alias", {"name": name, "alias": key, "version": "1"}),
            ("POST", "registered-models/alias", {"name": name, "alias": "LATEST", "version": "1"}),
            ("DELETE", "registered-models/alias", {"name": name}),
            ("GET", "registered-models/search", {"max_results": self.one(0, 1001, -5, "x")}),
            ("POST", "model-versions/create", {"name": name, "source": ""}),
            ("POST", "model-versions/create", {"name": key, "source": "s3://b/x"}),
            ("GET", "model-versions/get", {"name": name}),
            ("GET", "model-versions/get-download-uri", {"name": name, "version": "x"}),
            ("GET", "model-versions/search", {"max_results": self.one(0, 200_001, "x")}),
            ("POST", "model-versions/transition-stage", {"name": name, "version": "1", "stage": "nowhere"}),
            ("PATCH", "model-versions/update", {"name": name, "version": "", "description": "x"}),
            ("POST", "runs/search", {"experiment_ids": ["abc"]}),
            ("POST", "runs/search", {"experiment_ids": [self.experiment()], "max_results": self.one(0, 50_001, -1)}),
            ("POST", "logged-models", {"experiment_id": self.experiment(), "name": "a%b"}),
            ("POST", "runs/outputs", {"run_id": run}),
        )  # fmt: skip
        self.ask(method, path, **body)

    # Searches

    def search_runs(self) -> None:
        said = {
            "filter_string": self.filters.runs(), "order_by": self.filters.run_order(),
            "run_view_type": self.one(ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL),
            "max_results": self.one(1, 3, 1000),
        }  # fmt: skip
        experiments = self.random.sample(self.experiments, k=min(len(self.experiments), 3))
        self._pages("search", partial(self.do, "search", "search_runs", experiments), said)

    def search_experiments(self) -> None:
        said = {"filter_string": self.filters.experiments(), "order_by": self.filters.experiment_order()}
        view = self.one(ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)
        said |= {"view_type": view, "max_results": self.one(1, 2, 1000)}
        self._pages("search", partial(self.do, "search", "search_experiments"), said)

    def search_registered_models(self) -> None:
        said = {"filter_string": self.filters.registered(), "order_by": self.filters.registered_order()}
        self._pages(
            "search",
            partial(self.do, "search", "search_registered_models"),
            said | {"max_results": self.one(1, 2, 100)},
        )

    def search_versions(self) -> None:
        said = {"filter_string": self.filters.versions(), "order_by": self.filters.version_order()}
        self._pages(
            "search", partial(self.do, "search", "search_model_versions"), said | {"max_results": self.one(1, 2, 100)}
        )

    def search_logged_models(self) -> None:
        experiments = self.random.sample(self.experiments, k=min(len(self.experiments), 3))
        said = {"filter_string": self.filters.logged_models(), "order_by": self.filters.logged_model_order()}
        asked = partial(self.do, "search", "search_logged_models", experiments)
        self._pages("search", asked, said | {"max_results": self.one(1, 2, 50)})

    def _pages(self, name: str, search: Callable[..., Any], said: dict[str, Any]) -> None:
        """Follow the pages, three at most."""
        token = None
        for _ in range(3):
            found = search(**said, page_token=token)
            token = getattr(found, "token", None)
            if not token:
                return

    # All that there is

    def read_all(self) -> None:
        """Read both whole."""
        self.do("state", "search_experiments", view_type=ViewType.ALL, max_results=1000)
        self.do("state", "search_runs", self.experiments, "", ViewType.ALL, 1000)
        self.do("state", "search_logged_models", self.experiments, max_results=50)
        self.do("state", "search_registered_models", max_results=100)
        self.do("state", "search_model_versions", max_results=1000)
        for name in self.registered:
            self.do("state", "get_registered_model", name)

    def read_histories(self) -> None:
        """Read all histories of metrics of the runs of last, and every logged model."""
        for run in self.runs[-5:]:
            for key in range(5):
                self.do("state", "get_metric_history", run, f"m{key}")
        for model in self.models:
            self.do("state", "get_logged_model", model)


WEIGHTS = {
    "create_experiment": 3, "change_experiment": 6, "read_experiment": 2, "create_run": 7, "change_run": 8, "log": 16,
    "log_batch": 10, "log_inputs": 5, "log_outputs": 3, "read_run": 5, "create_logged_model": 5,
    "change_logged_model": 6, "read_logged_model": 2, "create_registered_model": 6, "change_registered_model": 12,
    "read_registered_model": 4, "create_version": 12, "copy_version": 3, "change_version": 12, "read_version": 4,
    "ask_badly": 14, "search_runs": 10, "search_experiments": 4, "search_registered_models": 4, "search_versions": 5,
    "search_logged_models": 5,
}  # fmt: skip
