"""What a version is made of: a run's artifact, a logged model, another version, or a prompt's text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.problem import ProblemError
from trivium.intake.mlflow.checks import check_run_id, stage_named
from trivium.intake.mlflow.names import ABSENT, PROMPT_SOURCES, STAGES
from trivium.intake.mlflow.places import ModelPlace, check_place, model_place, refused_place, split_place
from trivium.intake.mlflow.requests import CreateVersion
from trivium.ledger.direct import fetch
from trivium.mlops.changing import model_key
from trivium.mlops.registry.models import latest_version, of_prompt, version_by_alias
from trivium.mlops.registry.reading import VersionRow, find_model, find_version
from trivium.mlops.tracking.logged_models import find_logged_model
from trivium.mlops.tracking.runs import find_run

_EXPERIMENT = text(
    "SELECT e.experiment, e.name FROM tracking_runs r JOIN tracking_experiments e ON e.experiment = r.experiment"
    " WHERE r.id = :run"
)


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a version is made of; `storage` is where its files lie, `copy_of` the key of the version it repeats."""

    source: str
    storage: str
    run: str = ""
    model_id: str = ""
    copy_of: str = ""


def origin_of_prompt(asked: CreateVersion) -> Origin:
    """Take a prompt as it is: it lies nowhere."""
    if asked.source not in PROMPT_SOURCES:
        raise refused_place(asked.source, "A prompt lies nowhere: its source is a placeholder.")
    return Origin(source=asked.source, storage=asked.source, run=asked.run_id or "", model_id=asked.model_id or "")


def origin_of(connection: Connection, asked: CreateVersion) -> Origin:
    """Find out what a version is made of; refuses a source that lies outside of the run or model that it names."""
    parts = split_place(asked.source)
    if parts.scheme == "models" and not (place := model_place(asked.source)).model_id:
        return _of_version(asked, _named(connection, asked.source, place))
    run, model_id = asked.run_id or "", asked.model_id or ""
    if model_id:
        check_place(asked.source, "model_id", model_id, partial(_root, _model_root, connection, model_id))
        model = find_logged_model(connection, model_id, deleted=False)
        storage = model.artifact_location if parts.scheme == "models" else asked.source
        return Origin(source=asked.source, storage=storage, run=run or model.source_run or "", model_id=model_id)
    check_place(asked.source, "run_id", run, partial(_root, _run_root, connection, run))
    if run:
        check_run_id(run)
    return Origin(source=asked.source, storage=asked.source, run=run)


def experiment_of(connection: Connection, run: str) -> str:
    """Name the experiment of a run, empty for experiment 0 and for a run that nobody knows."""
    rows = fetch(connection, _EXPERIMENT, run=run) if run else []
    return str(rows[0][1]) if rows and rows[0][0] else ""


def _of_version(asked: CreateVersion, row: VersionRow) -> Origin:
    """Repeat a version; what is said of its run must be so, and MLflow tells of no logged model of a version."""
    if (asked.run_id is not None and asked.run_id != row.run) or asked.model_id:
        why = "The run_id and model_id request parameters must match the referenced model version."
        raise refused_place(asked.source, why)
    return Origin(
        source=f"models:/{row.name}/{row.version}",
        storage=row.storage_location or row.source,
        run=row.run,
        copy_of=model_key(row.name, row.version),
    )


def _named(connection: Connection, source: str, place: ModelPlace) -> VersionRow:
    """Find the version that a `models:/` URI names."""
    find_model(connection, place.name)
    if of_prompt(connection, place.name):
        raise refused_place(source, "A version of a prompt cannot be the source of a version of a model.")
    if place.version:
        return find_version(connection, place.name, place.version)
    if place.alias:
        return version_by_alias(connection, place.name, place.alias)
    return latest_version(connection, place.name, (stage_named(place.stage),) if place.stage else STAGES)


def _root(find: Callable[[Connection, str], str], connection: Connection, identity: str) -> str:
    """Give where a run or logged model stores; nowhere where there is none."""
    try:
        return find(connection, identity)
    except ProblemError as fault:
        if fault.problem.code != ABSENT:
            raise
        return ""


def _run_root(connection: Connection, run: str) -> str:
    return find_run(connection, run).artifact_uri


def _model_root(connection: Connection, model: str) -> str:
    return find_logged_model(connection, model, deleted=False).artifact_location
