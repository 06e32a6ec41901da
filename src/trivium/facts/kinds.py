"""The closed list of what a fact can be about; a new kind is a change of this file and of docs/reference/facts.md."""

from __future__ import annotations

from enum import StrEnum


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
    VERSION_USED = "version.used"
    """An endpoint serves, or a job takes as input, a model version."""
    VERSION_PREDICTED = "version.predicted"
    """How many predictions a consumer had from a version in a month."""
    RULE_DECLARED = "rule.declared"
    """An allocation rule: which charges go where."""
    DECLARATION_WITHDRAWN = "declaration.withdrawn"
    """A declared statement no longer holds."""


OBSERVATIONS = frozenset({Kind.LINEAGE_EVENT})
"""Kinds whose order of arrival must not matter."""
