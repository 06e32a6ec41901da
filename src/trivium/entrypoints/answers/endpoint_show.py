"""What does one endpoint serve, how well, how fast, and at what cost?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.cost_per_accurate_prediction import SENTENCES, figure, judged_by
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    ARGUMENT,
    Amount,
    AsOf,
    AssetText,
    Currency,
    CurrencyText,
    Known,
    Period,
    When,
    instant_of,
    money,
    words,
    written,
)
from trivium.entrypoints.answers.traffic_words import (
    P50,
    P95,
    P99,
    Errors,
    Predictions,
    Requests,
    latency_ms,
    traffic_in,
)
from trivium.facts.instants import format_instant
from trivium.facts.keys import kind_of
from trivium.facts.money import add, of_units
from trivium.facts.period import Period as Month
from trivium.facts.problem import refuse, shown
from trivium.facts.traffic import Traffic
from trivium.finops.loaded import own_charges
from trivium.mlops.endpoints.days import summed

Coverage = Annotated[
    str | None, Meta(description="labelled ÷ predictions, to 6 decimals.", extra=words(absent="no predictions"))
]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    endpoint: Annotated[str, Meta(description="The endpoint, endpoint:NAME, under any of its names.", extra=ARGUMENT)]
    period: Period = ""
    currency: Currency = ""
    as_of: AsOf = ""
    known: Known = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One model version at this endpoint in the month; the last two fields are of the version at all its endpoints."""

    asset: Annotated[
        str, Meta(description="The version's key; empty where nobody said it.", extra=words(absent="unknown"))
    ]
    requests: Requests
    predictions: Predictions
    errors: Errors
    p50_ms: P50
    p95_ms: P95
    p99_ms: P99
    labelled: Annotated[int, Meta(description="Predictions with a label.")]
    coverage: Coverage
    cost_per_accurate_prediction: Annotated[
        str | None,
        Meta(description="The version's run rate of the month, to 6 decimals.", extra=words(absent="there is none")),
    ]
    reason: Annotated[str, Meta(description="Why there is none, in words.")]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One version on one UTC day."""

    day: Annotated[str, Meta(description="The day.")]
    version: Annotated[
        str, Meta(description="The version's key; empty where nobody said it.", extra=words(absent="unknown"))
    ]
    requests: Requests
    predictions: Predictions
    errors: Errors
    p50_ms: P50
    p95_ms: P95
    p99_ms: P99
    labelled: Annotated[int, Meta(description="Predictions of the day with a label.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint in one month: traffic, latency and errors by version and day, labels, cost."""

    asset: AssetText
    title: Annotated[str, Meta(description="What people call it.")]
    period: Annotated[str, Meta(description="The month.")]
    currency: CurrencyText
    as_of: When
    filled_through: Annotated[
        str | None,
        Meta(
            description="The end of the last charge that is known of the month.",
            extra=words(absent="no charge of the month is known"),
        ),
    ]
    owners: Annotated[tuple[str, ...], Meta(description="The teams that answer for it.")]
    products: Annotated[tuple[str, ...], Meta(description="The products it is part of.")]
    requests: Requests
    predictions: Predictions
    errors: Errors
    p50_ms: P50
    p95_ms: P95
    p99_ms: P99
    labelled: Annotated[int, Meta(description="Predictions with a label.")]
    coverage: Coverage
    serving: Annotated[str, Meta(description="Its own charges of the month, but those metered in tokens.")]
    tokens: Annotated[str, Meta(description="Its own charges of the month that are metered in tokens.")]
    drained: Annotated[str, Meta(description="What it drained from the versions that it served.")]
    cost: Amount
    versions: Annotated[
        tuple[Version, ...],
        Meta(description="The versions that answered, the busiest first.", extra=words(absent="nobody asked it")),
    ]
    days: Annotated[
        tuple[Day, ...],
        Meta(description="The days on which it was asked, by version.", extra=words(absent="nobody asked it")),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Show an endpoint."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    month = keeping.month(params.period, currency, state)
    endpoint = keeping.name(params.endpoint, state)
    if kind_of(endpoint) != "endpoint":
        title = f"{shown(endpoint)} is no endpoint."
        raise refuse("no_endpoint", title, where="endpoint", fix="Name an endpoint, as endpoint:NAME.")
    keeping.check_known(endpoint, state)
    flows, traffic = keeping.flows(state), traffic_in(rooms, state, month, endpoint)
    labelled = _labelled(rooms, state, month, endpoint)
    requests, errors, latency = summed(traffic)
    book = keeping.books(currency, state).of(month)
    own = own_charges(book, endpoint) if book else {}
    charges = add(*own.values())
    inflows = keeping.inflows(currency, state).months([endpoint])[endpoint]
    cost = add(*(one.amount for one in inflows if one.month == month))
    return Answer(
        asset=endpoint, title=keeping.names(state).of(endpoint), period=str(month), currency=currency,
        as_of=format_instant(min(state.as_of, month.end)),
        filled_through=written(keeping.filled_through(month, currency, state)),
        owners=flows.owners.get(endpoint, ()), products=flows.products.get(endpoint, ()),
        requests=requests, predictions=requests - errors, errors=errors, p50_ms=latency_ms(latency, 0.5),
        p95_ms=latency_ms(latency, 0.95), p99_ms=latency_ms(latency, 0.99), labelled=sum(labelled.values()),
        coverage=_share(sum(labelled.values()), requests - errors),
        serving=money(own["serving"]) if own else "0", tokens=money(own["tokens"]) if own else "0",
        drained=money(add(cost, charges.copy_negate())), cost=money(cost),
        versions=_versions(rooms, state, currency, month, traffic, labelled), days=_days(traffic, labelled),
    )  # fmt: skip


def _labelled(rooms: Rooms, state: State, month: Month, endpoint: str) -> dict[tuple[str, int], int]:
    """Count the labelled predictions of a month by version and day."""
    names = rooms.bookkeeping.flows(state).names
    found: dict[tuple[str, int], int] = defaultdict(int)
    for one in judged_by(rooms, state, "endpoint", endpoint, [], min(month.end, state.until)):
        if one.day in month:
            found[names.get(one.version, one.version), one.day] += one.labelled
    return found


def _versions(
    rooms: Rooms, state: State, currency: str, month: Month, traffic: Sequence[Traffic],
    labelled: dict[tuple[str, int], int],
) -> tuple[Version, ...]:  # fmt: skip
    rows = []
    for version in {one.version for one in traffic}:
        requests, errors, latency = summed(one for one in traffic if one.version == version)
        known = sum(count for (of, _), count in labelled.items() if of == version)
        rate = figure(rooms, state, currency, str(month), version).run_rate if version else None
        rows.append(
            Version(
                asset=version, requests=requests, predictions=requests - errors, errors=errors,
                p50_ms=latency_ms(latency, 0.5), p95_ms=latency_ms(latency, 0.95), p99_ms=latency_ms(latency, 0.99),
                labelled=known, coverage=_share(known, requests - errors),
                cost_per_accurate_prediction=money(rate.value) if rate and rate.value is not None else None,
                reason=SENTENCES[rate.lack][0] if rate else "Nobody said which version answered.",
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda one: (-one.requests, one.asset)))


def _days(traffic: Sequence[Traffic], labelled: dict[tuple[str, int], int]) -> tuple[Day, ...]:
    return tuple(
        Day(
            day=format_instant(one.day)[:10], version=one.version, requests=one.requests,
            predictions=one.requests - one.errors, errors=one.errors, p50_ms=latency_ms(one.latency, 0.5),
            p95_ms=latency_ms(one.latency, 0.95), p99_ms=latency_ms(one.latency, 0.99),
            labelled=labelled.get((one.version, one.day), 0),
        )
        for one in traffic
    )  # fmt: skip


def _share(part: int, whole: int) -> str | None:
    return money(of_units(round(Fraction(part, whole) * 10**6), 6)) if whole else None
