"""What is one model: its versions with what each measured, what it was made of, and what it took?"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.cost_per_accurate_prediction import figure
from trivium.entrypoints.answers.measured import METRICS, values_of
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.run_show import Said
from trivium.entrypoints.answers.terms import ARGUMENT, SPREAD, Currency, CurrencyText, money, words, written
from trivium.evidence.model_card import ModelCard, VersionCard, model_card
from trivium.facts.keys import AssetKey, parse
from trivium.facts.problem import refuse, shown
from trivium.graph.assets import asset as find_asset
from trivium.mlops.registry.records import ModelVersion

JUDGED: Final = 12
"""Of how many versions, the newest first, the cost per accurate prediction is told."""
UNKNOWN: Final = words(absent="origin unknown: no run is known that made it")


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    model: Annotated[str, Meta(description="The model, model:NAME, or only its name.", extra=ARGUMENT)]
    currency: Currency = ""


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One version."""

    version: Annotated[str, Meta(description="Its key.")]
    number: Annotated[str, Meta(description="Its number.")]
    stage: Annotated[
        str, Meta(description="Its stage in the registry; empty where it has none.", extra=words(absent="none"))
    ]
    aliases: Annotated[tuple[str, ...], Meta(description="Its aliases.", extra=words(absent="none"))]
    description: Annotated[str, Meta(description="What its registry says of it.", extra=words(absent="-"))]
    registered: Annotated[
        str | None,
        Meta(description="When it was registered; null where nobody said.", extra=words(absent="nobody said")),
    ]
    run: Annotated[
        str, Meta(description="The run that made it, by key; empty where none is known.", extra=words(absent="unknown"))
    ]
    run_name: Annotated[str, Meta(description="What that run is called.", extra=words(absent="-"))]
    data: Annotated[
        tuple[str, ...],
        Meta(description="The datasets that it was made of, by key.", extra=words(absent="none is known")),
    ]
    users: Annotated[
        tuple[str, ...],
        Meta(description="The endpoints and jobs that use it now.", extra=words(absent="nobody uses it now")),
    ]
    build: Annotated[
        str | None, Meta(description="What it took to make it: runs, data, trials, to date.", extra=UNKNOWN)
    ]
    run_cost: Annotated[
        str | None, Meta(description="Its share of what its endpoints and their tokens cost, to date.", extra=UNKNOWN)
    ]
    total: Annotated[str | None, Meta(description="build + run_cost.", extra=UNKNOWN)]
    per_accurate: Annotated[
        str | None,
        Meta(
            description="What one accurate prediction of it cost, from the beginning to now, rounded to 6 decimals; "
            "null where there is no figure.",
            extra=words(absent="no figure"),
        ),
    ]
    values: Annotated[
        dict[str, float | str | None],
        Meta(description="The latest value of each metric of its run, by `metrics.NAME`.", extra=SPREAD),
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a model, the newest version first."""

    model: Annotated[str, Meta(description="Its key.")]
    name: Annotated[str, Meta(description="Its name.")]
    is_registered: Annotated[bool, Meta(description="Whether an MLflow client registered it.")]
    description: Annotated[str, Meta(description="What its registry says of it.", extra=words(absent="-"))]
    tags: Annotated[tuple[Said, ...], Meta(description="Its tags.")]
    owners: Annotated[
        tuple[str, ...], Meta(description="The teams that answer for it.", extra=words(absent="nobody is declared"))
    ]
    products: Annotated[
        tuple[str, ...], Meta(description="The products that it is part of.", extra=words(absent="none is declared"))
    ]
    currency: CurrencyText
    versions: Annotated[
        tuple[VersionLine, ...], Meta(description="Its versions.", extra=words(absent="it has no version yet"))
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Show a model."""
    asked = parse(params.model if params.model.startswith("model:") else str(AssetKey("model", params.model)))
    keeping = rooms.bookkeeping
    state = keeping.state()
    currency = keeping.currency(params.currency, state)
    key = keeping.name(str(AssetKey("model", asked.name)), state)
    if not key.startswith("model:"):
        title = f"{shown(params.model)} is no model: it is {key}."
        raise refuse("no_model", title, where="model", fix="Name a model, as model:NAME.")
    inflows = keeping.inflows(currency, state)
    with keeping.graph(state) as connection:
        card = model_card(connection, inflows, key, state.until)
        found = find_asset(connection, key)
    if card.registered is None and not card.versions:
        keeping.check_known(key, state)
    return Answer(
        model=key,
        name=parse(key).name,
        is_registered=card.registered is not None,
        description=card.registered.description if card.registered else "",
        tags=tuple(Said(name=one.key, value=one.value) for one in card.registered.tags) if card.registered else (),
        owners=found.owners if found else (),
        products=found.products if found else (),
        currency=currency,
        versions=_lines(rooms, state, currency, card),
    )


def _lines(rooms: Rooms, state: State, currency: str, card: ModelCard) -> tuple[VersionLine, ...]:
    metrics = sorted({one.key for version in card.versions for one in version.told.metrics})
    return tuple(
        _line(
            one, [f"{METRICS}{name}" for name in metrics], currency, _per_accurate(rooms, state, currency, one, place)
        )
        for place, one in enumerate(card.versions)
    )


def _per_accurate(rooms: Rooms, state: State, currency: str, one: VersionCard, place: int) -> str | None:
    """Give what an accurate prediction cost over a version's life; None where there is none, or the version is old."""
    if not currency or place >= JUDGED:
        return None
    found = rooms.bookkeeping.kept(
        "per accurate", state, lambda: figure(rooms, state, currency, "", one.version), currency, one.version
    )
    value = found.lifetime.value
    return None if value is None else money(value)


def _line(one: VersionCard, metrics: list[str], currency: str, per_accurate: str | None) -> VersionLine:
    values, told = values_of(one.told), one.registered
    priced = one.known and bool(currency)
    return VersionLine(
        version=one.version, number=one.number, stage=_stage(told), aliases=told.aliases if told else (),
        description=told.description if told and isinstance(told.description, str) else "",
        registered=written(one.at), run=f"run:{one.run.id}" if one.run else next(iter(one.runs), ""),
        run_name=one.run.name if one.run else "", data=one.data, users=one.users,
        build=money(one.build) if priced else None, run_cost=money(one.run_cost) if priced else None,
        total=money(one.total) if priced else None, per_accurate=per_accurate,
        values={name: values.get(name) for name in metrics},
    )  # fmt: skip


def _stage(told: ModelVersion | None) -> str:
    """Give the stage that a version was put in; the one of all that nobody put anywhere says nothing."""
    return "" if told is None or told.current_stage == "None" else told.current_stage
