"""Which experiment or run does a person mean, who writes a name, an id or a key?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

from trivium.facts.problem import refuse, shown
from trivium.ledger.direct import fetch
from trivium.mlops.search.written import parts_of
from trivium.mlops.tracking.experiments import ExperimentRow
from trivium.mlops.tracking.reading import RUN_COLUMNS, RunRow

_EXPERIMENT: Final = "experiment:"
_RUN: Final = "run:"
_COLUMNS: Final = "experiment, name, artifact_location, stage, updated_ms, created_ms"
_NAMED = text(f"SELECT {_COLUMNS} FROM tracking_experiments WHERE name = :name")
_NUMBERED = text(f"SELECT {_COLUMNS} FROM tracking_experiments WHERE experiment = :number")
_OF_ID = text(f"SELECT {RUN_COLUMNS} FROM tracking_runs WHERE id = :id")
EXPERIMENTS_MAX: Final = 50
"""How many experiments one search may name."""
_LONGEST: Final = 18
"""Digits of a number that an experiment may have."""


def experiment_meant(connection: Connection, asked: str) -> ExperimentRow:
    """Find an experiment by its name, its id or its key; a name counts before an id. Refuses (404) an unknown one."""
    row = _experiment(connection, asked)
    if row is None:
        title, fix = f"No experiment is called {shown(asked)}.", "`trivium experiments list` names those known."
        raise refuse("no_such_experiment", title, status=404, where="experiment", fix=fix)
    return row


def experiments_meant(connection: Connection, asked: str) -> list[ExperimentRow]:
    """Find one experiment, or several that are named with commas between; refuses (404) what there is not."""
    one, names = _experiment(connection, asked), parts_of(asked)
    if one is not None or len(names) < 2:
        return [one or experiment_meant(connection, asked)]
    if len(names) > EXPERIMENTS_MAX:
        title, fix = f"{len(names)} experiments are named.", f"Name at most {EXPERIMENTS_MAX}."
        raise refuse("bad_parameter", title, where="experiment", fix=fix)
    return [experiment_meant(connection, name) for name in names]


def _experiment(connection: Connection, asked: str) -> ExperimentRow | None:
    name = asked.removeprefix(_EXPERIMENT)
    rows = fetch(connection, _NAMED, name=name)
    if not rows and name.isascii() and name.isdigit() and len(name) <= _LONGEST:
        rows = fetch(connection, _NUMBERED, number=int(name))
    return ExperimentRow(*rows[0]) if rows else None


def run_meant(connection: Connection, asked: str) -> RunRow | None:
    """Find a run that a client logged, by its id or its key; None where no client logged one of this name."""
    rows = fetch(connection, _OF_ID, id=asked.removeprefix(_RUN))
    return RunRow(*rows[0]) if rows else None


def run_known(connection: Connection, asked: str) -> RunRow:
    """Find a run that a client logged; refuses (404) one that there is not."""
    row = run_meant(connection, asked)
    if row is None:
        fix = "`trivium runs search --experiment NAME` lists them."
        raise refuse("no_such_run", f"No client logged a run {shown(asked)}.", status=404, where="runs", fix=fix)
    return row


def logged_among(connection: Connection, names: Iterable[str]) -> RunRow | None:
    """Give the run that a client logged, of one run that goes by several names; None where no client logged it."""
    found = (run_meant(connection, name) for name in names)
    return next((row for row in found if row is not None), None)
