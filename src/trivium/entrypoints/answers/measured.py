"""Which values of a run stand in which column: metrics, params and tags under one spelling, `metrics.NAME`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from trivium.facts.problem import refuse, shown
from trivium.mlops.search.written import parts_of
from trivium.mlops.tracking.records import RunData

Value = float | str | None
METRICS: Final = "metrics."
PARAMS: Final = "params."
TAGS: Final = "tags."
_KINDS: Final = (METRICS, PARAMS, TAGS)
OWN_TAGS: Final = ("mlflow.", "openlineage.", "trivium.")
"""How the tags begin that clients set themselves."""
CHOSEN: Final = 5
"""How many metrics and how many params are shown where nobody chose columns."""


def values_of(data: RunData) -> dict[str, Value]:
    """Give all that a run told of itself, by column: the latest value of each metric, params, tags that people set."""
    found: dict[str, Value] = {f"{METRICS}{one.key}": one.value for one in data.metrics}
    found |= {f"{PARAMS}{one.key}": one.value for one in data.params}
    return found | {f"{TAGS}{one.key}": one.value for one in data.tags if not one.key.startswith(OWN_TAGS)}


def columns_known(runs: Iterable[Mapping[str, Value]]) -> tuple[str, ...]:
    """List the columns that any of some runs has: metrics, params, tags, each by name."""
    names = {name for run in runs for name in run}
    return tuple(sorted(names, key=lambda name: (_rank(name), name)))


def columns_asked(text: str) -> tuple[str, ...]:
    """Read columns that a person chose; refuses a name that says not what it is of."""
    names = tuple(dict.fromkeys(name.replace("`", "") for name in parts_of(text)))
    for name in names:
        if not name.startswith(_KINDS) or name in _KINDS:
            title = f"{shown(name)} names no column."
            raise refuse("bad_column", title, where="columns", fix="Write metrics.NAME, params.NAME or tags.NAME.")
    return names


def columns_usual(runs: Sequence[Mapping[str, Value]]) -> tuple[str, ...]:
    """Choose columns where nobody did: the first metrics, and the first params that differ among the runs."""
    known = columns_known(runs)
    metrics = [name for name in known if name.startswith(METRICS)][:CHOSEN]
    params = [name for name in known if name.startswith(PARAMS)]
    differing = [name for name in params if len({run.get(name) for run in runs}) > 1]
    return (*metrics, *(differing or params)[:CHOSEN])


def _rank(name: str) -> int:
    return next(place for place, kind in enumerate(_KINDS) if name.startswith(kind))
