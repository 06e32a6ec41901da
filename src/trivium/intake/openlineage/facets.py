"""How one facet is read: each function takes what was sent and gives what it says, or nothing where it is misshapen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trivium.facts.bounds import INT64
from trivium.facts.statements import Column
from trivium.intake.openlineage.names import dataset_key, fits, named_run, team_key

LIFE_TAG = "trivium:life"


def facets_of(holder: Any, *fields: str) -> dict[str, Any]:
    """Unite the facets of a run, job or dataset; of a facet sent in two places the first counts."""
    united: dict[str, Any] = {}
    if isinstance(holder, dict):
        for field in fields or ("facets",):
            facets = holder.get(field)
            if isinstance(facets, dict):
                united = facets if not united else {**facets, **united}
    return united


def items(facets: dict[str, Any], facet: str, field: str) -> Iterator[dict[str, Any]]:
    """Give the objects of a facet's list."""
    found = facets.get(facet)
    found = found.get(field) if isinstance(found, dict) else None
    if isinstance(found, list):
        for item in found:
            if isinstance(item, dict):
                yield item


def text(facets: dict[str, Any], facet: str, field: str) -> str:
    """Give a facet's text, or nothing."""
    found = facets.get(facet)
    found = found.get(field) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def count(facets: dict[str, Any], facet: str, field: str) -> int | None:
    """Give a facet's count, or None when it is no whole number from 0 to 2^63 - 1."""
    found = facets.get(facet)
    return whole(found.get(field)) if isinstance(found, dict) else None


def whole(value: Any) -> int | None:
    """Take a count as it is sent: an integer, or a float without a fraction."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and value >= 0 and value in INT64 else None


def tags_of(facets: dict[str, Any]) -> list[tuple[str, str]]:
    """List the tags of an asset; those of single columns are left out. `trivium:life=90d` may be written as one key."""
    tags = []
    for tag in items(facets, "tags", "tags"):
        key, value = tag.get("key"), tag.get("value", "")
        if not isinstance(key, str) or not key or tag.get("field"):
            continue
        if key.startswith(LIFE_TAG + "="):
            key, _, value = key.partition("=")
        tags.append((key, value if isinstance(value, str) else str(value)))
    return tags


def owners_of(facets: dict[str, Any]) -> tuple[str, ...]:
    """List the teams of an ownership facet, sorted."""
    names = (owner.get("name") for owner in items(facets, "ownership", "owners"))
    return tuple(sorted({team_key(name) for name in names if isinstance(name, str) and fits(name)}))


def symlinks_of(facets: dict[str, Any]) -> tuple[str, ...]:
    """List the other names of a dataset, sorted."""
    return tuple(sorted({key for key in map(dataset_key, items(facets, "symlinks", "identifiers")) if key}))


class Schema(dict[str, Any]):
    """A schema facet with the columns that it lists by itself, read once."""

    def __init__(self, facet: dict[str, Any]) -> None:
        super().__init__(facet)
        self.columns = _columns({"schema": facet}, {})


def columns_of(facets: dict[str, Any]) -> tuple[Column, ...]:
    """List the columns of a schema in its order, with the columns that they are derived from."""
    sources = _sources(facets)
    schema = facets.get("schema")
    if not sources and isinstance(schema, Schema):
        return schema.columns
    return _columns(facets, sources)


def _columns(facets: dict[str, Any], sources: dict[str, tuple[tuple[str, str], ...]]) -> tuple[Column, ...]:
    columns = []
    for field in items(facets, "schema", "fields"):
        name, kind = field.get("name"), field.get("type")
        if isinstance(name, str) and name:
            columns.append(Column(name, kind if isinstance(kind, str) else "", sources.pop(name, ())))
    columns.extend(Column(name, "", found) for name, found in sorted(sources.items()))
    return tuple(columns)


def _sources(facets: dict[str, Any]) -> dict[str, tuple[tuple[str, str], ...]]:
    facet = facets.get("columnLineage")
    fields = facet.get("fields") if isinstance(facet, dict) else None
    found = {}
    for column, lineage in fields.items() if isinstance(fields, dict) else ():
        pairs = {
            (dataset_key(source), field)
            for source in items({"lineage": lineage}, "lineage", "inputFields")
            if isinstance(field := source.get("field"), str) and dataset_key(source)
        }
        if pairs:
            found[column] = tuple(sorted(pairs))
    return found


def parent_of(facets: dict[str, Any]) -> tuple[str, Any, str]:
    """Give the parent's run key, the parent's job as sent, and the root's run key; empty where not named."""
    facet = facets.get("parent")
    if not isinstance(facet, dict):
        return "", None, ""
    root = facet.get("root")
    return _run_of(facet), facet.get("job"), _run_of(root) if isinstance(root, dict) else ""


def _run_of(holder: dict[str, Any]) -> str:
    return named_run(text(holder, "run", "runId"))
