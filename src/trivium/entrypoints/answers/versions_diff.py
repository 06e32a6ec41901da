"""In what do two versions of a model differ: params, metrics, data, cost?"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.measured import METRICS, PARAMS, Value, columns_known, values_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT, Currency, CurrencyText, money, words
from trivium.evidence.version_difference import Side, side
from trivium.facts.keys import kind_of, parse
from trivium.facts.money import add
from trivium.facts.problem import refuse, shown
from trivium.finops.books import Books
from trivium.mlops.registry.listing import versions_known
from trivium.mlops.tracking.records import Run

_PARTS: Final = ("direct", "upstream", "trials", "build", "serving", "tokens", "run", "total")
_KINDS: Final = {METRICS: "metric", PARAMS: "param"}
UNKNOWN: Final = words(absent="origin unknown")


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    one: Annotated[str, Meta(description="A version, model:NAME/NUMBER.", extra=ARGUMENT)]
    other: Annotated[str, Meta(description="The version to hold it against.", extra=ARGUMENT)]
    currency: Currency = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A param or a metric of the two."""

    kind: Annotated[str, Meta(description="metric or param.")]
    name: Annotated[str, Meta(description="Its name.")]
    differs: Annotated[bool, Meta(description="Whether the two differ in it; one that lacks it differs.")]
    one: Annotated[
        float | str | None, Meta(description="Its value in the first; null without.", extra=words(absent="-"))
    ]
    other: Annotated[
        float | str | None, Meta(description="Its value in the second; null without.", extra=words(absent="-"))
    ]
    change: Annotated[
        float | None, Meta(description="Second minus first, of numbers; null of others.", extra=words(absent="-"))
    ]


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that one or both were made of."""

    dataset: Annotated[str, Meta(description="Its key, or the name that an MLflow client gave it.")]
    made: Annotated[
        Literal["both", "only the first", "only the second", "changed"],
        Meta(description="Which were made of it; `changed` where both were, of different content."),
    ]
    one: Annotated[str, Meta(description="What its content came down to for the first.", extra=words(absent="-"))]
    other: Annotated[str, Meta(description="What its content came down to for the second.", extra=words(absent="-"))]


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what they took."""

    part: Annotated[str, Meta(description="direct, upstream, trials, build, serving, tokens, run or total.")]
    one: Annotated[str | None, Meta(description="What the first took.", extra=UNKNOWN)]
    other: Annotated[str | None, Meta(description="What the second took.", extra=UNKNOWN)]
    change: Annotated[str | None, Meta(description="Second minus first.", extra=words(absent="unknown"))]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions side by side: what differs comes first."""

    one: Annotated[str, Meta(description="The first version, by key.")]
    other: Annotated[str, Meta(description="The second version, by key.")]
    one_run: Annotated[str, Meta(description="The run that made the first; empty if none is known.",
                                 extra=words(absent="unknown"))]  # fmt: skip
    other_run: Annotated[str, Meta(description="The run that made the second; empty if none is known.",
                                   extra=words(absent="unknown"))]  # fmt: skip
    currency: CurrencyText
    differing: Annotated[int, Meta(description="In how many params and metrics they differ.")]
    rows: Annotated[
        tuple[Row, ...], Meta(description="Params and metrics.", extra=words(absent="no client logged any"))
    ]
    data: Annotated[
        tuple[Dataset, ...], Meta(description="What they were made of.", extra=words(absent="nothing is known of it"))
    ]
    cost: Annotated[
        tuple[CostRow, ...], Meta(description="What they took, to date.", extra=words(absent="no charge is known"))
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Hold two versions against each other."""
    keeping = rooms.bookkeeping
    state = keeping.state()
    currency = keeping.currency(params.currency, state)
    books = keeping.books(currency, state)
    with keeping.graph(state) as connection:
        one, other = (
            _side(rooms, connection, books, state, asked, where)
            for asked, where in ((params.one, "one"), (params.other, "other"))
        )
    rows = sorted(_rows(one, other), key=lambda row: not row.differs)
    return Answer(
        one=one.version,
        other=other.version,
        one_run=f"run:{one.row.id}" if one.row else "",
        other_run=f"run:{other.row.id}" if other.row else "",
        currency=currency,
        differing=sum(row.differs for row in rows),
        rows=tuple(rows),
        data=tuple(_data(one, other)),
        cost=tuple(_cost(part, one, other) for part in _PARTS) if currency else (),
    )


def _side(rooms: Rooms, connection: Connection, books: Books, state: State, asked: str, where: str) -> Side:
    """Tell of one version; refuses what is none, and one that nobody knows."""
    key = rooms.bookkeeping.name(asked, state)
    named = parse(key)
    if kind_of(key) != "model" or not named.version:
        raise refuse("no_version", f"{shown(asked)} is no model version.", where=where, fix="Write model:NAME/NUMBER.")
    told = versions_known(connection, named.name).get(named.version)
    if told is None:
        rooms.bookkeeping.check_known(key, state)
    run = told.run_id if told is not None and isinstance(told.run_id, str) else ""
    return side(connection, books, key, (run,) if run else ())


def _rows(one: Side, other: Side) -> list[Row]:
    first, second = (values_of(each.run.data) if each.run else {} for each in (one, other))
    columns = [name for name in columns_known([first, second]) if name.startswith(tuple(_KINDS))]
    return [_row(name, first.get(name), second.get(name)) for name in columns]


def _row(column: str, one: Value, other: Value) -> Row:
    kind, _, name = column.partition(".")
    change = other - one if isinstance(one, float) and isinstance(other, float) else None
    return Row(kind=_KINDS[f"{kind}."], name=name, differs=one != other, one=one, other=other, change=change)


def _data(one: Side, other: Side) -> list[Dataset]:
    """List the datasets: those that MLflow's clients named with their digests, and those of the graph by key."""
    found = [
        Dataset(dataset=name, made=_made(name in one.data, name in other.data), one="", other="")
        for name in sorted({*one.data, *other.data})
    ]
    first, second = _digests(one.run), _digests(other.run)
    for name in sorted({*first, *second}):
        before, after = first.get(name, ""), second.get(name, "")
        made = _made(name in first, name in second)
        made = "changed" if made == "both" and before != after else made
        found.append(Dataset(dataset=name, made=made, one=before, other=after))
    return sorted(found, key=lambda row: row.made == "both")


def _made(first: bool, second: bool) -> Literal["both", "only the first", "only the second", "changed"]:
    return "both" if first and second else "only the first" if first else "only the second"


def _digests(run: Run | None) -> dict[str, str]:
    """Give what the inputs of a run came down to, by name; of several of one name all, sorted."""
    found: dict[str, list[str]] = {}
    for one in run.inputs.dataset_inputs if run else ():
        found.setdefault(one.dataset.name, []).append(one.dataset.digest)
    return {name: ", ".join(sorted(digests)) for name, digests in found.items()}


def _cost(part: str, one: Side, other: Side) -> CostRow:
    first, second = (_part(part, each) for each in (one, other))
    change = None if first is None or second is None else add(second, first.copy_negate())
    return CostRow(
        part=part,
        one=None if first is None else money(first),
        other=None if second is None else money(second),
        change=None if change is None else money(change),
    )


def _part(part: str, each: Side) -> Decimal | None:
    """Give a part of what a version took; None where its origin decides it and is unknown."""
    amount: Decimal = getattr(each.cost, part)
    return amount if each.cost.known or part in {"serving", "tokens", "run"} else None
