"""Run by the interpreter of MLflow's own server: says what its parsers make of each text.

Standard input: a JSON list of [thing, "filter" or "order", text]. Standard output: a JSON list of
{"read": [[entity, key, operator, value], ...]}, {"refused": sentence}, {"crashed": sentence} or {"beyond": word}: a
crash is what MLflow answers with a server error, beyond lies what Trivium does not search.
"""

import json
import sys

from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
from mlflow.store.tracking import sqlalchemy_store as tracking
from mlflow.store.tracking.dbmodels.models import SqlLoggedModel
from mlflow.utils import search_logged_model_utils as logged
from mlflow.utils.search_utils import (
    SearchExperimentsUtils,
    SearchModelUtils,
    SearchModelVersionUtils,
    SearchTraceUtils,
    SearchUtils,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import InstrumentedAttribute

ENTITIES = {"parameter": "param", "request_metadata": "metadata"}
TIMES = ("timestamp_ms", "execution_time_ms", "end_time_ms")
session = Session()
registry = Registry.__new__(Registry)
Registry._get_workspace_clauses = lambda self, model: []


def runs(text):
    parsed = SearchUtils.parse_search_filter(text)
    tracking._get_sqlalchemy_filter_clauses(parsed, session, "sqlite")
    return [
        meaning(
            one["type"],
            SearchUtils.translate_key_alias(one["key"]),
            one["comparator"].upper(),
            float(one["value"]) if one["type"] == "metric" else one["value"],
        )
        for one in parsed
    ]


def experiments(text):
    parsed = SearchExperimentsUtils.parse_search_filter(text)
    tracking._get_search_experiments_filter_clauses(parsed, "sqlite")
    found = []
    for one in parsed:
        value = one["value"]
        if one["key"] == "experiment_id" and one["type"] == "attribute":
            value = tuple(map(int, value)) if isinstance(value, tuple) else int(value)
        found.append(meaning(one["type"], one["key"], one["comparator"], value))
    return found


def models(text):
    parsed = SearchModelUtils.parse_search_filter(text)
    registry._get_search_registered_model_filter_query(session, parsed, "sqlite")
    return [meaning(one["type"], one["key"], one["comparator"], one["value"]) for one in parsed]


def versions(text):
    parsed = SearchModelVersionUtils.parse_search_filter(text)
    registry._get_search_model_versions_filter_clauses(parsed, "sqlite")
    return [
        meaning(
            one["type"],
            one["key"],
            one["comparator"],
            int(one["value"]) if one["key"] == "version_number" and one["type"] == "attribute" else one["value"],
        )
        for one in parsed
    ]


class BeyondError(Exception):
    """What MLflow searches and Trivium does not."""


def traces(text):
    found = []
    for one in SearchTraceUtils.parse_search_filter_for_search_traces(text):
        entity, key, value, operator = one["type"], one["key"], one["value"], one["comparator"].upper()
        if SearchTraceUtils.is_attribute(entity, key, operator):
            if key in SearchTraceUtils.NUMERIC_ATTRIBUTES and isinstance(value, str):
                try:
                    value = int(value)
                except ValueError:
                    raise BeyondError(value) from None
        elif entity not in ("tag", "request_metadata") or key in TIMES or key == "mlflow.linkedPrompts":
            raise BeyondError(entity)
        elif not SearchTraceUtils.is_tag(entity, operator):
            SearchTraceUtils.is_request_metadata(entity, operator)
        if operator == "RLIKE":
            raise BeyondError(operator)
        found.append(meaning(entity, key, operator, value))
    return found


def logged_models(text):
    found = []
    for one in logged.parse_filter_string(text):
        entity = {"attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"}[
            one.entity.type.value
        ]
        if entity == "attribute":
            column = getattr(SqlLoggedModel, one.entity.key)
            if not isinstance(column, InstrumentedAttribute) or not hasattr(column, "type"):
                raise TypeError(f"{one.entity.key} is no column")
        value = one.value
        if isinstance(value, (tuple, list)):
            if not all(type(item) in (str, int, float) for item in value):
                raise TypeError(f"SQLite cannot bind one of {value}")
            value = tuple(map(str, value))
        found.append(meaning(entity, one.entity.key, one.op, value))
    return found


def meaning(entity, key, operator, value):
    if isinstance(value, tuple) is not (operator in ("IN", "NOT IN")):
        raise ValueError("SQLAlchemy cannot bind a tuple")
    return [ENTITIES.get(entity, entity), key, operator, list(value) if isinstance(value, tuple) else value]


def order(thing, text):
    if thing == "runs":
        tracking._get_orderby_clauses([text], session)
        entity, key, ascending = SearchUtils.parse_order_by_for_search_runs(text)
        key = SearchUtils.translate_key_alias(key)
    elif thing == "experiments":
        tracking._get_search_experiments_order_by_clauses([text])
        entity, key, ascending = SearchExperimentsUtils.parse_order_by_for_search_experiments(text)
    elif thing == "traces":
        entity, key, ascending = SearchTraceUtils.parse_order_by_for_search_traces(text)
        if key != "end_time_ms":
            tracking._get_orderby_clauses_for_search_traces([text], session)
        if (entity != "attribute" and key in TIMES) or entity == "span" or key == "mlflow.linkedPrompts":
            raise BeyondError(key)
    elif thing == "models":
        Registry._parse_search_registered_models_order_by([text])
        entity, (key, ascending) = "attribute", SearchUtils.parse_order_by_for_search_registered_models(text)
        key = "last_updated_timestamp" if key == "timestamp" else key
    else:
        Registry._parse_search_model_versions_order_by([text])
        _, key, ascending = SearchModelVersionUtils.parse_order_by_for_search_model_versions(text)
        entity = "attribute"
    return [[ENTITIES.get(entity, entity), key, ascending]]


FILTERS = {
    "runs": runs,
    "experiments": experiments,
    "models": models,
    "versions": versions,
    "traces": traces,
    "logged_models": logged_models,
}


def answer(thing, what, text):
    try:
        return {"read": FILTERS[thing](text) if what == "filter" else order(thing, text)}
    except MlflowException as fault:
        sentence = str(fault.message)[:300]
        return {"refused" if fault.get_http_status_code() < 500 else "crashed": sentence}
    except BeyondError as fault:
        return {"beyond": repr(fault)}
    except Exception as fault:
        return {"crashed": repr(fault)[:300]}


asked = json.load(sys.stdin)
json.dump([answer(*one) for one in asked], sys.stdout)
