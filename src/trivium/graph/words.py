"""Which assets a declared statement speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trivium.facts.statements import (
    Alias,
    Belongs,
    Correct,
    Declared,
    Life,
    Observed,
    Owned,
    Predicted,
    ResourceUsed,
    Rule,
    Titled,
    TrialOf,
    Valued,
    VersionDated,
    VersionRegistered,
    VersionUsed,
)

RESOURCE: Final = "resource:"
SHARED: Final = "shared"

KEY_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    Titled: ("asset",), Owned: ("asset", "team"), Belongs: ("asset", "product"), Valued: ("product",),
    Life: ("dataset",), Alias: ("name", "means"), ResourceUsed: ("asset",), TrialOf: ("run", "experiment"),
    VersionRegistered: ("version", "runs", "experiment", "copy_of"), VersionDated: ("version",),
    VersionUsed: ("version", "by"),
    Predicted: ("version", "by"), Correct: ("product",), Rule: ("to", "spread"),
}  # fmt: skip
"""The fields that hold asset keys. A resource stands apart: it may be written with or without its kind."""


def keys_in(statement: Declared | Observed) -> Iterator[str]:
    """Give the asset keys among a declared statement's fields, in their order."""
    for field in KEY_FIELDS.get(type(statement), ()):
        value = getattr(statement, field)
        for key in value if isinstance(value, tuple) else (value,):
            if key and key != SHARED:
                yield key


def resource_id(statement: ResourceUsed) -> str:
    """Give the id of a billed resource, written with or without `resource:` in front."""
    return statement.resource.removeprefix(RESOURCE)
