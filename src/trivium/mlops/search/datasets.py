"""Which datasets the runs of some experiments read (MLflow 3.17.2: search_datasets of its tracking store)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, text

from trivium.facts.bounds import INT64
from trivium.intake.mlflow.checks import invalid
from trivium.ledger.direct import fetch

EXPERIMENTS_MAX: Final = 20
_FOUND = text(
    "SELECT DISTINCT d.experiment, d.name, d.digest, i.context FROM tracking_datasets d"
    " JOIN tracking_inputs i ON i.dataset = d.dataset"
    " WHERE d.experiment IN (SELECT value FROM json_each(:experiments))"
    " ORDER BY d.experiment, d.name, d.digest, i.context LIMIT 1000"
)


class DatasetSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset that runs of an experiment read; `context` is what for, where they said it."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


def find_datasets(connection: Connection, experiments: Sequence[int]) -> list[DatasetSummary]:
    """Find the datasets of experiments by number: at most a thousand; refuses none and more than twenty experiments."""
    if not 1 <= len(experiments) <= EXPERIMENTS_MAX:
        title = f"A search for datasets names one to {EXPERIMENTS_MAX} experiments; this one names {len(experiments)}."
        raise invalid(title, where="experiment_ids")
    asked = msgspec.json.encode([number for number in experiments if number in INT64]).decode()
    found = fetch(connection, _FOUND, experiments=asked)
    return [DatasetSummary(str(experiment), *described) for experiment, *described in found]
