"""Registered models and their versions as they are told: the names and shapes are those of MLflow's REST API.

Times are milliseconds since 1970 UTC. What has a default here is left out where there is none.
"""

from __future__ import annotations

import msgspec

from trivium.mlops.tracking.records import Pair


class Alias(msgspec.Struct, frozen=True):
    """A name for one version of a model."""

    alias: str
    version: str


class ModelVersion(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A version of a registered model; a text that nobody said is empty, and told."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    current_stage: str
    description: str
    source: str
    run_id: str
    status: str
    tags: tuple[Pair, ...] = ()
    run_link: str
    aliases: tuple[str, ...] = ()


class RegisteredModel(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A registered model, with the latest version of each stage."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    latest_versions: tuple[ModelVersion, ...] = ()
    tags: tuple[Pair, ...] = ()
    aliases: tuple[Alias, ...] = ()
