"""The routes of searches: what is asked in MLflow's grammar, and what was found, page by page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.routing import BaseRoute

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.mlflow.answering import PREFIX, Path, looking
from trivium.intake.mlflow import requests as ask
from trivium.intake.mlflow.checks import bad_value, experiment_number
from trivium.intake.mlflow.names import VIEW_NUMBERS, VIEWS
from trivium.intake.mlflow.reader import fitted
from trivium.mlops.search.datasets import find_datasets
from trivium.mlops.search.experiments import ExperimentSearch, find_experiments
from trivium.mlops.search.logged_models import LoggedModelOrder, LoggedModelSearch, OfDataset, find_logged_models
from trivium.mlops.search.pages import Page
from trivium.mlops.search.runs import RunSearch, find_runs
from trivium.mlops.tracking.experiments import experiments_by_number
from trivium.mlops.tracking.logged_models import logged_models
from trivium.mlops.tracking.reading import rows_of, whole_runs


def search_routes(rooms: Rooms) -> list[BaseRoute]:
    """List the routes."""
    return [
        looking(rooms, f"{PREFIX}/runs/search", ask.SearchRuns, _runs, "POST"),
        looking(rooms, f"{PREFIX}/experiments/search", ask.SearchExperiments, _experiments, "GET"),
        looking(rooms, f"{PREFIX}/experiments/search", ask.SearchExperiments, _experiments, "POST"),
        looking(rooms, f"{PREFIX}/experiments/search-datasets", ask.SearchDatasets, _datasets, "POST"),
        looking(rooms, f"{PREFIX}/logged-models/search", ask.SearchLoggedModels, _logged_models, "POST"),
    ]


def page_of(page: Page[Any], name: str, found: list[Any]) -> dict[str, Any]:
    """Tell a page of what was found; what is empty is left out."""
    told = {name: found, "next_page_token": page.next_page_token}
    return {key: value for key, value in told.items() if value}


def stages_of(view: str | int) -> tuple[str, ...]:
    """Read which lifecycle stages are asked for, by name or by number."""
    stages = VIEWS.get(VIEW_NUMBERS.get(view, "") if isinstance(view, int) else view)
    if stages is None:
        raise bad_value("view_type", view, f"It is one of {', '.join(VIEWS)}.")
    return stages


def _runs(connection: Connection, asked: ask.SearchRuns, _: Path) -> Any:
    search = RunSearch(
        experiments=tuple(map(experiment_number, asked.experiment_ids)),
        filter=asked.filter,
        order_by=tuple(asked.order_by),
        stages=stages_of(asked.run_view_type),
        page_token=asked.page_token,
        **limit_of(asked.max_results),
    )
    page = find_runs(connection, search)
    return page_of(page, "runs", whole_runs(connection, rows_of(connection, page.ids)))


def _experiments(connection: Connection, asked: ask.SearchExperiments, _: Path) -> Any:
    search = ExperimentSearch(
        filter=asked.filter,
        order_by=tuple(asked.order_by),
        stages=stages_of(asked.view_type),
        page_token=asked.page_token,
        **limit_of(asked.max_results),
    )
    page = find_experiments(connection, search)
    return page_of(page, "experiments", experiments_by_number(connection, page.ids))


def _logged_models(connection: Connection, asked: ask.SearchLoggedModels, _: Path) -> Any:
    search = LoggedModelSearch(
        experiments=tuple(map(experiment_number, asked.experiment_ids)),
        filter=asked.filter,
        order_by=tuple(fitted(order, LoggedModelOrder) for order in asked.order_by),
        datasets=tuple(fitted(one, OfDataset) for one in asked.datasets),
        page_token=asked.page_token,
        **limit_of(asked.max_results),
    )
    page = find_logged_models(connection, search)
    return page_of(page, "models", logged_models(connection, page.ids))


def _datasets(connection: Connection, asked: ask.SearchDatasets, _: Path) -> Any:
    found = find_datasets(connection, [experiment_number(one) for one in asked.experiment_ids])
    return {"dataset_summaries": found} if found else {}


def limit_of(max_results: int | None) -> dict[str, int]:
    """Say how many are asked for, if anybody said it."""
    return {} if max_results is None else {"max_results": max_results}
