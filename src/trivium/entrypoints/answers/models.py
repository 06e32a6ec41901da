"""Which models are there, and how far has each come?"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import LARGEST, Currency, money, words, written
from trivium.entrypoints.answers.tracked import CostCurrency, Costs, instant_ms
from trivium.facts.keys import AssetKey, parse
from trivium.finops.beside import totals_of
from trivium.finops.loaded import is_version
from trivium.mlops.registry.listing import versions_counted
from trivium.mlops.registry.reading import whole_models
from trivium.mlops.registry.records import RegisteredModel
from trivium.mlops.search.models import ModelSearch, select_models
from trivium.mlops.search.written import parts_of


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    filter: Annotated[
        str, Meta(description="What must hold, in MLflow's grammar: `name LIKE 'triage%' AND tags.task = 'triage'`.")
    ] = ""
    order_by: Annotated[
        str, Meta(description="What to order by, in MLflow's grammar: `last_updated_timestamp DESC`; usually by name.")
    ] = ""
    costs: Costs = False
    currency: Currency = ""
    start: Annotated[int, Meta(description="How many to leave out at the beginning.", ge=0, le=LARGEST)] = 0
    limit: Annotated[int, Meta(description="How many are listed at most.", ge=1, le=LARGEST)] = 100


class ModelLine(msgspec.Struct, frozen=True, kw_only=True):
    """One model."""

    model: Annotated[str, Meta(description="Its key.")]
    name: Annotated[str, Meta(description="Its name.")]
    description: Annotated[str, Meta(description="What its registry says of it.", extra=words(absent="-"))]
    versions: Annotated[int, Meta(description="How many versions it has.")]
    latest: Annotated[
        str, Meta(description="The key of its newest version; empty without one.", extra=words(absent="none"))
    ]
    aliases: Annotated[
        tuple[str, ...], Meta(description="Its aliases, each as `ALIAS/VERSION`.", extra=words(absent="none"))
    ]
    updated: Annotated[
        str | None,
        Meta(description="When its registry last changed; null where only lineage or declarations know it.",
             extra=words(absent="not registered with MLflow")),
    ]  # fmt: skip
    cost: Annotated[
        str | None,
        Meta(description="What its newest version took, build and run, to date; null where it was not asked for, no "
             "charge is known, or its origin is unknown.", extra=words(absent="unknown")),
    ]  # fmt: skip


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Models by name, unless another order is asked."""

    total: Annotated[int, Meta(description="How many models match.")]
    currency: CostCurrency
    models: Annotated[
        tuple[ModelLine, ...], Meta(description="The models.", extra=words(absent="no model is called that"))
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List models: those of the registry, and without a filter also those that only lineage or declarations know."""
    keeping = rooms.bookkeeping
    state = keeping.state()
    search = ModelSearch(filter=params.filter, order_by=parts_of(params.order_by))
    with rooms.ledger.reading() as connection:
        names = [row.name for row in connection.execute(select_models(search))]
        known = _in_graph(rooms, state)
        if not params.filter:
            names += sorted(set(known) - set(names))
            names = names if params.order_by else sorted(names)
        shown = names[params.start : params.start + params.limit]
        told = {one.name: one for one in whole_models(connection, shown)}
        counts = _counts(connection, shown)
    latest = {name: _latest(name, counts.get(name, (0, 0))[1], known.get(name, ())) for name in shown}
    currency, costs = _costs(rooms, state, [key for key in latest.values() if key], params)
    return Answer(
        total=len(names),
        currency=currency,
        models=tuple(
            _line(name, told.get(name), _count(counts.get(name, (0, 0))[0], known.get(name, ())), latest[name], costs)
            for name in shown
        ),
    )


def _in_graph(rooms: Rooms, state: State) -> dict[str, tuple[str, ...]]:
    """Give the models of which lineage or a declaration tells, by name, with the numbers of their versions."""
    found: dict[str, list[str]] = {}
    for one in rooms.bookkeeping.assets(state):
        if one.kind == "model":
            key = parse(one.key)
            found.setdefault(key.name, []).extend([key.version] if key.version else [])
    return {name: tuple(versions) for name, versions in found.items()}


def _counts(connection: Connection, names: list[str]) -> dict[str, tuple[int, int]]:
    return versions_counted(connection, msgspec.json.encode(names).decode())


def _count(registered: int, known: tuple[str, ...]) -> int:
    return max(registered, len(known))


def _latest(name: str, registered: int, known: tuple[str, ...]) -> str:
    numbers = [int(one) for one in known if one.isascii() and one.isdigit() and len(one) < 19]
    number = max([registered, *numbers], default=0)
    if number:
        return str(AssetKey("model", name, version=str(number)))
    return str(AssetKey("model", name, version=max(known))) if known else ""


def _costs(rooms: Rooms, state: State, versions: list[str], params: Params) -> tuple[str, dict[str, Decimal]]:
    """Give what versions took, as the answer about one gives it; those of unknown origin are left out."""
    if not params.costs:
        return "", {}
    keeping = rooms.bookkeeping
    currency = keeping.currency(params.currency, state)
    if not currency:
        return "", {}
    inflows = keeping.inflows(currency, state)
    return currency, {one.asset: one.total for one in totals_of(inflows, versions) if one.total is not None}


def _line(name: str, told: RegisteredModel | None, count: int, latest: str, costs: dict[str, Decimal]) -> ModelLine:
    cost = costs.get(latest)
    assert not latest or is_version(latest)
    return ModelLine(
        model=str(AssetKey("model", name)),
        name=name,
        description=told.description if told else "",
        versions=count,
        latest=latest,
        aliases=tuple(f"{one.alias}/{one.version}" for one in told.aliases) if told else (),
        updated=written(instant_ms(told.last_updated_timestamp)) if told else None,
        cost=None if cost is None else money(cost),
    )
