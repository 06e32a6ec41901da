"""Tags: from JSON text, maps and lists to sorted JSON, with the tags that join a charge to an asset taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from trivium.facts.charges import JOIN_TAGS

PREFIXES: Final = (
    "user:", "aws:", "azure:", "gcp:", "goog-", "oci:", "Oracle-Tags.", "Oracle-Standard.", "resourceTags/",
    "labels/", "labels.", "label:", "tag:", "kubernetes:", "k8s:",
)  # fmt: skip
"""What providers put before a tag's key; stripped, also one after the other. Nothing else is stripped."""
OURS: Final = ("trivium", "mlflow", "openlineage")
"""First words of keys that are never stripped."""
SPELLINGS: Final = {
    "trivium_asset": ("trivium:asset", "triviumasset"),
    "mlflow_run_id": ("mlflow.run_id", "mlflowrunid"),
    "openlineage_run_id": ("openlineage.run_id", "openlineagerunid"),
    "team": ("trivium:team", "triviumteam", "team", "owner", "costcenter", "costcentre"),
    "product": ("trivium:product", "triviumproduct", "product", "application", "app"),
    "account": ("trivium:account", "triviumaccount"),
}
"""For each join tag, its keys in the order in which they are asked: exact, or in any case without `: . _ - /`."""
BAD_TAGS: Final = "bad_tags"
COLLISION: Final = "tag_collision"
_LOOSE = re.compile(r"[:._\-/ ]")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Flattened(msgspec.Struct, frozen=True):
    """One cell of tags: sorted JSON text, the join tags in the order of JOIN_TAGS, and the fault, or nothing."""

    text: str | None
    joins: tuple[str | None, ...]
    fault: str = ""


NOTHING: Final = Flattened(None, (None,) * len(JOIN_TAGS))


def flatten(cell: str | None) -> Flattened:
    """Read one cell of tags as JSON text: an object, a list of key and value, or pairs without braces."""
    if cell is None or cell.strip().upper() in {"", "NULL", "{}", "[]", "NONE"}:
        return NOTHING
    pairs = _pairs(cell)
    if pairs is None:
        return Flattened(None, NOTHING.joins, BAD_TAGS)
    tags, collided = strip_prefixes(pairs)
    return Flattened(_encode(tags).decode(), joins_of(tags), COLLISION if collided else "")


def strip_prefixes(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], bool]:
    """Strip providers' prefixes from keys; where two keys become one, the barer keeps it and the other its full key.

    Gives the tags, and whether that happened.
    """
    full = sorted(pairs, key=lambda pair: (len(pair[0]), pair[0]))
    tags: dict[str, str] = {}
    collided = False
    for key, value in full:
        bare = _bare(key)
        if tags.get(bare, value) != value:
            collided = True
            bare = key
        tags[bare] = value
    return tags, collided


def joins_of(tags: Mapping[str, str]) -> tuple[str | None, ...]:
    """Pick the join tags, in the order of JOIN_TAGS; a blank value joins nothing."""
    loose = {_LOOSE.sub("", key).lower(): value for key, value in sorted(tags.items(), reverse=True) if value.strip()}
    return tuple(
        next(
            (found.strip() for key in SPELLINGS[join] if (found := tags.get(key, "") or loose.get(key, "")).strip()),
            None,
        )
        for join in JOIN_TAGS
    )


def _bare(key: str) -> str:
    bare = key.strip()
    while not bare.startswith(OURS):
        prefix = next((prefix for prefix in PREFIXES if bare.startswith(prefix) and len(bare) > len(prefix)), None)
        if prefix is None:
            break
        bare = bare[len(prefix) :]
    return bare


def _pairs(cell: str) -> list[tuple[str, str]] | None:
    """Read the cell's JSON; Azure's native exports leave out the braces."""
    text = cell.strip()
    for attempt in (text, "{" + text + "}") if text.startswith('"') else (text,):
        try:
            read = _decode(attempt)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(read, str):
            return _pairs(read) if read != cell and read.startswith(("{", "[")) else None
        return _listed(read)
    return None


_decode = msgspec.json.Decoder(float_hook=str).decode


def _listed(read: Any) -> list[tuple[str, str]] | None:
    if isinstance(read, dict):
        return [(str(key), _value(value)) for key, value in read.items()]
    if isinstance(read, list):
        pairs = []
        for item in read:
            if isinstance(item, list) and len(item) == 2:
                pairs.append((str(item[0]), _value(item[1])))
            elif isinstance(item, dict) and len(item) == 2 and len(named := _named(item)) == 1:
                pairs += named
            else:
                return None
        return pairs
    return None


def _named(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Read `{"key": …, "value": …}` in any case of the two names."""
    lower = {str(name).lower(): value for name, value in item.items()}
    return [(str(lower["key"]), _value(lower["value"]))] if lower.keys() == {"key", "value"} else []


def _value(value: Any) -> str:
    """Give a tag's value as text; a tag without a value is `true` (FOCUS, "Tags"); nothing is an empty text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
