"""Which versions does a registered model have, and what is said of it?"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from trivium.intake.mlflow.names import DELETED_STAGE
from trivium.ledger.direct import fetch
from trivium.mlops.registry.reading import whole_models, whole_versions, with_aliases
from trivium.mlops.registry.records import ModelVersion, RegisteredModel

_NUMBERS: Final = text(
    f"SELECT version FROM registry_versions WHERE name = :name AND current_stage <> '{DELETED_STAGE}' ORDER BY version"
)
_COUNTS: Final = text(
    "SELECT name, count(*), max(version) FROM registry_versions WHERE name IN (SELECT value FROM json_each(:names))"
    f" AND current_stage <> '{DELETED_STAGE}' GROUP BY name"
)

_RUN: Final = text(
    "SELECT run_id FROM registry_versions WHERE name = :name AND CAST(version AS TEXT) = :number"
    f" AND current_stage <> '{DELETED_STAGE}'"
)


def model_known(connection: Connection, name: str) -> RegisteredModel | None:
    """Tell of a registered model; None where no client registered one of this name."""
    found = whole_models(connection, [name])
    return found[0] if found else None


def versions_known(connection: Connection, name: str) -> dict[str, ModelVersion]:
    """Tell of the versions that a model's clients registered, by number, with their aliases; deleted ones are gone."""
    numbered = [(name, number) for (number,) in fetch(connection, _NUMBERS, name=name)]
    return {one.version: one for one in with_aliases(connection, name, whole_versions(connection, numbered))}


def versions_counted(connection: Connection, names: str) -> dict[str, tuple[int, int]]:
    """Count the versions of models, and give the greatest, by name; `names` is a JSON array."""
    return {name: (count, last) for name, count, last in fetch(connection, _COUNTS, names=names)}


def run_registered(connection: Connection, name: str, number: str) -> str:
    """Give the id of the run that a version's client says it is from; empty where none is said."""
    found = fetch(connection, _RUN, name=name, number=number)
    return str(found[0][0]) if found else ""
