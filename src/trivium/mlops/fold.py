"""Changes become the tables of experiments, runs and models, inside the append: they are read back at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import TRACKING
from trivium.facts.tracking import decode_change
from trivium.ledger.direct import put_many
from trivium.mlops.rows import Rows
from trivium.mlops.tables import metadata

_DEFAULT = text(
    "INSERT INTO tracking_experiments (experiment, name, artifact_location, stage, created_ms, updated_ms)"
    " VALUES (:experiment, :name, :location, :stage, 0, 0) ON CONFLICT DO NOTHING"
)
_DEFAULT_ROW: Final = {
    "experiment": 0, "name": "Default", "location": "mlflow-artifacts:/0", "stage": "active",
}  # fmt: skip


class ModelsFold:
    """Changes → tables; what is written together is put together."""

    name = "models"
    version = 1
    kinds = TRACKING
    inside = True

    def create(self, connection: Connection) -> None:
        """Make the tables where they are missing, and MLflow's experiment 0, which nobody makes."""
        metadata.create_all(connection)
        put_many(connection, _DEFAULT, [_DEFAULT_ROW])

    def drop(self, connection: Connection) -> None:
        """Remove the tables."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Fold facts, in order of sequence, into the tables."""
        rows = Rows(connection)
        for recorded in facts:
            rows.take(decode_change(recorded.fact.body), recorded)
        rows.put()
