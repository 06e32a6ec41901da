"""Runs: made, ended, renamed, deleted, restored; what all commands on runs need."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.keys import run_key
from trivium.facts.tracking import ACTIVE, DELETED, Change, RunChanged, RunCreated
from trivium.intake.mlflow import names
from trivium.intake.mlflow.checks import absent, bad_value, invalid, required
from trivium.intake.mlflow.requests import CreateRun, RunAsked, UpdateRun
from trivium.ledger.direct import fetch
from trivium.mlops.changing import Decision
from trivium.mlops.tracking.experiments import find_experiment
from trivium.mlops.tracking.naming import name_of
from trivium.mlops.tracking.reading import RUN_COLUMNS, RunRow, info_of, whole_runs

_ROW = text(f"SELECT {RUN_COLUMNS} FROM tracking_runs WHERE id = :run")

_STAGE = text("SELECT stage FROM tracking_runs WHERE id = :run")


def find_run(connection: Connection, run: str) -> RunRow:
    """Find a run by its id; refuses one that there is not."""
    rows = fetch(connection, _ROW, run=run)
    if not rows:
        raise absent(f"Run with id={run} not found", where="run_id")
    return RunRow(*rows[0])


def active_run(connection: Connection, run: str) -> RunRow:
    """Find a run that may be changed; refuses a deleted one."""
    row = find_run(connection, run)
    if row.stage != ACTIVE:
        title = f"The run {run} must be in the 'active' state. Current state is {row.stage}."
        raise invalid(title, where="run_id")
    return row


def check_active(run: str, connection: Connection) -> None:
    """Refuse what is told of a run that there is not, or that is deleted."""
    rows = fetch(connection, _STAGE, run=run)
    if not rows or rows[0][0] != ACTIVE:
        active_run(connection, run)


def id_of(asked: RunAsked) -> str:
    """Give the run that a request names, under its name of today or the older one."""
    required(asked.run_id, "run_id")
    return asked.run_id


class MakeRun(Decision):
    """Begins a run, and tells of it."""

    def __init__(self, asked: CreateRun) -> None:
        super().__init__()
        self._asked = asked
        self._run = uuid4().hex
        tags = {tag.key: tag.value for tag in asked.tags}
        named = tags.get(names.RUN_NAME, "")
        if asked.run_name and named and asked.run_name != named:
            raise invalid(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values"
                f" (run_name='{asked.run_name}', mlflow.runName='{named}').",
                where="run_name",
            )
        self._name = asked.run_name or named or name_of(self._run)
        self._tags = tags | {names.RUN_NAME: named or self._name}

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse an experiment that there is not, or that is deleted."""
        experiment = find_experiment(connection, self._asked.experiment_id)
        experiment.check_active()
        created = RunCreated(
            run=self._run,
            experiment=experiment.number,
            experiment_name=experiment.name if experiment.number else "",
            name=self._name,
            user=self._asked.user_id,
            start_ms=self._asked.start_time,
            artifact_uri=f"{experiment.artifact_location.rstrip('/')}/{self._run}/artifacts",
            tags=self._tags,
        )
        return [(run_key(self._run), created)]

    def answer(self, connection: Connection) -> None:
        """Tell of the run as it stands."""
        (run,) = whole_runs(connection, [find_run(connection, self._run)])
        self.told = {"run": msgspec.structs.replace(run, outputs=msgspec.UNSET)}


class ChangeRun(Decision):
    """Gives a run another status, end or name, and tells what it then is."""

    def __init__(self, asked: UpdateRun) -> None:
        super().__init__()
        self._run = id_of(asked)
        self._asked = asked
        self._status = None if asked.status is None else status_of(asked.status)

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a run that may not be changed; what is as it was is no change."""
        row = active_run(connection, self._run)
        asked = self._asked
        changed = RunChanged(
            run=self._run,
            status=None if self._status == row.status else self._status,
            end_ms=None if asked.end_time == row.end_ms else asked.end_time,
            name=asked.run_name or None,
        )
        return [] if changed == RunChanged(run=self._run) else [(run_key(self._run), changed)]

    def answer(self, connection: Connection) -> None:
        """Tell what the run is."""
        self.told = {"run_info": info_of(find_run(connection, self._run))}


class StageRun(Decision):
    """Deletes or restores a run; a second time changes nothing."""

    def __init__(self, asked: RunAsked, stage: str) -> None:
        super().__init__()
        self._run, self._stage = id_of(asked), stage

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a run that there is not."""
        row = find_run(connection, self._run)
        assert self._stage in {ACTIVE, DELETED}
        if row.stage == self._stage:
            return []
        return [(run_key(self._run), RunChanged(run=self._run, stage=self._stage))]


def status_of(status: str | int) -> str:
    """Read a run's status, by name or by number."""
    if isinstance(status, int) and 1 <= status <= len(names.STATUSES):
        return names.STATUSES[status - 1]
    if status in names.STATUSES:
        return str(status)
    raise bad_value("status", status, f"It is one of {', '.join(names.STATUSES)}.")
