"""What is a model: its versions with what each measured, what it was made of, who uses it, and what it took?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from sqlalchemy import Connection

from trivium.facts.instants import Instant
from trivium.facts.keys import AssetKey, parse
from trivium.facts.money import add
from trivium.finops.inflows import Inflow, Inflows
from trivium.finops.loaded import runs_of, served
from trivium.graph.identity import names_of
from trivium.graph.made import place_of, reads_of, runs_behind, users_of
from trivium.mlops.registry.listing import model_known, versions_known
from trivium.mlops.registry.records import ModelVersion, RegisteredModel
from trivium.mlops.tracking.lookup import logged_among
from trivium.mlops.tracking.reading import RunRow, data_of
from trivium.mlops.tracking.records import RunData


class VersionCard(msgspec.Struct, frozen=True, kw_only=True):
    """One version. `run` is the run that a client logged, of those that made it; `told` is what that said of itself.

    `registered` is what the registry says, None where nobody registered it there; `at` its registration in the graph.
    `known` says whether its origin is; `build` + `run_cost` = `total`, to date.
    """

    version: str
    number: str
    registered: ModelVersion | None
    at: Instant | None
    runs: tuple[str, ...]
    run: RunRow | None
    told: RunData
    data: tuple[str, ...]
    users: tuple[str, ...]
    known: bool
    build: Decimal
    run_cost: Decimal
    total: Decimal


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """A model; `registered` is None where only lineage and declarations know it. The newest version comes first."""

    model: str
    registered: RegisteredModel | None
    versions: tuple[VersionCard, ...]


def model_card(connection: Connection, inflows: Inflows, model: str, at: Instant) -> ModelCard:
    """Join what the registry, the graph and the books know of a model (by canonical key)."""
    name = parse(model).name
    told, flows = versions_known(connection, name), inflows.books.flows
    keys = {str(AssetKey("model", name, version=number)): one for number, one in told.items()}
    mine = {key for key in flows.versions.keys if key.startswith(f"{model}/")} | set(keys)
    numbered = sorted(mine, key=_order, reverse=True)
    return ModelCard(
        model=model,
        registered=model_known(connection, name),
        versions=tuple(version_cards(connection, inflows, numbered, keys, at)),
    )


def version_cards(
    connection: Connection, inflows: Inflows, versions: Sequence[str], told: dict[str, ModelVersion], at: Instant
) -> list[VersionCard]:
    """Tell of versions, in their order; `told` is what the registry says of them, by key."""
    flows = inflows.books.flows
    built = inflows.months({flows.names.get(key, key) for key in versions})
    return [_card(connection, inflows, key, told.get(key), built[flows.names.get(key, key)], at) for key in versions]


def _card(
    connection: Connection, inflows: Inflows, key: str, told: ModelVersion | None, months: Sequence[Inflow], at: Instant
) -> VersionCard:
    books, flows = inflows.books, inflows.books.flows
    runs, place = runs_behind(flows, key), place_of(flows.versions.keys, key)
    run = logged_among(connection, [*_registered(told), *(name for one in runs for name in names_of(connection, one))])
    build = add(*(one.amount for one in months))
    run_cost = add(*(amount for book in books.months for amount in served(book, flows, key).values()))
    return VersionCard(
        version=key,
        number=parse(key).version,
        registered=told,
        at=int(flows.versions.at[place]) if place >= 0 else None,
        runs=runs,
        run=run,
        told=data_of(connection, [run])[0] if run else RunData(),
        data=reads_of(flows, runs),
        users=users_of(flows, key, at),
        known=bool(runs_of(flows, key)),
        build=build,
        run_cost=run_cost,
        total=add(build, run_cost),
    )


def _registered(told: ModelVersion | None) -> list[str]:
    return [told.run_id] if told is not None and isinstance(told.run_id, str) and told.run_id else []


def _order(key: str) -> tuple[int, str]:
    """Order versions by number; those without one come last."""
    number = parse(key).version
    return (int(number), "") if number.isascii() and number.isdigit() and len(number) < 19 else (-1, number)
