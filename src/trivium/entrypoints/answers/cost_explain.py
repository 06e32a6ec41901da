"""Where did an asset's cost come from, down to the charges?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.cost_show import BESIDE, RunsTook, Span
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    AsOf,
    AssetText,
    Currency,
    CurrencyText,
    Key,
    Known,
    Unit,
    When,
    instant_of,
    money,
)
from trivium.facts.instants import format_instant
from trivium.facts.keys import kind_of
from trivium.facts.problem import ProblemError, refuse
from trivium.finops.beside import runs_took, version_totals
from trivium.finops.explain import ChargeShare, Explanation, explain
from trivium.finops.explain import Part as PartOfCost

_NAMED = 20
"""How many versions a refusal names, the last ones."""
Depth = Annotated[
    int,
    Meta(
        description="How many assets deep; deeper paths, and all beyond 5,000 parts, are one part named `…`.",
        ge=1,
        le=64,
    ),
]
Width = Annotated[int, Meta(description="How many parts of each asset are shown; smaller ones are one.", ge=1, le=1000)]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    key: Key
    period: Span = ""
    depth: Depth = 4
    limit: Width = 50
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """The share of a group of charges that ended here."""

    resource: Annotated[str, Meta(description="The billed resource's id; empty where the charge names none.")]
    service: Annotated[str, Meta(description="FOCUS ServiceName.")]
    category: Annotated[str, Meta(description="FOCUS ChargeCategory.")]
    start: Annotated[str, Meta(description="The start of the charge period.")]
    end: Annotated[str, Meta(description="The end of the charge period.")]
    rows: Annotated[int, Meta(description="How many rows of the bill are in the group.")]
    basis: Annotated[str, Meta(description="How the charge was allocated.")]
    amount: Annotated[str, Meta(description="The share of the charge that ended here.")]
    late: Annotated[bool, Meta(description="Whether it belongs to an earlier, closed month.")] = False


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One asset in the explanation: amount = Σ parts + Σ charges, unless it is `…`."""

    asset: Annotated[str, Meta(description="The asset's key, or `…` for what is not shown.")]
    amount: Annotated[str, Meta(description="What came from here.")]
    basis: Annotated[str, Meta(description="The basis of most of the amount.")]
    parts: Annotated[tuple[Part, ...], Meta(description="What it is made of.")] = ()
    charges: Annotated[tuple[Charge, ...], Meta(description="Its own charges.")] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What poured into an asset, as a tree: total = Σ parts + Σ charges."""

    asset: AssetText
    currency: CurrencyText
    period: Annotated[str, Meta(description="The month, or `to date`.")]
    as_of: When
    total: Annotated[str, Meta(description="The build of its loaded cost.")]
    parts: Annotated[tuple[Part, ...], Meta(description="The assets it came from, the largest first.")]
    charges: Annotated[tuple[Charge, ...], Meta(description="Charges of its own.")]
    runs_took: RunsTook = None
    unit: Unit = "nano"


def ask(rooms: Rooms, params: Params) -> Answer:
    """Explain the cost of an asset: the same pours backwards, down to charges."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    month = keeping.month(params.period, currency, state) if params.period else None
    asset = keeping.name(params.key, state)

    def made() -> Explanation:
        books = keeping.books(currency, state)
        return explain(books, asset, month, depth=params.depth, limit=params.limit)

    found = keeping.kept("explanation", state, made, currency, asset, month, params.depth, params.limit)
    if not found.total:
        keeping.check_known(asset, state)
    inflows = keeping.inflows(currency, state) if kind_of(asset) in BESIDE else None
    if inflows and (versions := version_totals(inflows, asset, month)):
        raise _name_a_version(asset, [one.asset for one in versions])
    took = runs_took(inflows, asset, month) if inflows else None
    return Answer(
        asset=asset,
        currency=currency,
        period=found.period,
        as_of=format_instant(state.as_of),
        total=money(found.total),
        parts=tuple(_part(part) for part in found.parts),
        charges=tuple(_charge(share) for share in found.charges),
        runs_took=None if took is None else money(took),
        unit=found.unit,
    )


def _name_a_version(model: str, versions: list[str]) -> ProblemError:
    named = ", ".join(versions[-_NAMED:])
    title = f"Cost stands at the versions of {model}, not at the model."
    return refuse("name_a_version", title, status=422, where="key", fix=f"Ask for one of its versions: {named}.")


def _part(part: PartOfCost) -> Part:
    return Part(
        asset=part.asset,
        amount=money(part.amount),
        basis=part.basis,
        parts=tuple(_part(below) for below in part.parts),
        charges=tuple(_charge(share) for share in part.charges),
    )


def _charge(share: ChargeShare) -> Charge:
    return Charge(
        resource=share.resource,
        service=share.service,
        category=share.category,
        start=format_instant(share.start),
        end=format_instant(share.end),
        rows=share.rows,
        basis=share.basis,
        amount=money(share.amount),
        late=share.late,
    )
