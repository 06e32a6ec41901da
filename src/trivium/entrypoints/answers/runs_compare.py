"""In what do runs differ, param by param and metric by metric?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.measured import METRICS, PARAMS, TAGS, Value, columns_known, values_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import SPREAD, Currency, words
from trivium.entrypoints.answers.tracked import CostCurrency, Costs, RunLine, costs_of, run_line
from trivium.facts.problem import refuse
from trivium.mlops.search.written import parts_of
from trivium.mlops.tracking.lookup import run_known
from trivium.mlops.tracking.reading import data_of

RUNS_MAX: Final = 50
_WORDS: Final = {METRICS: "metric", PARAMS: "param", TAGS: "tag"}


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    runs: Annotated[str, Meta(description="The runs, by id or key, separated by commas.")]
    costs: Costs = False
    currency: Currency = ""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One param, metric or tag in all runs."""

    kind: Annotated[str, Meta(description="param, metric or tag.")]
    name: Annotated[str, Meta(description="Its name.")]
    differs: Annotated[bool, Meta(description="Whether the runs differ in it; one that lacks it differs.")]
    values: Annotated[
        dict[str, float | str | None],
        Meta(description="Its value in each run, by the run's key; null where it has none.", extra=SPREAD),
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Runs side by side: what differs comes first, metrics before params before tags."""

    currency: CostCurrency
    runs: Annotated[tuple[RunLine, ...], Meta(description="The runs, in the order in which they were named.")]
    differing: Annotated[int, Meta(description="In how many params, metrics and tags they differ.")]
    rows: Annotated[tuple[Comparison, ...], Meta(description="What they say.", extra=words(absent="they say nothing"))]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Compare runs."""
    names = tuple(dict.fromkeys(parts_of(params.runs)))
    if not 1 <= len(names) <= RUNS_MAX:
        title = f"{len(names)} runs are named; a comparison is of 1 to {RUNS_MAX}."
        raise refuse("bad_parameter", title, where="runs", fix="Name the runs by id, with commas between.")
    with rooms.ledger.reading() as connection:
        found = [run_known(connection, name) for name in names]
        values = [values_of(data) for data in data_of(connection, found)]
    keys = [f"run:{row.id}" for row in found]
    currency, costs = costs_of(rooms, keys, params.currency) if params.costs else ("", {})
    rows = sorted((_row(name, keys, values) for name in columns_known(values)), key=lambda row: not row.differs)
    return Answer(
        currency=currency,
        runs=tuple(run_line(row, {}, costs.get(key)) for row, key in zip(found, keys, strict=True)),
        differing=sum(row.differs for row in rows),
        rows=tuple(rows),
    )


def _row(column: str, runs: Sequence[str], values: Sequence[dict[str, Value]]) -> Comparison:
    kind, _, name = column.partition(".")
    told = tuple(run.get(column) for run in values)
    return Comparison(
        kind=_WORDS[f"{kind}."], name=name, differs=len(set(told)) > 1, values=dict(zip(runs, told, strict=True))
    )
