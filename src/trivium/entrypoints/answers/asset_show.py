"""What is one asset: its thread, its quality, what it took, who has it, what to do next?"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.dataops.quality import QualityCard
from trivium.entrypoints.answers.advice import Step, steps_of
from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.facts import FactLine, line_of
from trivium.entrypoints.answers.names import Names
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    Amount,
    AsOf,
    AssetText,
    Currency,
    CurrencyText,
    Key,
    Known,
    Period,
    When,
    instant_of,
    money,
    words,
    written,
)
from trivium.evidence.asset_card import AssetCard, asset_card
from trivium.evidence.asset_card import Serving as VersionInUse
from trivium.evidence.next_steps import Situation
from trivium.facts.fact import RecordedFact
from trivium.facts.instants import format_instant
from trivium.facts.keys import kind_of
from trivium.facts.period import Period as MonthPeriod
from trivium.finops.loaded import DIVIDED
from trivium.graph.assets import facts_about

OWNABLE = frozenset({"dataset", "job", "experiment", "model", "endpoint", "product"})


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    key: Key
    period: Period = ""
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """An asset on the thread."""

    asset: Annotated[str, Meta(description="Its key.")]
    kind: Annotated[str, Meta(description="Its kind.")]
    title: Annotated[str, Meta(description="What people call it, else the end of its name.")]
    distance: Annotated[int, Meta(description="Steps away: negative upstream, 0 for the asset itself.")]
    cost: Annotated[
        str | None,
        Meta(
            description="What it took; null where no money can be known.",
            extra=words(absent="unknown: no money is counted here"),
        ),
    ]
    state: Annotated[str, Meta(description="A dataset's quality: failing, warning, passing, unknown; else empty.")]


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A way that content goes, and money with it."""

    source: Annotated[str, Meta(description="Where it comes from.")]
    target: Annotated[str, Meta(description="Where it goes.")]
    amount: Annotated[
        str | None,
        Meta(
            description="What poured along it to date; null where nothing did directly.",
            extra=words(absent="nothing directly"),
        ),
    ]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what the asset took."""

    name: Annotated[str, Meta(description="direct, upstream, trials, serving, tokens, or an asset's key.")]
    amount: Amount
    share: Annotated[str, Meta(description="Its part of the total, of one, as decimal text.")]


class MonthCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one month brought."""

    month: Annotated[str, Meta(description="The month.")]
    build: Annotated[str, Meta(description="What poured in.")]
    run: Annotated[str, Meta(description="What serving it cost.")]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check as it stands."""

    check: Annotated[str, Meta(description="Its name.")]
    column: Annotated[str, Meta(description="The column that it looks at; empty for the whole dataset.")]
    passed: Annotated[bool, Meta(description="Whether its latest result passed.")]
    at: When
    expected: Annotated[str, Meta(description="What was expected.")]
    actual: Annotated[str, Meta(description="What was found.")]


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How a dataset is."""

    state: Annotated[str, Meta(description="failing, warning, passing or unknown.")]
    kept: Annotated[int, Meta(description="How many checks hold.")]
    total: Annotated[int, Meta(description="How many checks there are.")]
    checks: Annotated[tuple[Check, ...], Meta(description="Each check as it stands.")]
    failing_since: Annotated[
        str | None,
        Meta(description="Since when a check fails; null when none does.", extra=words(absent="no check fails")),
    ]
    last_write: Annotated[
        str | None,
        Meta(
            description="When it was last written; null when never.",
            extra=words(absent="no run is known that wrote it"),
        ),
    ]
    rows: Annotated[
        int | None,
        Meta(
            description="The newest count of its rows; null when nobody counted.",
            extra=words(absent="unknown: nobody counted them"),
        ),
    ]


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """How the datasets are that the asset stands on, itself among them."""

    datasets: Annotated[int, Meta(description="How many there are.")]
    checks: Annotated[int, Meta(description="How many checks look at them.")]
    kept: Annotated[int, Meta(description="How many of those hold.")]
    bad: Annotated[tuple[str, ...], Meta(description="The datasets that fail.")]


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """A model version in use."""

    registered_at: Annotated[
        str | None,
        Meta(
            description="When it was registered; null when nobody did.",
            extra=words(absent="unknown: nobody registered it"),
        ),
    ]
    runs: Annotated[int, Meta(description="From how many runs it was made.")]
    users: Annotated[
        tuple[str, ...],
        Meta(description="The endpoints and jobs that use it now.", extra=words(absent="nobody uses it now")),
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one asset."""

    asset: AssetText
    kind: Annotated[str, Meta(description="Its kind.")]
    title: Annotated[str, Meta(description="What people call it, else the end of its name.")]
    documentation: Annotated[
        str, Meta(description="What its producer says of it.", extra=words(absent="its producer says nothing of it"))
    ]
    names: Annotated[tuple[str, ...], Meta(description="Its other names.")]
    owners: Annotated[
        tuple[str, ...], Meta(description="The teams that answer for it.", extra=words(absent="nobody is declared"))
    ]
    products: Annotated[
        tuple[str, ...], Meta(description="The products that it is part of.", extra=words(absent="none is declared"))
    ]
    first_at: Annotated[
        str | None,
        Meta(
            description="When it was first mentioned; null when it is only declared.",
            extra=words(absent="no event names it: it is declared or billed"),
        ),
    ]
    last_at: Annotated[
        str | None,
        Meta(
            description="When it was last mentioned; null when it is only declared.",
            extra=words(absent="no event names it: it is declared or billed"),
        ),
    ]
    as_of: When
    currency: CurrencyText
    origin_known: Annotated[bool, Meta(description="Whether the origin of its cost is known.")]
    total: Annotated[
        str | None,
        Meta(
            description="What it took: to date; of a product or team, its line of the month; null: origin unknown.",
            extra=words(absent="origin unknown: no run is known that made it"),
        ),
    ]
    origins: Annotated[tuple[Origin, ...], Meta(description="The parts of the total.")]
    basis: Annotated[
        dict[str, float],
        Meta(
            description="The share of the build by how charges were allocated.",
            extra=words(absent="no charge reached it"),
        ),
    ]
    trend: Annotated[tuple[MonthCost, ...], Meta(description="What each month brought.")]
    quality: Annotated[
        Quality | None,
        Meta(description="How it is; null for what is no dataset.", extra=words(absent="it is no dataset")),
    ]
    ground: Annotated[Ground, Meta(description="How the datasets are that it stands on.")]
    serving: Annotated[
        Serving | None,
        Meta(
            description="Who uses it; null for what is no model version.", extra=words(absent="it is no model version")
        ),
    ]
    run: Annotated[
        str,
        Meta(description="The run that a client logged: itself, or the one that made a version; empty without one.",
             extra=words(absent="no MLflow client logged one")),
    ]  # fmt: skip
    metrics: Annotated[
        dict[str, float | str],
        Meta(description="The latest value of each metric of that run.", extra=words(absent="nothing was measured")),
    ]
    upstream: Annotated[int, Meta(description="How many assets it is made of.")]
    downstream: Annotated[int, Meta(description="How many assets depend on it.")]
    nodes: Annotated[tuple[Node, ...], Meta(description="The nearest of them, and the asset itself.")]
    edges: Annotated[tuple[Edge, ...], Meta(description="The ways between them.")]
    next: Annotated[
        tuple[Step, ...],
        Meta(description="What to do, the most urgent first.", extra=words(absent="nothing needs a person")),
    ]
    facts: Annotated[tuple[FactLine, ...], Meta(description="The newest facts that name it, the newest first.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Show an asset."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    key = keeping.name(params.key, state)
    month = keeping.month(params.period, currency, state)
    card = _card(rooms, key, currency, month, state)
    inflows = keeping.inflows(currency, state)
    with keeping.graph(state) as connection:
        named = facts_about(connection, key, 20)
    if card.found.first_at is None and not card.total and not named:
        keeping.check_known(key, state)
    datasets = [node.asset for node in card.nodes if node.kind == "dataset" and node.distance <= 0]
    steps = steps_of(rooms, inflows, key, datasets, _situation(card), state)
    facts = [rooms.ledger.fact(sequence) for sequence in named]
    return _answer(card, keeping.names(state), currency, format_instant(state.as_of), steps, facts)


def _card(rooms: Rooms, key: str, currency: str, month: MonthPeriod, state: State) -> AssetCard:
    """Join what is known of an asset; kept for the state."""
    keeping = rooms.bookkeeping

    def made() -> AssetCard:
        inflows, lineage, healths = keeping.inflows(currency, state), keeping.lineage(state), keeping.healths(state)
        with keeping.graph(state) as connection:
            return asset_card(connection, inflows, lineage, healths, key, month, state.until)

    return keeping.kept("card", state, made, currency, key, month)


def _situation(card: AssetCard) -> Situation:
    """Say what is known of the asset, for whoever says what to do."""
    kind = kind_of(card.found.key)
    weak = sum(share for basis, share in card.basis.items() if basis in DIVIDED)
    months = [month.build + month.run for month in card.trend[:-1]]
    return Situation(
        asset=card.found.key,
        owned=bool(card.owners) or kind not in OWNABLE,
        placed=bool(card.products) or kind not in OWNABLE - {"product"},
        weak=Decimal(str(weak)),
        resource=card.weakest,
        cost=months[-1] if len(months) > 1 and kind == "product" else None,
        before=months[-2] if len(months) > 1 and kind == "product" else None,
    )


def _answer(
    card: AssetCard, names: Names, currency: str, as_of: str, steps: tuple[Step, ...], facts: list[RecordedFact]
) -> Answer:
    found = card.found
    return Answer(
        asset=found.key,
        kind=found.kind,
        title=names.of(found.key),
        documentation=found.documentation,
        names=card.names,
        owners=card.owners,
        products=card.products,
        first_at=written(found.first_at),
        last_at=written(found.last_at),
        as_of=as_of,
        currency=currency,
        origin_known=card.known,
        total=money(card.total) if card.known else None,
        origins=tuple(Origin(name=one.name, amount=money(one.amount), share=money(one.share)) for one in card.origins),
        basis=card.basis,
        trend=tuple(MonthCost(month=str(one.month), build=money(one.build), run=money(one.run)) for one in card.trend),
        quality=None if card.quality is None else _quality(card.quality),
        ground=Ground(
            datasets=card.ground.datasets, checks=card.ground.checks, kept=card.ground.kept, bad=card.ground.bad
        ),
        serving=None if card.serving is None else _serving(card.serving),
        run=f"run:{card.run.id}" if card.run else "",
        metrics={one.key: one.value for one in card.told.metrics} if card.told else {},
        upstream=card.upstream,
        downstream=card.downstream,
        nodes=tuple(
            Node(
                asset=node.asset,
                kind=node.kind,
                title=names.of(node.asset),
                distance=node.distance,
                cost=None if node.cost is None else money(node.cost),
                state=node.state,
            )
            for node in card.nodes
        ),
        edges=tuple(
            Edge(source=one.source, target=one.target, amount=None if one.amount is None else money(one.amount))
            for one in card.edges
        ),
        next=steps,
        facts=tuple(map(line_of, facts)),
    )


def _serving(found: VersionInUse) -> Serving:
    return Serving(registered_at=written(found.registered_at), runs=found.runs, users=found.users)


def _quality(card: QualityCard) -> Quality:
    rows = next((int(volume.value) for volume in card.volumes if volume.measure == "rows"), None)
    return Quality(
        state=card.state,
        kept=card.passed,
        total=card.passed + card.failed,
        checks=tuple(
            Check(
                check=one.check,
                column=one.column,
                passed=one.passed,
                at=format_instant(one.at),
                expected=one.expected,
                actual=one.actual,
            )
            for one in card.checks
        ),
        failing_since=written(card.failing_since),
        last_write=written(card.freshness.last_write),
        rows=rows,
    )
