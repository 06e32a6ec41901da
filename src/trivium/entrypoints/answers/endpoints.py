"""Which endpoints are there, how often were they asked, how fast and how well did they answer, what did they cost?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import (
    Amount,
    AsOf,
    AssetText,
    Currency,
    CurrencyText,
    Known,
    Limit,
    Period,
    instant_of,
    money,
    words,
)
from trivium.entrypoints.answers.traffic_words import (
    P50,
    P95,
    P99,
    Errors,
    Predictions,
    Requests,
    endpoints_of,
    latency_ms,
    traffic_in,
)
from trivium.facts.instants import format_instant
from trivium.facts.money import add
from trivium.mlops.endpoints.days import summed


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    period: Period = ""
    currency: Currency = ""
    limit: Limit = 100
    as_of: AsOf = ""
    known: Known = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint in one month."""

    asset: AssetText
    title: Annotated[str, Meta(description="What people call it.")]
    products: Annotated[tuple[str, ...], Meta(description="The products it is part of.")]
    versions: Annotated[
        tuple[str, ...],
        Meta(description="The model versions that answered, or are declared to.", extra=words(absent="unknown")),
    ]
    requests: Requests
    predictions: Predictions
    errors: Errors
    p50_ms: P50
    p95_ms: P95
    p99_ms: P99
    cost: Amount
    last_day: Annotated[
        str | None, Meta(description="The last day on which it was asked.", extra=words(absent="never in the month"))
    ]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints, the one that was asked most first. `cost` is what came to rest at it in the month."""

    period: Annotated[str, Meta(description="The month.")]
    currency: CurrencyText
    total: Annotated[int, Meta(description="How many endpoints there are.")]
    endpoints: Annotated[
        tuple[Endpoint, ...],
        Meta(
            description="The endpoints.",
            extra=words(absent="none yet: `trivium import predictions FILE --endpoint NAME` brings one"),
        ),
    ]


def ask(rooms: Rooms, params: Params) -> Answer:
    """List the endpoints."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    currency = keeping.currency(params.currency, state)
    month = keeping.month(params.period, currency, state)
    keys, names, flows = endpoints_of(rooms, state), keeping.names(state), keeping.flows(state)
    inflows = keeping.inflows(currency, state).months(keys)
    traffic = traffic_in(rooms, state, month)
    uses = flows.consumptions
    alive = (uses.since < month.end) & (uses.until > month.start)
    pairs = set(zip(uses.consumer[alive].tolist(), uses.version[alive].tolist(), strict=True))
    found = []
    for key in keys:
        mine = [one for one in traffic if one.endpoint == key]
        requests, errors, latency = summed(mine)
        served = {flows.versions.keys[version] for user, version in pairs if flows.consumers[user] == key}
        found.append(
            Endpoint(
                asset=key, title=names.of(key), products=flows.products.get(key, ()), versions=tuple(sorted(served)),
                requests=requests, predictions=requests - errors, errors=errors, p50_ms=latency_ms(latency, 0.5),
                p95_ms=latency_ms(latency, 0.95), p99_ms=latency_ms(latency, 0.99),
                cost=money(add(*(one.amount for one in inflows[key] if one.month == month))),
                last_day=format_instant(max(one.day for one in mine))[:10] if mine else None,
            )
        )  # fmt: skip
    found.sort(key=lambda one: (-one.requests, one.asset))
    return Answer(period=str(month), currency=currency, total=len(found), endpoints=tuple(found[: params.limit]))
