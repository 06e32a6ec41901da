"""The tables and keys that a declaration may hold: the form, in one place, for the reader and for its messages."""

from __future__ import annotations

from typing import Final

NAME: Final = "name"
SOURCE: Final = "declare:"

_TEXT, _LIST, _WHOLE, _TABLE, _FLAG = (str,), (list,), (int,), (dict,), (bool,)
_WEIGHT = (str, int, float)

TABLES: Final[dict[str, dict[str, tuple[type, ...]]]] = {
    "team": {"name": _TEXT, "title": _TEXT},
    "product": {
        "name": _TEXT, "title": _TEXT, "value_per_day": _TEXT, "owners": _LIST, "assets": _LIST,
        "correct": _TABLE,
    },
    "owner": {"team": _TEXT, "assets": _LIST},
    "title": {"asset": _TEXT, "title": _TEXT},
    "endpoint": {
        "name": _TEXT, "title": _TEXT, "owners": _LIST, "product": _TEXT, "resource": _TEXT, "weight": _WEIGHT,
        "serves": _LIST,
    },
    "dataset": {
        "key": _TEXT, "title": _TEXT, "life_days": _WHOLE, "owners": _LIST, "product": _TEXT, "resource": _TEXT,
        "weight": _WEIGHT,
    },
    "job": {
        "key": _TEXT, "title": _TEXT, "owners": _LIST, "product": _TEXT, "resource": _TEXT, "weight": _WEIGHT,
        "uses": _LIST,
    },
    "resource": {"id": _TEXT, "used_by": _LIST, "weight": _WEIGHT},
    "alias": {"name": _TEXT, "means": _TEXT},
    "experiment": {"name": _TEXT, "title": _TEXT, "runs": _LIST, "owners": _LIST, "product": _TEXT},
    "model": {"name": _TEXT, "title": _TEXT, "owners": _LIST, "product": _TEXT, "version": _LIST},
    "use": {"version": _TEXT, "by": _TEXT, "since": _TEXT, "until": _TEXT},
    "predictions": {"version": _TEXT, "by": _TEXT, "months": _TABLE},
    "rule": {"name": _TEXT, "match": _TABLE, "to": _TEXT, "spread": _LIST, "position": _WHOLE},
}  # fmt: skip
"""For each table its keys, and the TOML type of their values."""

VERSION: Final[dict[str, tuple[type, ...]]] = {
    "version": (str, int), "runs": _LIST, "experiment": _TEXT, "happened_at": _TEXT, "copy_of": _TEXT, "title": _TEXT,
    "prompt": _FLAG,
}  # fmt: skip
"""Keys of `[[model.version]]`."""

SERVED: Final[dict[str, tuple[type, ...]]] = {"version": _TEXT, "since": _TEXT, "until": _TEXT}
"""Keys of each entry of an endpoint's `serves` and a job's `uses`."""

CORRECT: Final[dict[str, tuple[type, ...]]] = {"rule": _TEXT, "tolerance": _WEIGHT, "positive": (str, int)}
"""Keys of `[product.correct]`."""

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "team": ("name",), "product": ("name",), "owner": ("team", "assets"), "title": ("asset", "title"),
    "endpoint": ("name",), "dataset": ("key",), "job": ("key",), "resource": ("id", "used_by"),
    "alias": ("name", "means"), "experiment": ("name",), "model": ("name",), "use": ("version", "by"),
    "predictions": ("version", "by", "months"), "rule": ("name", "match"), "version": ("version",),
    "serves": ("version",), "uses": ("version",), "correct": ("rule",),
}  # fmt: skip

TYPES: Final = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    bool: "true or false",
}
