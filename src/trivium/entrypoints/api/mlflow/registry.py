"""The routes of registered models, their versions and aliases, and of searches for them."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Connection
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.mlflow.answering import PREFIX, Path, changing, looking
from trivium.entrypoints.api.mlflow.searches import limit_of, page_of
from trivium.intake.mlflow import requests as ask
from trivium.intake.mlflow.checks import required
from trivium.mlops.registry import models, versions
from trivium.mlops.registry.reading import find_model, find_version, whole_models, whole_version, whole_versions
from trivium.mlops.search.models import ModelSearch, find_models
from trivium.mlops.search.versions import VersionSearch, find_versions


def registry_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes."""
    return [*_model_routes(rooms), *_alias_routes(rooms), *_version_routes(rooms)]


def _model_routes(rooms: Rooms) -> list[BaseRoute]:
    base, asked = f"{PREFIX}/registered-models", ask.ModelAsked
    return [
        changing(rooms, f"{base}/create", ask.CreateModel, models.MakeModel),
        changing(rooms, f"{base}/update", asked, models.DescribeModel, "PATCH"),
        changing(rooms, f"{base}/rename", asked, models.RenameModel),
        changing(rooms, f"{base}/delete", asked, models.DeleteModel, "DELETE"),
        changing(rooms, f"{base}/set-tag", asked, models.TagModel),
        changing(rooms, f"{base}/delete-tag", asked, partial(models.TagModel, remove=True), "DELETE"),
        looking(rooms, f"{base}/get", asked, _model),
        looking(rooms, f"{base}/search", ask.Search, _models),
        looking(rooms, f"{base}/get-latest-versions", asked, _latest, "GET"),
        looking(rooms, f"{base}/get-latest-versions", asked, _latest, "POST"),
    ]


def _alias_routes(rooms: Rooms) -> list[BaseRoute]:
    path, asked = f"{PREFIX}/registered-models/alias", ask.ModelAsked
    return [
        looking(rooms, path, asked, _aliased),
        changing(rooms, path, asked, models.SetAlias),
        changing(rooms, path, asked, models.RemoveAlias, "DELETE"),
    ]


def _version_routes(rooms: Rooms) -> list[BaseRoute]:
    base, asked = f"{PREFIX}/model-versions", ask.VersionAsked
    return [
        changing(rooms, f"{base}/create", ask.CreateVersion, versions.MakeVersion),
        changing(rooms, f"{base}/update", asked, versions.DescribeVersion, "PATCH"),
        changing(rooms, f"{base}/transition-stage", asked, versions.MoveVersion),
        changing(rooms, f"{base}/delete", asked, versions.DeleteVersion, "DELETE"),
        changing(rooms, f"{base}/set-tag", asked, versions.TagVersion),
        changing(rooms, f"{base}/delete-tag", asked, partial(versions.TagVersion, remove=True), "DELETE"),
        looking(rooms, f"{base}/get", asked, _version),
        looking(rooms, f"{base}/search", ask.Search, _versions),
        looking(rooms, f"{base}/get-download-uri", asked, _download_uri),
    ]


def _model(connection: Connection, asked: ask.ModelAsked, _: Path) -> Any:
    required(asked.name, "name")
    return {"registered_model": whole_models(connection, [find_model(connection, asked.name).name])[0]}


def _models(connection: Connection, asked: ask.Search, _: Path) -> Any:
    page = find_models(connection, ModelSearch(**_search(asked)))
    return page_of(page, "registered_models", whole_models(connection, page.ids, by_stage=True))


def _latest(connection: Connection, asked: ask.ModelAsked, _: Path) -> Any:
    found = versions.latest_by_stage(connection, asked)
    return {"model_versions": found} if found else {}


def _aliased(connection: Connection, asked: ask.ModelAsked, _: Path) -> Any:
    return {"model_version": whole_version(connection, models.version_by_alias(connection, asked.name, asked.alias))}


def _version(connection: Connection, asked: ask.VersionAsked, _: Path) -> Any:
    required(asked.name, "name")
    required(asked.version, "version")
    return {"model_version": whole_version(connection, find_version(connection, asked.name, asked.version))}


def _versions(connection: Connection, asked: ask.Search, _: Path) -> Any:
    page = find_versions(connection, VersionSearch(**_search(asked)))
    return page_of(page, "model_versions", whole_versions(connection, page.ids))


def _download_uri(connection: Connection, asked: ask.VersionAsked, _: Path) -> Any:
    return {"artifact_uri": versions.download_uri(connection, asked)}


def _search(asked: ask.Search) -> dict[str, Any]:
    """Give what a search asks for, as our own searches name it."""
    return {
        "filter": asked.filter,
        "order_by": tuple(asked.order_by),
        "page_token": asked.page_token,
        **limit_of(asked.max_results),
    }
