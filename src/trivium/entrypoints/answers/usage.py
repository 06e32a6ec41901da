"""What do endpoints use of models, day by day, and what does that cost by the price lists?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import money, words
from trivium.entrypoints.answers.traces import endpoint_key
from trivium.facts.instants import DAY, Instant, format_instant, now
from trivium.facts.period import Period, month_of, parse_period
from trivium.facts.spans import Priced, Tokens
from trivium.mlops.traces.prices import CURRENCY
from trivium.mlops.traces.reading import Spent, newest_use, spent, used_between

Requests = Annotated[int, Meta(description="Requests to models.", ge=0)]
In = Annotated[int, Meta(description="Tokens that went in, cached ones too.", ge=0)]
Out = Annotated[int, Meta(description="Tokens that came out.", ge=0)]
Read = Annotated[int, Meta(description="Tokens of the input that were read from a cache.", ge=0)]
Written = Annotated[int, Meta(description="Tokens of the input that were written to a cache.", ge=0)]
Estimated = Annotated[
    str | None,
    Meta(
        description="What that costs by the price lists, exact, in `currency`: an estimate, no charge; null where no "
        "price is known.",
        extra=words(absent="unknown"),
    ),
]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    period: Annotated[
        str,
        Meta(description="2026-10, a day, or an ISO interval; without it the newest month in which models were used."),
    ] = ""
    service: Annotated[str, Meta(description="Only this endpoint: a service's name, or its key.")] = ""


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one endpoint used of one model on one day."""

    day: Annotated[str, Meta(description="The day, UTC.")]
    endpoint: Annotated[
        str, Meta(description="Who asked; empty where no service is named.", extra=words(absent="not named"))
    ]
    version: Annotated[
        str, Meta(description="The model version that served, where spans name it.", extra=words(absent="not said"))
    ]
    provider: Annotated[str, Meta(description="Who runs the model.", extra=words(absent="not said"))]
    model: Annotated[str, Meta(description="The model.", extra=words(absent="not said"))]
    tier: Annotated[str, Meta(description="The service tier.", extra=words(absent="not said"))]
    requests: Requests
    errors: Annotated[int, Meta(description="Requests that failed.", ge=0)]
    input_tokens: In
    output_tokens: Out
    cache_read_tokens: Read
    cache_write_tokens: Written
    estimated: Estimated
    unpriced: Annotated[int, Meta(description="Requests without a known price: they are not in the estimate.")]


class UnknownPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A model for which the price lists have no price."""

    provider: Annotated[str, Meta(description="Who runs it.", extra=words(absent="not said"))]
    model: Annotated[str, Meta(description="The model.", extra=words(absent="not said"))]
    requests: Requests
    input_tokens: In
    output_tokens: Out


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of models in a period."""

    period: Annotated[str, Meta(description="The period.")]
    currency: Annotated[str, Meta(description="The currency of all estimates: that of the price lists.")]
    requests: Requests
    input_tokens: In
    output_tokens: Out
    cache_read_tokens: Read
    cache_write_tokens: Written
    estimated: Estimated
    unpriced: Annotated[int, Meta(description="Requests without a known price: they are not in the estimate.")]
    unknown: Annotated[
        tuple[UnknownPrice, ...],
        Meta(description="Models without a known price: they cost something that nobody here can say.",
             extra=words(absent="every price is known")),
    ]  # fmt: skip
    lines: Annotated[tuple[UsageLine, ...], Meta(description="By day, endpoint and model.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Add up the usage of models."""
    rooms.ledger.catch_up(["traces"])
    endpoint = endpoint_key(params.service)
    with rooms.ledger.reading() as connection:
        period = parse_period(params.period) if params.period else _newest(newest_use(connection))
        rows = used_between(connection, period.start, period.end)
    rows = [row for row in rows if not endpoint or row[0].endpoint == endpoint]
    whole, lines = spent(rows), _grouped(rows)
    return Answer(
        period=str(period),
        currency=CURRENCY,
        requests=whole.tokens.requests,
        input_tokens=whole.tokens.input_tokens,
        output_tokens=whole.tokens.output_tokens,
        cache_read_tokens=whole.tokens.cache_read_tokens,
        cache_write_tokens=whole.tokens.cache_write_tokens,
        estimated=_written(whole),
        unpriced=whole.unpriced,
        unknown=_unknown(rows),
        lines=tuple(lines),
    )


def _newest(since: Instant | None) -> Period:
    return month_of(now() if since is None else since)


def _grouped(rows: list[tuple[Priced, Tokens]]) -> list[UsageLine]:
    groups: dict[tuple[int, str, str, str, str, str], list[tuple[Priced, Tokens]]] = {}
    for at, tokens in rows:
        key = (at.since // DAY * DAY, at.endpoint, at.version, at.provider, at.model, at.tier)
        groups.setdefault(key, []).append((at, tokens))
    return [_line(key, spent(groups[key])) for key in sorted(groups)]


def _line(key: tuple[int, str, str, str, str, str], used: Spent) -> UsageLine:
    day, endpoint, version, provider, model, tier = key
    tokens = used.tokens
    return UsageLine(
        day=format_instant(day)[:10], endpoint=endpoint, version=version, provider=provider, model=model, tier=tier,
        requests=tokens.requests, errors=tokens.errors, input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens, cache_read_tokens=tokens.cache_read_tokens,
        cache_write_tokens=tokens.cache_write_tokens, estimated=_written(used), unpriced=used.unpriced,
    )  # fmt: skip


def _unknown(rows: list[tuple[Priced, Tokens]]) -> tuple[UnknownPrice, ...]:
    groups: dict[tuple[str, str], list[tuple[Priced, Tokens]]] = {}
    for row in rows:
        if spent([row]).unpriced:
            groups.setdefault((row[0].provider, row[0].model), []).append(row)
    found = []
    for (provider, model), unpriced in sorted(groups.items()):
        tokens = spent(unpriced).tokens
        found.append(
            UnknownPrice(
                provider=provider,
                model=model,
                requests=tokens.requests,
                input_tokens=tokens.input_tokens,
                output_tokens=tokens.output_tokens,
            )
        )
    return tuple(found)


def _written(used: Spent) -> str | None:
    return None if used.amount is None else money(used.amount)
