"""Logs trials and registers versions with the official MLflow client, at the times at which they happened."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

from trivium.demo.pipelines.bucket import NAME, File
from trivium.demo.told import Ran
from trivium.facts.instants import Instant, format_instant

SPARK: Final = "s3a://"
"""How the machines that train spell the bucket: another spelling of the same place."""
OPENLINEAGE_RUN: Final = "openlineage.run_id"
HAPPENED_AT: Final = "trivium.happened_at"
CHAMPION, CHALLENGER, PRODUCTION = "champion", "challenger", "Production"
_THREADS: Final = 4
_MILLISECOND: Final = 1_000
_DIGEST: Final = 8
_LONGEST: Final = 250


@dataclass(frozen=True)
class Tried:
    """A trial that is over: its run, what it read, its settings, and its measures at each step."""

    ran: Ran
    read: Sequence[File[Any]]
    params: Mapping[str, str]
    curve: Sequence[Mapping[str, float]] = ()
    fault: str = ""


@dataclass(frozen=True)
class Registered:
    """A version to register: the run it came from, when it was, what it is, and tags of the version."""

    run: str
    at: Instant
    about: Mapping[str, str]
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Tracker:
    """Collects the trials and versions of one product, and sends them: trials at once, versions in their order.

    `staged` moves each version to the stage Production and archives the one before, as MLflow 2 did.
    """

    product: str
    team: str
    kind: str
    staged: bool = False
    _tried: list[Tried] = field(default_factory=list)
    _registered: list[Registered] = field(default_factory=list)
    _runs: dict[str, str] = field(default_factory=dict)
    _experiment: str = ""
    _newest: str = ""

    def tried(self, one: Tried) -> None:
        """Note a trial."""
        self._tried.append(one)

    def registered(self, one: Registered) -> None:
        """Note a version; its run is one of the trials."""
        self._registered.append(one)

    def send(self, url: str) -> int:
        """Log and register what was noted; give how many trials and versions that is. Raises what the client raises."""
        client = MlflowClient(url, url)
        tried, self._tried = self._tried, []
        registered, self._registered = self._registered, []
        if tried and not self._experiment:
            self._experiment = client.create_experiment(self.product, tags={"team": self.team})
        with ThreadPoolExecutor(_THREADS) as pool:
            for one, run in zip(tried, pool.map(lambda one: self._log(client, one), tried), strict=True):
                self._runs[one.ran.run] = run
        for version in registered:
            self._register(client, version)
        return len(tried) + len(registered)

    def _log(self, client: MlflowClient, one: Tried) -> str:
        """Log a trial and give its run id; OpenLineage tells of the same run under the id in its tag."""
        start, end = one.ran.start // _MILLISECOND, one.ran.end // _MILLISECOND
        name = f"{one.params.get('learner', self.kind)} {format_instant(one.ran.start)[:10]}"
        tags = {OPENLINEAGE_RUN: one.ran.run, "machine": one.ran.resource}
        run = str(client.create_run(self._experiment, start, tags, name).info.run_id)
        steps = len(one.curve)
        metrics = [
            Metric(key, value, start + (end - start) * (step + 1) // steps, step)
            for step, measures in enumerate(one.curve)
            for key, value in measures.items()
        ]
        told = [RunTag("fault", one.fault)] if one.fault else []
        client.log_batch(run, metrics, [Param(key, value[:_LONGEST]) for key, value in one.params.items()], told)
        if one.read:
            client.log_inputs(run, [_input(file) for file in one.read])
        client.set_terminated(run, "FAILED" if one.fault else "FINISHED", end)
        return run

    def _register(self, client: MlflowClient, one: Registered) -> None:
        """Log what a run learnt as a model with its arrays, and register it as a version."""
        run = self._runs[one.run]
        model = client.create_logged_model(
            self._experiment, name=self.product, source_run_id=run, params=dict(one.about), model_type=self.kind
        )
        client.log_outputs(run, [LoggedModelOutput(model.model_id, 0)])
        with tempfile.TemporaryDirectory() as folder:
            _write(Path(folder), one)
            client.log_model_artifacts(model.model_id, folder)
        client.finalize_logged_model(model.model_id, "READY")
        if not self._newest:
            client.create_registered_model(self.product, {"team": self.team}, f"{self.kind} of {self.product}")
        version = str(
            client.create_model_version(
                self.product, f"models:/{model.model_id}", run, {HAPPENED_AT: format_instant(one.at), **one.tags},
                await_creation_for=0, model_id=model.model_id,
            ).version
        )  # fmt: skip
        if self._newest:
            client.set_registered_model_alias(self.product, CHALLENGER, self._newest)
        client.set_registered_model_alias(self.product, CHAMPION, version)
        if self.staged:
            client.transition_model_version_stage(self.product, version, PRODUCTION, archive_existing_versions=True)
        self._newest = version


def _input(file: File[Any]) -> DatasetInput:
    """Say which file a run read, as Spark spells the bucket."""
    source = msgspec.json.encode({"uri": f"{SPARK}{NAME}/{file.name}"}).decode()
    profile = msgspec.json.encode({"num_rows": file.rows, "num_bytes": file.bytes}).decode()
    columns = [{"name": name, "type": kind} for name, kind in file.columns]
    schema = msgspec.json.encode({"mlflow_colspec": columns}).decode()
    dataset = Dataset(file.name.rpartition("/")[2], file.digest[:_DIGEST], "s3", source, schema, profile)
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _write(folder: Path, one: Registered) -> None:
    """Write a model as files that need no code to be read: what it is as JSON, its arrays as npz."""
    shapes = {name: [str(array.dtype), list(array.shape)] for name, array in one.arrays.items()}
    (folder / "model.json").write_bytes(
        msgspec.json.format(msgspec.json.encode({"about": dict(one.about), "arrays": shapes}))
    )
    if one.arrays:
        np.savez_compressed(folder / "arrays.npz", allow_pickle=False, **one.arrays)
