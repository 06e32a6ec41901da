"""Which model versions a search finds, in which order (MLflow 3.17.2: SearchModelVersionUtils, search_model_versions).

Versions of prompts are found only by a search that asks for them by the tag `mlflow.prompt.is_prompt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, exists, select

from trivium.intake.mlflow.names import DELETED_STAGE, IS_PROMPT
from trivium.mlops.search.conditions import compared
from trivium.mlops.search.grammar import (
    LIKE,
    LISTED,
    ORDERED,
    Comparison,
    OrderBy,
    Vocabulary,
    parse_filter,
    parse_orders,
    refuse_twice,
)
from trivium.mlops.search.models import without_prompt_rule
from trivium.mlops.search.pages import Page, check_limit, offset_of, paged
from trivium.mlops.tables import version_tags, versions

MAX_RESULTS_DEFAULT: Final = 200_000
MAX_RESULTS: Final = 200_000
WORDS: Final = Vocabulary(
    thing="Model versions",
    entities={"attribute": "attribute", "tag": "tag", "tags": "tag"},
    attributes={"name": "text", "run_id": "text", "source_path": "text", "version_number": "number"},
    operators={"text": LISTED, "number": ORDERED, "tag": LIKE},
    orders=frozenset({"name", "version_number", "creation_timestamp", "last_updated_timestamp"}),
    # MLflow orders versions by `tag.name` as by `name`.
    order_entities={"attribute": "attribute", "tag": "attribute", "tags": "attribute"},
    lists=frozenset({"name", "run_id"}),
    quoted_attributes=False,
    quoted_numbers=True,
)
_COLUMNS: Final[dict[str, ColumnElement[Any]]] = {
    "name": versions.c.name,
    "version_number": versions.c.version,
    "run_id": versions.c.run_id,
    "source_path": versions.c.source,
    "creation_timestamp": versions.c.created_ms,
    "last_updated_timestamp": versions.c.updated_ms,
}
_TIES: Final = (OrderBy("attribute", "name"), OrderBy("attribute", "version_number", ascending=False))
_USUAL: Final = OrderBy("attribute", "last_updated_timestamp", ascending=False)


class VersionSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a filter and orderings in MLflow's grammar, and which page."""

    filter: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int = MAX_RESULTS_DEFAULT
    page_token: str = ""


def find_versions(connection: Connection, asked: VersionSearch) -> Page[tuple[str, int]]:
    """Find the names and numbers of the versions that fulfil a search, in its order: without one, the latest first."""
    check_limit(asked.max_results, MAX_RESULTS)
    offset = offset_of(asked.page_token)
    statement = select_versions(asked).limit(asked.max_results + 1).offset(offset)
    return paged([(row.name, row.version) for row in connection.execute(statement)], offset, asked.max_results)


def complete_orders(texts: Sequence[str]) -> tuple[OrderBy, ...]:
    """Read the orderings of versions, complete: ties go by name, then to the greater number."""
    orders = parse_orders(texts, WORDS) or (_USUAL,)
    refuse_twice(orders)
    keys = {order.key for order in orders}
    return (*orders, *(tie for tie in _TIES if tie.key not in keys))


def select_versions(asked: VersionSearch) -> Select[tuple[str, int]]:
    """Write the SELECT of the names and numbers of all versions that fulfil a search, in its order."""
    wanted, prompts = without_prompt_rule(parse_filter(asked.filter, WORDS))
    conditions = [_condition(comparison) for comparison in wanted]
    if not prompts:
        tags = version_tags.c
        conditions.append(versions.c.name.not_in(select(tags.name).where(tags.key == IS_PROMPT, tags.value == "true")))
    ordered = [
        _COLUMNS[order.key] if order.ascending else _COLUMNS[order.key].desc()
        for order in complete_orders(asked.order_by)
    ]
    return (
        select(versions.c.name, versions.c.version)
        .where(versions.c.current_stage != DELETED_STAGE, *conditions)
        .order_by(*ordered)
    )


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    if comparison.entity == "attribute":
        return compared(_COLUMNS[comparison.key], comparison.operator, comparison.value)
    tags = version_tags.c
    same = (tags.name == versions.c.name, tags.version == versions.c.version, tags.key == comparison.key)
    return exists().where(*same, compared(tags.value, comparison.operator, comparison.value))
