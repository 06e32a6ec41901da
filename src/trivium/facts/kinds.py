"""The closed list of what a fact can be about; a new kind is a change of this file and of docs/reference/facts.md."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What one fact states. Observations may come in any order; commands count in the order of their sequence."""

    LINEAGE_EVENT = "lineage.event"
    """An OpenLineage RunEvent, DatasetEvent or JobEvent, as it was sent. Observation."""
    CHARGES_IMPORTED = "charges.imported"
    """One delivery of a FOCUS bill: its report; the rows stand in the lake. Command."""
    MONTH_CLOSED = "month.closed"
    """A month's statement, frozen. Command."""
    ASSET_TITLED = "asset.titled"
    """What people call an asset. Command, as all that follow."""
    ASSET_OWNED = "asset.owned"
    """Which team answers for an asset."""
    ASSET_BELONGS = "asset.belongs"
    """Which product an asset is part of."""
    PRODUCT_VALUED = "product.valued"
    """What a day of a product is worth."""
    DATASET_LIFE = "dataset.life"
    """For how long a dataset serves once it is made."""
    NAME_ALIAS = "name.alias"
    """Two names are one thing."""
    RESOURCE_USED = "resource.used"
    """Which billed resource a run, job, endpoint or dataset uses, and with which weight."""
    RUN_TRIAL = "run.trial"
    """A run is a trial of an experiment."""
    VERSION_REGISTERED = "version.registered"
    """A model version took shape from runs."""
    VERSION_DATED = "version.dated"
    """When a version was really registered."""
    VERSION_USED = "version.used"
    """An endpoint serves, or a job takes as input, a model version."""
    VERSION_PREDICTED = "version.predicted"
    """How many predictions a consumer had from a version in a month."""
    PRODUCT_CORRECT = "product.correct"
    """When a prediction for a product is correct."""
    RULE_DECLARED = "rule.declared"
    """An allocation rule: which charges go where."""
    DECLARATION_WITHDRAWN = "declaration.withdrawn"
    """A declared statement no longer holds."""
    EXPERIMENT_CREATED = "experiment.created"
    """An experiment begins. Command, as all that follow unless they say otherwise."""
    EXPERIMENT_CHANGED = "experiment.changed"
    """An experiment got another name or lifecycle stage."""
    EXPERIMENT_TAGGED = "experiment.tagged"
    """An experiment got or lost a tag."""
    RUN_CREATED = "run.created"
    """A run of an experiment begins."""
    RUN_CHANGED = "run.changed"
    """A run got another status, end, name or lifecycle stage."""
    RUN_MEASURED = "run.measured"
    """What a run measured: metrics. Observation: any order gives the same history and the same latest value."""
    RUN_LOGGED = "run.logged"
    """What a run told of itself: params and tags."""
    RUN_UNTAGGED = "run.untagged"
    """A run lost a tag."""
    RUN_USED = "run.used"
    """A run read datasets, or took logged models as input."""
    RUN_MADE = "run.made"
    """A run made logged models."""
    LOGGED_MODEL_CREATED = "logged_model.created"
    """A logged model begins."""
    LOGGED_MODEL_CHANGED = "logged_model.changed"
    """A logged model was finalized or deleted, or got params."""
    LOGGED_MODEL_TAGGED = "logged_model.tagged"
    """A logged model got or lost tags."""
    MODEL_CREATED = "model.created"
    """A registered model begins."""
    MODEL_CHANGED = "model.changed"
    """A registered model got another name or description."""
    MODEL_DELETED = "model.deleted"
    """A registered model is deleted, with its versions."""
    MODEL_TAGGED = "model.tagged"
    """A registered model got or lost a tag."""
    MODEL_ALIASED = "model.aliased"
    """An alias of a registered model names a version, or none any more."""
    VERSION_CREATED = "version.created"
    """A model version is registered."""
    VERSION_CHANGED = "version.changed"
    """A model version got another description or stage."""
    VERSION_DELETED = "version.deleted"
    """A model version is deleted."""
    VERSION_TAGGED = "version.tagged"
    """A model version got or lost a tag."""
    SPANS_RECEIVED = "spans.received"
    """A group of OTLP spans: what they add up to; the spans stand in the lake. Observation."""
    TRACES_TOLD = "traces.told"
    """What MLflow's clients tell of traces beside their spans; contents stand in the lake. Command."""
    TRACES_CHANGED = "traces.changed"
    """Traces got tags, were linked to a run, or deleted. Command."""
    PREDICTIONS_RECEIVED = "predictions.received"
    """One delivery of predictions: what they add up to by endpoint, version and day; the rows stand in the lake.
    Observation."""
    LABELS_RECEIVED = "labels.received"
    """One delivery of labels, which say what predictions should have been; the rows stand in the lake. Observation."""
    REFERENCE_PROFILED = "reference.profiled"
    """What a model version was trained on looks like, column by column; no row of it is kept. Command."""
    LAKE_COMPACTED = "lake.compacted"
    """Small files of the lake were written again as one; no row changed. Command."""
    ARTIFACT_STORED = "artifact.stored"
    """An artifact stands at a path."""
    ARTIFACT_REMOVED = "artifact.removed"
    """Artifacts are removed."""


OBSERVATIONS = frozenset(
    {
        Kind.LINEAGE_EVENT, Kind.RUN_MEASURED, Kind.SPANS_RECEIVED, Kind.PREDICTIONS_RECEIVED, Kind.LABELS_RECEIVED,
    }
)  # fmt: skip
"""Kinds whose order of arrival must not matter."""

TRACKING: Final = frozenset(
    {
        Kind.EXPERIMENT_CREATED, Kind.EXPERIMENT_CHANGED, Kind.EXPERIMENT_TAGGED, Kind.RUN_CREATED, Kind.RUN_CHANGED,
        Kind.RUN_MEASURED, Kind.RUN_LOGGED, Kind.RUN_UNTAGGED, Kind.RUN_USED, Kind.RUN_MADE, Kind.LOGGED_MODEL_CREATED,
        Kind.LOGGED_MODEL_CHANGED, Kind.LOGGED_MODEL_TAGGED, Kind.MODEL_CREATED, Kind.MODEL_CHANGED,
        Kind.MODEL_DELETED, Kind.MODEL_TAGGED, Kind.MODEL_ALIASED, Kind.VERSION_CREATED, Kind.VERSION_CHANGED,
        Kind.VERSION_DELETED, Kind.VERSION_TAGGED, Kind.ARTIFACT_STORED, Kind.ARTIFACT_REMOVED,
    }
)  # fmt: skip
"""Kinds whose body is one change of `facts.tracking`."""

DECLARED: Final = frozenset(
    {
        Kind.ASSET_TITLED, Kind.ASSET_OWNED, Kind.ASSET_BELONGS, Kind.PRODUCT_VALUED, Kind.DATASET_LIFE,
        Kind.NAME_ALIAS, Kind.RESOURCE_USED, Kind.RUN_TRIAL, Kind.VERSION_REGISTERED, Kind.VERSION_DATED,
        Kind.VERSION_USED, Kind.VERSION_PREDICTED, Kind.PRODUCT_CORRECT, Kind.RULE_DECLARED, Kind.DECLARATION_WITHDRAWN,
    }
)  # fmt: skip
"""Kinds whose body is one declared statement of `facts.statements`."""

TRACED: Final = frozenset(
    {
        Kind.EXPERIMENT_CHANGED, Kind.RUN_CREATED, Kind.RUN_CHANGED, Kind.RUN_LOGGED, Kind.RUN_USED,
        Kind.MODEL_CHANGED, Kind.VERSION_CREATED, Kind.VERSION_TAGGED,
    }
)  # fmt: skip
"""Kinds of `TRACKING` that say something of the graph; the others change no cost and no lineage."""

REPORTED: Final = TRACKING | {
    Kind.LINEAGE_EVENT, Kind.SPANS_RECEIVED, Kind.TRACES_TOLD, Kind.TRACES_CHANGED, Kind.LAKE_COMPACTED,
}  # fmt: skip
"""Kinds that programs report while they work; the others are what a person did."""
