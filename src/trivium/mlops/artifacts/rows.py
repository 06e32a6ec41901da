"""How artifacts are entered into their table."""

from __future__ import annotations

from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.tracking import ArtifactsRemoved, ArtifactStored
from trivium.ledger.direct import put_many
from trivium.mlops.changing import milliseconds

_PUT = text(
    "INSERT INTO tracking_artifacts (path, blob, bytes, stored_ms) VALUES (:path, :blob, :bytes, :at)"
    " ON CONFLICT (path) DO UPDATE SET blob = excluded.blob, bytes = excluded.bytes, stored_ms = excluded.stored_ms"
)
_DROP = text("DELETE FROM tracking_artifacts WHERE path = :path")


def store_artifact(connection: Connection, change: ArtifactStored, recorded: RecordedFact) -> None:
    """Enter an artifact; what stood at its path stands no more."""
    row = {"path": change.path, "blob": change.blob, "bytes": change.bytes}
    put_many(connection, _PUT, [row | {"at": milliseconds(recorded.fact.happened_at)}])


def remove_artifacts(connection: Connection, change: ArtifactsRemoved, recorded: RecordedFact) -> None:  # noqa: ARG001 - entered alike
    """Drop artifacts."""
    put_many(connection, _DROP, ({"path": path} for path in change.paths))
