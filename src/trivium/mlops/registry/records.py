"""Registered models and their versions as they are told: the names and shapes are those of MLflow's REST API.

Times are milliseconds since 1970 UTC. A field that is unset or empty by default was never said, and is left out.
"""

from __future__ import annotations

import msgspec

from trivium.mlops.tracking.records import Pair


class Alias(msgspec.Struct, frozen=True):
    """A name for one version of a model."""

    alias: str
    version: str


class ModelVersion(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A version of a registered model.

    `run_id` is unset where the logged model that it was made of names no run.
    """

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    current_stage: str
    description: str | msgspec.UnsetType = msgspec.UNSET
    source: str
    run_id: str | msgspec.UnsetType = msgspec.UNSET
    status: str
    tags: tuple[Pair, ...] = ()
    run_link: str | msgspec.UnsetType = msgspec.UNSET
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
