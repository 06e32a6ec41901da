"""Enters changes into the tables: metrics together at the end, everything else one by one, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from trivium.facts.fact import RecordedFact
from trivium.facts.tracking import (
    ArtifactsRemoved,
    ArtifactStored,
    Change,
    ExperimentChanged,
    ExperimentCreated,
    ExperimentTagged,
    LoggedModelChanged,
    LoggedModelCreated,
    LoggedModelTagged,
    ModelAliased,
    ModelChanged,
    ModelCreated,
    ModelDeleted,
    ModelTagged,
    RunChanged,
    RunCreated,
    RunLogged,
    RunMade,
    RunMeasured,
    RunUntagged,
    RunUsed,
    VersionChanged,
    VersionCreated,
    VersionDeleted,
    VersionTagged,
)
from trivium.mlops.artifacts.rows import remove_artifacts, store_artifact
from trivium.mlops.registry import rows as registry
from trivium.mlops.tracking import logged_model_rows
from trivium.mlops.tracking import rows as tracking
from trivium.mlops.tracking.metric_rows import MetricRows

_ENTER: dict[type, Callable[[Connection, Any, RecordedFact], None]] = {
    ExperimentCreated: tracking.experiment_created,
    ExperimentChanged: tracking.experiment_changed,
    ExperimentTagged: tracking.experiment_tagged,
    RunCreated: tracking.run_created,
    RunChanged: tracking.run_changed,
    RunLogged: tracking.run_logged,
    RunUntagged: tracking.run_untagged,
    RunUsed: tracking.run_used,
    RunMade: tracking.run_made,
    LoggedModelCreated: logged_model_rows.created,
    LoggedModelChanged: logged_model_rows.changed,
    LoggedModelTagged: logged_model_rows.tagged,
    ModelCreated: registry.model_created,
    ModelChanged: registry.model_changed,
    ModelDeleted: registry.model_deleted,
    ModelTagged: registry.model_tagged,
    ModelAliased: registry.model_aliased,
    VersionCreated: registry.version_created,
    VersionChanged: registry.version_changed,
    VersionDeleted: registry.version_deleted,
    VersionTagged: registry.version_tagged,
    ArtifactStored: store_artifact,
    ArtifactsRemoved: remove_artifacts,
}


class Rows:
    """The rows of one batch of changes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._metrics = MetricRows(connection)

    def take(self, change: Change, recorded: RecordedFact) -> None:
        """Enter one change."""
        if isinstance(change, RunMeasured):
            self._metrics.take(change)
        else:
            _ENTER[type(change)](self._connection, change, recorded)

    def put(self) -> None:
        """Write what waits."""
        self._metrics.put()
