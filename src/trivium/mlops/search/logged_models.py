"""Which logged models a search finds, in which order (MLflow 3.17.2: SqlAlchemyStore.search_logged_models)."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    or_,
    select,
)

from trivium.facts.problem import ProblemError, shown
from trivium.mlops.search.conditions import compared, within
from trivium.mlops.search.grammar import Comparison, Value, check_orders
from trivium.mlops.search.logged_model_grammar import attribute, parse_filter
from trivium.mlops.search.pages import Page, check_limit
from trivium.mlops.search.tokens import check_sound, refused
from trivium.mlops.tables import logged_model_metrics, logged_model_params, logged_model_tags, logged_models

MAX_RESULTS_DEFAULT: Final = 50
MAX_RESULTS_UNSAID: Final = 100
"""What a request for 0 results gets, as on MLflow's server."""
MAX_RESULTS: Final = 2**31 - 1
STATUSES: Final = {"UNSPECIFIED": "0", "PENDING": "1", "READY": "2", "FAILED": "3"}
_COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "name": logged_models.c.name,
    "model_id": logged_models.c.model,
    "experiment_id": logged_models.c.experiment,
    "artifact_location": logged_models.c.artifact_location,
    "creation_timestamp_ms": logged_models.c.created_ms,
    "last_updated_timestamp_ms": logged_models.c.updated_ms,
    "status": logged_models.c.status,
    "lifecycle_stage": logged_models.c.stage,
    "model_type": logged_models.c.model_type,
    "source_run_id": logged_models.c.source_run,
}
_CODES: Final = ("status", "experiment_id")
_KEYED: Final = {"param": logged_model_params, "tag": logged_model_tags}
_AGAIN: Final = "Send the token with the search that gave it, or none for the first page."


class OfDataset(msgspec.Struct, frozen=True):
    """The data on which a metric was measured; without a digest, any state of it."""

    dataset_name: str
    dataset_digest: str | None = None


class LoggedModelOrder(msgspec.Struct, frozen=True):
    """A field to order by, an attribute or `metrics.NAME`, of which the latest value counts (on a dataset)."""

    field_name: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LoggedModelSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: experiments, a filter in MLflow's grammar, the data of its metrics, orderings, and which page."""

    experiments: tuple[int, ...]
    filter: str = ""
    datasets: tuple[OfDataset, ...] = ()
    order_by: tuple[LoggedModelOrder, ...] = ()
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_logged_models(connection: Connection, asked: LoggedModelSearch) -> Page[str]:
    """Find the ids of the logged models that fulfil a search, in its order: without one, the newest first."""
    check_limit(asked.max_results, MAX_RESULTS, least=0)
    size, offset = asked.max_results or MAX_RESULTS_UNSAID, offset_of(asked)
    statement = select_logged_models(asked).limit(size + 1).offset(offset)
    found = [row.model for row in connection.execute(statement)]
    return Page(tuple(found[:size]), token_of(asked, offset + size) if len(found) > size else "")


def select_logged_models(asked: LoggedModelSearch) -> Select[tuple[str]]:
    """Write the SELECT of the ids of all logged models that fulfil a search, in its order.

    Models without a value come last; ties go to the newer, then to the lesser id.
    """
    conditions = _conditions(asked)
    check_orders(asked.order_by)
    source: FromClause = logged_models
    ordered: list[ColumnElement[Any]] = []
    ties = {"creation_timestamp_ms": logged_models.c.created_ms.desc(), "model_id": logged_models.c.model}
    for place, order in enumerate(asked.order_by):
        where = f"order_by[{place}]"
        for text in (order.field_name, order.dataset_name, order.dataset_digest):
            check_sound(text or "", where)
        if "." in order.field_name:
            source, value = _by_metric(source, order, where)
        else:
            key = attribute(order.field_name, where)
            value = _COLUMNS[key]
            ties.pop(key, None)
        ordered += [case((value.is_(None), 1), else_=0), value if order.ascending else value.desc()]
    return (
        select(logged_models.c.model)
        .select_from(source)
        .where(logged_models.c.stage != "deleted", within(logged_models.c.experiment, asked.experiments), *conditions)
        .order_by(*ordered, *ties.values())
    )


def offset_of(asked: LoggedModelSearch) -> int:
    """Read the page token of a search; it must have been given for the same experiments, filter and orderings."""
    if not asked.page_token:
        return 0
    try:
        told = json.loads(base64.b64decode(asked.page_token))
        same = {key: value for key, value in told.items() if key != "offset"} == _identity(asked)
        offset = int(told["offset"])
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as fault:
        raise _bad_token(asked, "cannot be read") from fault
    if not same:
        raise _bad_token(asked, "was given for other experiments, another filter or another order")
    if not 0 <= offset <= 2**62:
        raise _bad_token(asked, f"names the place {shown(offset)}")
    return offset


def token_of(asked: LoggedModelSearch, offset: int) -> str:
    """Write the token of the page of a search that begins at an offset."""
    return base64.b64encode(json.dumps({**_identity(asked), "offset": offset}).encode()).decode()


def _identity(asked: LoggedModelSearch) -> dict[str, Any]:
    return {
        "experiment_ids": [str(experiment) for experiment in asked.experiments],
        "filter_string": asked.filter or None,
        "order_by": [msgspec.to_builtins(order) for order in asked.order_by] or None,
    }


def _bad_token(asked: LoggedModelSearch, why: str) -> ProblemError:
    return refused(f"The page token {shown(asked.page_token)} {why}.", "page_token", _AGAIN)


def _conditions(asked: LoggedModelSearch) -> list[ColumnElement[bool]]:
    """Write what models must fulfil; where data is named and no metric compared, any metric measured on it will do."""
    for place, dataset in enumerate(asked.datasets):
        if not dataset.dataset_name:
            title = "A dataset of the search has no dataset_name."
            raise refused(title, f"datasets[{place}]", "Name it, or leave it out.")
        for text in (dataset.dataset_name, dataset.dataset_digest):
            check_sound(text or "", f"datasets[{place}]")
    comparisons = parse_filter(asked.filter)
    measured = _measured_on(asked.datasets)
    conditions = [_condition(comparison, measured) for comparison in comparisons]
    if asked.datasets and not any(comparison.entity == "metric" for comparison in comparisons):
        conditions.append(exists().where(logged_model_metrics.c.model == logged_models.c.model, *measured))
    return conditions


def _condition(comparison: Comparison, measured: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    operator, key, value = comparison.operator, comparison.key, comparison.value
    if isinstance(value, float) and math.isnan(value):
        return false()
    if comparison.entity == "metric":
        metrics = logged_model_metrics.c
        same = (metrics.model == logged_models.c.model, metrics.name == key)
        return exists().where(*same, compared(metrics.value, operator, value), *measured)
    if comparison.entity != "attribute":
        keyed = _KEYED[comparison.entity].c
        same = (keyed.model == logged_models.c.model, keyed.key == key)
        return exists().where(*same, compared(keyed.value, operator, value))
    if key in _CODES:
        return compared(cast(_COLUMNS[key], Text), operator, _code(operator, value))
    return compared(_COLUMNS[key], operator, value)


def _code(operator: str, value: Value) -> Value:
    """Give the number for the name of a status; other texts stay, as numbers do."""
    if operator in ("LIKE", "ILIKE"):
        return value
    if isinstance(value, tuple):
        return tuple(STATUSES.get(str(item), str(item)) for item in value)
    return STATUSES.get(str(value), value)


def _measured_on(datasets: Sequence[OfDataset]) -> list[ColumnElement[bool]]:
    metrics = logged_model_metrics.c
    each = [
        and_(
            metrics.dataset_name == dataset.dataset_name,
            *([metrics.dataset_digest == dataset.dataset_digest] if dataset.dataset_digest else []),
        )
        for dataset in datasets
    ]
    return [or_(*each)] if each else []


def _by_metric(source: FromClause, order: LoggedModelOrder, where: str) -> tuple[FromClause, ColumnElement[Any]]:
    """Join the latest value of a metric of each model: the last in time, then by step, then of the least run id."""
    entity, _, key = order.field_name.partition(".")
    if entity != "metrics":
        title = f"Logged models cannot be ordered by {shown(order.field_name)}."
        raise refused(title, where, "Use an attribute, or metrics.NAME.")
    metrics = logged_model_metrics.c
    wanted = [metrics.name == key]
    if order.dataset_name:
        wanted.append(metrics.dataset_name == order.dataset_name)
    if order.dataset_digest:
        wanted.append(metrics.dataset_digest == order.dataset_digest)
    place = func.row_number().over(
        partition_by=metrics.model, order_by=(metrics.timestamp_ms.desc(), metrics.step.desc(), metrics.run)
    )
    placed = select(metrics.model, metrics.value, place.label("place")).where(*wanted).subquery()
    joined = source.outerjoin(placed, and_(placed.c.model == logged_models.c.model, placed.c.place == 1))
    return joined, placed.c.value
