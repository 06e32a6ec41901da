"""Searches of registered models and versions, case by case: prompts, deleted versions, orders, sizes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine

from tests.mlops.search.worlds import PROMPT, World, fill
from trivium.facts.problem import ProblemError
from trivium.mlops.search.models import ModelSearch, find_models
from trivium.mlops.search.versions import VersionSearch, find_versions

VERSIONS = (("a", 1, 9, "None"), ("a", 2, 7, "Production"), ("a", 3, 9, "Deleted_Internal"), ("b", 1, 9, "None"),
            ("p", 1, 5, "None"), ("q", 10, 5, "None"), ("q", 9, 5, "None"))  # fmt: skip


@pytest.fixture
def connection() -> Iterator[Connection]:
    """Open a registry with the models a and b, the prompt p, and q, which says that it is no prompt."""
    tags = (("a", "k", "x"), ("b", "k", "X"), ("p", PROMPT, "true"), ("p", "k", "x"), ("q", PROMPT, "false"))
    world: World = {
        "registry_models": [
            {"name": name, "description": "", "created_ms": 1, "updated_ms": updated}
            for name, updated in (("a", 5), ("b", 9), ("p", 5), ("q", 7))
        ],
        "registry_model_tags": [{"name": name, "key": key, "value": value} for name, key, value in tags],
        "registry_versions": [
            {"name": name, "version": version, "created_ms": version, "updated_ms": updated, "description": "",
             "user": None, "current_stage": stage, "source": f"s/{version}", "storage_location": None, "run_id": "",
             "run_link": "", "status": "READY", "status_message": None, "model_id": None, "sequence": 1}
            for name, version, updated, stage in VERSIONS
        ],
        "registry_version_tags": [{"name": "p", "version": 1, "key": PROMPT, "value": "true"},
                                  {"name": "a", "version": 1, "key": "k", "value": "x"}],
    }  # fmt: skip
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        fill(opened, world)
        yield opened
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["a", "b", "q"]),
        (f"tags.`{PROMPT}` != 'true'", ["a", "b", "q"]),
        (f"tags.`{PROMPT}` = 'false'", ["a", "b", "q"]),
        (f"tags.`{PROMPT}` = 'TRUE'", []),
        (f"tags.`{PROMPT}` = 'true'", ["p"]),
        (f"tags.`{PROMPT}` != 'false'", ["p"]),
        (f"tags.`{PROMPT}` = 'false' AND tags.`{PROMPT}` = 'true'", ["a", "b", "q"]),
        ("tags.k = 'x'", ["a"]),
        ("tags.k ILIKE 'X'", ["a", "b"]),
        ("tags.k LIKE '_' AND tags.k != 'x'", ["b"]),
        ("name IN ('b', 'p')", ["b"]),
        ("name LIKE 'A'", []),
    ],
)
def test_models_are_found(connection: Connection, text: str, expected: list[str]) -> None:
    assert list(find_models(connection, ModelSearch(filter=text)).ids) == expected


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (("name DESC",), ["q", "b", "a"]),
        (("timestamp",), ["a", "q", "b"]),
        (("last_updated_timestamp DESC", "name"), ["b", "q", "a"]),
    ],
)
def test_models_are_ordered(connection: Connection, orders: tuple[str, ...], expected: list[str]) -> None:
    assert list(find_models(connection, ModelSearch(order_by=orders)).ids) == expected


def test_models_are_ordered_once_by_a_time_of_two_names(connection: Connection) -> None:
    with pytest.raises(ProblemError, match=r"orders twice by 'attribute\.last_updated_timestamp'"):
        find_models(connection, ModelSearch(order_by=("timestamp", "last_updated_timestamp DESC")))
    with pytest.raises(ProblemError, match="cannot be ordered by 'creation_timestamp'"):
        find_models(connection, ModelSearch(order_by=("creation_timestamp",)))


def test_no_models_are_given_where_none_are_asked_for(connection: Connection) -> None:
    assert find_models(connection, ModelSearch(max_results=0)).ids == ()
    with pytest.raises(ProblemError, match="between 0 and 1000"):
        find_models(connection, ModelSearch(max_results=1001))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("a", 1), ("b", 1), ("a", 2), ("q", 10), ("q", 9)]),
        ("name = 'p'", []),
        (f"tags.`{PROMPT}` = 'true'", [("p", 1)]),
        ("version_number >= '2'", [("a", 2), ("q", 10), ("q", 9)]),
        ("version_number > 9", [("q", 10)]),
        ("source_path = 's/2'", [("a", 2)]),
        ("tag.k = 'x'", [("a", 1)]),
        ("run_id IN ('')", [("a", 1), ("b", 1), ("a", 2), ("q", 10), ("q", 9)]),
    ],
)
def test_versions_are_found_the_latest_first(
    connection: Connection, text: str, expected: list[tuple[str, int]]
) -> None:
    assert list(find_versions(connection, VersionSearch(filter=text)).ids) == expected


def test_versions_are_ordered_by_number_and_not_by_its_text(connection: Connection) -> None:
    found = find_versions(connection, VersionSearch(order_by=("version_number DESC",)))
    assert list(found.ids) == [("q", 10), ("q", 9), ("a", 2), ("a", 1), ("b", 1)]
    with pytest.raises(ProblemError, match="between 1 and 200000"):
        find_versions(connection, VersionSearch(max_results=0))
