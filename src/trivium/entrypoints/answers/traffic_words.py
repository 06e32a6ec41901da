"""Terms of traffic that several answers share: how often, how fast, how often it failed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import words
from trivium.facts.keys import kind_of
from trivium.facts.period import Period
from trivium.facts.traffic import Traffic, quantile_us
from trivium.mlops.endpoints.days import days_of, heard

Requests = Annotated[int, Meta(description="How often it was asked, failures too.")]
Errors = Annotated[int, Meta(description="How often it failed.")]
Predictions = Annotated[int, Meta(description="How often it answered.")]
_NO_LATENCY = words(absent="no latency is told")
P50 = Annotated[float | None, Meta(description="Half of the requests took at most so long, in ms.", extra=_NO_LATENCY)]
P95 = Annotated[float | None, Meta(description="95 % of the requests took at most so long, in ms.", extra=_NO_LATENCY)]
P99 = Annotated[float | None, Meta(description="99 % of the requests took at most so long, in ms.", extra=_NO_LATENCY)]


def latency_ms(latency: Mapping[int, int], share: float) -> float | None:
    """Give a quantile in milliseconds, to microseconds; None where no latency is told."""
    found = quantile_us(latency, share)
    return None if math.isnan(found) else round(found / 1_000, 3)


def traffic_in(rooms: Rooms, state: State, month: Period, endpoint: str = "") -> list[Traffic]:
    """Give the traffic of a month by endpoint, day and version, of one endpoint or of all, under their names."""
    names = rooms.bookkeeping.flows(state).names
    with rooms.bookkeeping.graph(state) as connection:
        told = [key for key in heard(connection) if not endpoint or names.get(key, key) == endpoint]
        found = days_of(connection, told, lambda key: names.get(key, key), min(month.end, state.until))
    return [one for one in found if one.day in month]


def endpoints_of(rooms: Rooms, state: State) -> list[str]:
    """List all endpoints that anybody names, declared or seen, by the names that they go by."""
    return [one.key for one in rooms.bookkeeping.assets(state) if kind_of(one.key) == "endpoint"]
