"""Experiments: made, renamed, tagged, deleted with their runs, restored with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.bounds import INT64
from trivium.facts.problem import refuse
from trivium.facts.tracking import ACTIVE, DELETED, Change, ExperimentChanged, ExperimentCreated, ExperimentTagged
from trivium.intake.mlflow.checks import (
    absent,
    check_experiment_name,
    check_experiment_tag,
    exists,
    experiment_number,
    invalid,
    required,
)
from trivium.intake.mlflow.names import STATE
from trivium.intake.mlflow.requests import CreateExperiment, ExperimentAsked, TagExperiment, UpdateExperiment
from trivium.ledger.direct import fetch
from trivium.mlops.changing import Decision, experiment_key
from trivium.mlops.tracking.records import Experiment, Pair

ARTIFACTS: Final = "mlflow-artifacts:/"
_COLUMNS: Final = "experiment, name, artifact_location, stage, updated_ms, created_ms"
_BY_NUMBER = text(f"SELECT {_COLUMNS} FROM tracking_experiments WHERE experiment = :experiment")
_BY_NAME = text(f"SELECT {_COLUMNS} FROM tracking_experiments WHERE name = :name")
_TAGS = text("SELECT key, value FROM tracking_experiment_tags WHERE experiment = :experiment ORDER BY key")
_LAST = text("SELECT max(experiment) FROM tracking_experiments")


class ExperimentRow(msgspec.Struct, frozen=True):
    """An experiment as its table has it."""

    number: int
    name: str
    artifact_location: str
    stage: str
    updated_ms: int
    created_ms: int

    @property
    def key(self) -> str:
        """Write the experiment's asset key."""
        return experiment_key(self.number, self.name)

    def check_active(self) -> None:
        """Refuse to change an experiment that is deleted."""
        if self.stage != ACTIVE:
            title = f"The experiment {self.number} must be in the 'active' state. Current state is {self.stage}."
            raise invalid(title, where="experiment_id")


def find_experiment(connection: Connection, experiment_id: str) -> ExperimentRow:
    """Find an experiment by its id; refuses what is no id, and what there is not."""
    number = experiment_number(experiment_id)
    rows = fetch(connection, _BY_NUMBER, experiment=number) if number in INT64 else []
    if not rows:
        raise absent(f"No Experiment with id={number} exists", where="experiment_id")
    return ExperimentRow(*rows[0])


def experiment_by_id(connection: Connection, experiment_id: str) -> Experiment:
    """Tell of one experiment."""
    required(experiment_id, "experiment_id")
    return told(connection, find_experiment(connection, experiment_id))


def experiment_by_name(connection: Connection, name: str) -> Experiment:
    """Tell of the experiment of a name, also a deleted one."""
    required(name, "experiment_name")
    rows = fetch(connection, _BY_NAME, name=name)
    if not rows:
        raise absent(f"Could not find experiment with name '{name}'", where="experiment_name")
    return told(connection, ExperimentRow(*rows[0]))


def experiments_by_number(connection: Connection, numbers: Sequence[int]) -> list[Experiment]:
    """Tell of experiments by number, in their order."""
    found = (fetch(connection, _BY_NUMBER, experiment=number) for number in numbers)
    return [told(connection, ExperimentRow(*row)) for rows in found for row in rows]


def told(connection: Connection, row: ExperimentRow) -> Experiment:
    """Tell of an experiment with its tags."""
    return Experiment(
        experiment_id=str(row.number),
        name=row.name,
        artifact_location=row.artifact_location,
        lifecycle_stage=row.stage,
        last_update_time=row.updated_ms,
        creation_time=row.created_ms,
        tags=tuple(Pair(*pair) for pair in fetch(connection, _TAGS, experiment=row.number)),
        workspace="default",
    )


class MakeExperiment(Decision):
    """Begins an experiment, and tells its id."""

    def __init__(self, asked: CreateExperiment) -> None:
        super().__init__()
        check_experiment_name(asked.name)
        for tag in asked.tags:
            check_experiment_tag(tag.key, tag.value)
        self._asked = asked

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Give it the next number; refuses a name that stands."""
        name = self._asked.name
        if fetch(connection, _BY_NAME, name=name):
            raise exists(f"Experiment(name={name}) already exists.", where="name")
        number = int(fetch(connection, _LAST)[0][0] or 0) + 1
        self.told = {"experiment_id": str(number)}
        created = ExperimentCreated(
            experiment=number,
            name=name,
            artifact_location=self._asked.artifact_location or f"{ARTIFACTS}{number}",
            tags={tag.key: tag.value for tag in self._asked.tags},
        )
        return [(experiment_key(number, name), created)]


class StageExperiment(Decision):
    """Deletes or restores an experiment, and its runs with it."""

    def __init__(self, asked: ExperimentAsked, stage: str) -> None:
        super().__init__()
        required(asked.experiment_id, "experiment_id")
        self._id, self._stage = asked.experiment_id, stage

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse what is not there in the other stage."""
        row = find_experiment(connection, self._id)
        if row.stage == self._stage:
            raise absent(f"No Experiment with id={row.number} exists", where="experiment_id")
        assert self._stage in {ACTIVE, DELETED}
        return [(row.key, ExperimentChanged(experiment=row.number, stage=self._stage))]


class RenameExperiment(Decision):
    """Gives an experiment another name."""

    def __init__(self, asked: UpdateExperiment) -> None:
        super().__init__()
        required(asked.experiment_id, "experiment_id")
        required(asked.new_name, "new_name")
        check_experiment_name(asked.new_name)
        self._asked = asked

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a deleted experiment, and a name that another one has."""
        row, name = find_experiment(connection, self._asked.experiment_id), self._asked.new_name
        if row.stage != ACTIVE:
            title = "Cannot rename a non-active experiment."
            raise refuse(STATE, title, status=400, where="experiment_id", fix="Restore it first.")
        if row.name != name and fetch(connection, _BY_NAME, name=name):
            raise exists(f"Experiment(name={name}) already exists.", where="new_name")
        return [(row.key, ExperimentChanged(experiment=row.number, name=name, before=row.name))]


class SetExperimentTag(Decision):
    """Sets a tag of an experiment, or removes it."""

    def __init__(self, asked: TagExperiment, *, remove: bool = False) -> None:
        super().__init__()
        required(asked.experiment_id, "experiment_id")
        required(asked.key, "key")
        if not remove:
            check_experiment_tag(asked.key, asked.value)
        self._asked, self._remove = asked, remove

    def changes(self, connection: Connection) -> Sequence[tuple[str, Change]]:
        """Refuse a deleted experiment, and to remove a tag that it does not have."""
        row, asked = find_experiment(connection, self._asked.experiment_id), self._asked
        row.check_active()
        if self._remove and asked.key not in dict(fetch(connection, _TAGS, experiment=row.number)):
            raise absent(f"No tag with name: {asked.key} in experiment with id {row.number}", where="key")
        value = None if self._remove else asked.value
        return [(row.key, ExperimentTagged(experiment=row.number, key=asked.key, value=value))]
