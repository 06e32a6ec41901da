"""Which registered models a search finds, in which order (MLflow 3.17.2: SearchModelUtils, search_registered_models).

Prompts are registered models with the tag `mlflow.prompt.is_prompt`; they are found only by a search that asks for
them by this tag, and no search finds both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, exists, select

from trivium.facts.problem import shown
from trivium.intake.mlflow.names import IS_PROMPT
from trivium.mlops.search.conditions import compared
from trivium.mlops.search.grammar import (
    LIKE,
    LISTED,
    Comparison,
    OrderBy,
    Vocabulary,
    check_orders,
    parse_filter,
    refuse_twice,
)
from trivium.mlops.search.pages import Page, check_limit, offset_of, paged
from trivium.mlops.search.tokens import ordering, refused
from trivium.mlops.tables import model_tags, models

MAX_RESULTS_DEFAULT: Final = 100
MAX_RESULTS: Final = 1_000
WORDS: Final = Vocabulary(
    thing="Registered models",
    entities={"attribute": "attribute", "tag": "tag", "tags": "tag"},
    attributes={"name": "text"},
    operators={"text": LISTED, "tag": LIKE},
    orders=frozenset(),
    order_entities={},
    lists=frozenset({"name"}),
    quoted_attributes=False,
)
_ORDERS: Final = {
    "name": "name",
    "timestamp": "last_updated_timestamp",
    "last_updated_timestamp": "last_updated_timestamp",
}
_COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "name": models.c.name,
    "last_updated_timestamp": models.c.updated_ms,
}


class ModelSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a filter and orderings in MLflow's grammar, and which page."""

    filter: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_models(connection: Connection, asked: ModelSearch) -> Page[str]:
    """Find the names of the registered models that fulfil a search, in its order.

    A page of none is given where none is asked for, as MLflow does.
    """
    check_limit(asked.max_results, MAX_RESULTS, least=0)
    offset = offset_of(asked.page_token)
    statement = select_models(asked).limit(asked.max_results + 1).offset(offset)
    return paged([row.name for row in connection.execute(statement)], offset, asked.max_results)


def complete_orders(texts: Sequence[str]) -> tuple[OrderBy, ...]:
    """Read the orderings of registered models, complete: ties go by name."""
    check_orders(texts)
    orders = tuple(_order(text, f"order_by[{place}]") for place, text in enumerate(texts))
    refuse_twice(orders)
    return orders if any(order.key == "name" for order in orders) else (*orders, OrderBy("attribute", "name"))


def _order(text: str, where: str) -> OrderBy:
    named, ascending = ordering(text, where)
    if named not in _ORDERS:
        title = f"Registered models cannot be ordered by {shown(named)}."
        raise refused(title, where, f"Use one of {', '.join(_ORDERS)}.")
    return OrderBy("attribute", _ORDERS[named], ascending)


def select_models(asked: ModelSearch) -> Select[tuple[str]]:
    """Write the SELECT of the names of all registered models that fulfil a search, in its order."""
    wanted, prompts = without_prompt_rule(parse_filter(asked.filter, WORDS))
    conditions = [_condition(comparison) for comparison in wanted]
    if not prompts:
        conditions.append(~_tagged(IS_PROMPT, "=", "true"))
    ordered = [
        _COLUMNS[order.key] if order.ascending else _COLUMNS[order.key].desc()
        for order in complete_orders(asked.order_by)
    ]
    return select(models.c.name).where(*conditions).order_by(*ordered)


def without_prompt_rule(wanted: Sequence[Comparison]) -> tuple[tuple[Comparison, ...], bool]:
    """Say whether a filter asks for prompts, which its first condition on their tag decides.

    A filter that does not loses all conditions on that tag: then everything but prompts is meant.
    """
    told = [comparison for comparison in wanted if comparison.entity == "tag" and comparison.key == IS_PROMPT]
    if told and (told[0].operator, str(told[0].value).lower()) in (("=", "true"), ("!=", "false")):
        return tuple(wanted), True
    return tuple(comparison for comparison in wanted if comparison not in told), False


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    if comparison.entity == "attribute":
        return compared(models.c.name, comparison.operator, comparison.value)
    return _tagged(comparison.key, comparison.operator, comparison.value)


def _tagged(key: str, operator: str, value: Any) -> ColumnElement[bool]:
    tags = model_tags.c
    return exists().where(tags.name == models.c.name, tags.key == key, compared(tags.value, operator, value))
