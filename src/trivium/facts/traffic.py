"""How much an endpoint was asked on one day, how fast it answered, and how often it failed: what folds add up.

Latencies are kept as counts in buckets whose bounds grow by 2^(1/8): a quantile read from them is at most 9 % too high.
Counts add up in any order, so that days can be united from any number of deliveries.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.statements import Asked

STEPS: Final = 8
"""Buckets for each doubling of the latency."""


class Traffic(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Requests to an endpoint on one UTC day that one model version answered.

    `endpoint` and `version` are asset keys; `version` is empty where nobody said it. `day` is the day's first instant.
    `errors` are part of `requests`. `latency` maps a bucket's number (`bucket_of`) to how many requests fell into it.
    """

    endpoint: str
    day: Instant
    requests: int
    version: str = ""
    errors: int = 0
    latency: dict[int, int] = {}


def asked(traffic: Iterable[Traffic], *, logged: bool) -> Iterator[Asked]:
    """Say in statements how often endpoints were asked; `logged` where predictions themselves were received."""
    for one in traffic:
        yield Asked(
            endpoint=one.endpoint, day=one.day, requests=one.requests, errors=one.errors, version=one.version,
            logged=logged,
        )  # fmt: skip


def bucket_of(latency_us: int) -> int:
    """Give the bucket of a latency in microseconds; what took less than one microsecond is in bucket 0."""
    return math.floor(STEPS * math.log2(latency_us)) if latency_us > 1 else 0


def upper_us(bucket: int) -> float:
    """Give the upper bound of a bucket, in microseconds."""
    return float(2 ** ((bucket + 1) / STEPS))


def united(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Add up counts by bucket."""
    whole: dict[int, int] = {}
    for part in parts:
        for bucket, count in part.items():
            whole[bucket] = whole.get(bucket, 0) + count
    return dict(sorted(whole.items()))


def quantile_us(latency: Mapping[int, int], share: float) -> float:
    """Give the latency in microseconds that `share` (0 to 1) of the requests stayed below; NaN where there is none."""
    total = sum(latency.values())
    if not total:
        return math.nan
    below = 0
    for bucket in sorted(latency):
        below += latency[bucket]
        if below >= share * total:
            return upper_us(bucket)
    return upper_us(max(latency))
