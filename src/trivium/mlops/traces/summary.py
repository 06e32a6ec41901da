"""What a group of spans adds up to: traces, usage of models, traffic of endpoints (facts.spans.SpansReceived)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, Final

from trivium.facts.instants import DAY
from trivium.facts.keys import AssetKey
from trivium.facts.spans import BANDS, COLUMNS, STRETCH, Lead, Priced, Tokens, TraceSeen, Usage
from trivium.facts.traffic import Traffic, bucket_of
from trivium.intake.otlp.names import UNKNOWN_SERVICE
from trivium.intake.otlp.rows import Row

_SERVER, _CONSUMER = 2, 5
_ERROR: Final = 2
_TAKEN: Final = [name for name, _ in COLUMNS].index("cache_write_tokens") + 1
LONGEST_TITLE: Final = 256
"""Characters of a span's name that a fact keeps; the lake has the whole."""
_Counts = list[int]
"""Requests, errors, tokens in, out, read from a cache, written to one."""


class Summary:
    """Adds up rows of spans, each of which stands for the first time."""

    def __init__(self) -> None:
        self._traces: dict[str, _Trace] = {}
        self._usage: dict[tuple[Any, ...], tuple[int, _Counts]] = {}
        self._traffic: dict[tuple[str, int, str], _Asked] = {}
        self._endpoints: dict[str, str] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows in."""
        traces, endpoints = self._traces, self._endpoints
        for row in rows:
            (
                trace_id, span_id, parent, name, kind, start, _, end, _, status, _, service, _, version, experiment,
                _, provider, model, _, tier, given, out, read, written,
            ) = row[:_TAKEN]  # fmt: skip
            endpoint = endpoints.get(service)
            if endpoint is None:
                endpoint = endpoints[service] = endpoint_of(service)
            trace = traces.get(trace_id)
            if trace is None:
                trace = traces[trace_id] = _Trace(start, end)
            failed = status == _ERROR
            trace.add(span_id, start, end, failed, experiment)
            trace.name((1 if parent else 0, start, span_id, name, endpoint, version, failed))
            if endpoint and (not parent or kind in (_SERVER, _CONSUMER)):
                self._ask(endpoint, start, version, failed, end - start)
            if model is not None:
                count = [1, int(failed), given or 0, out or 0, read or 0, written or 0]
                trace.use(self._use(endpoint, version, provider, model, tier, start, count), count)

    def traces(self) -> tuple[TraceSeen, ...]:
        """Give the traces, in the order of their ids."""
        return tuple(self._traces[trace_id].seen(trace_id) for trace_id in sorted(self._traces))

    def usage(self) -> tuple[Usage, ...]:
        """Give what was used of models; the traces point into it by place."""
        return tuple(
            Usage(at=_priced(key), tokens=_tokens(count)) for key, (_, count) in self._usage.items()
        )  # in the order of first use, which the numbers of the traces say

    def traffic(self) -> tuple[Traffic, ...]:
        """Give the requests to endpoints by day and version."""
        return tuple(self._traffic[key].row(key) for key in sorted(self._traffic))

    def _ask(self, endpoint: str, start: int, version: str, failed: bool, latency_us: int) -> None:
        key = (endpoint, start // DAY * DAY, version)
        asked = self._traffic.get(key)
        if asked is None:
            asked = self._traffic[key] = _Asked()
        asked.add(bucket_of(latency_us), failed=failed)

    def _use(self, *what: Any) -> int:
        """Count a request; gives the number of its price."""
        *names, start, count = what
        key = (*names, bisect_left(BANDS, count[2]), start // STRETCH * STRETCH)
        known = self._usage.get(key)
        if known is None:
            known = self._usage[key] = (len(self._usage), [0] * 6)
        _count(known[1], count)
        return known[0]


class _Trace:
    __slots__ = ("end", "errors", "experiment", "lead", "spans", "start", "used")

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.spans: list[str] = []
        self.errors = 0
        self.experiment = ""
        self.lead: tuple[Any, ...] | None = None
        self.used: dict[int, _Counts] = {}

    def add(self, span_id: str, start: int, end: int, failed: bool, experiment: str) -> None:
        self.spans.append(span_id)
        self.start, self.end = min(self.start, start), max(self.end, end)
        self.errors += failed
        self.experiment = max(self.experiment, experiment)

    def name(self, lead: tuple[Any, ...]) -> None:
        if self.lead is None or lead < self.lead:
            self.lead = lead

    def use(self, number: int, count: _Counts) -> None:
        known = self.used.get(number)
        if known is None:
            self.used[number] = count
        else:
            _count(known, count)

    def seen(self, trace_id: str) -> TraceSeen:
        assert self.lead is not None, "a trace has a span"
        rank, start, span, name, endpoint, version, failed = self.lead
        return TraceSeen(
            trace=trace_id,
            spans="".join(self.spans),
            start=self.start,
            end=self.end,
            lead=Lead(
                rank=rank, start=start, span=span, name=name[:LONGEST_TITLE], endpoint=endpoint, version=version,
                failed=failed,
            ),
            errors=self.errors,
            experiment=self.experiment,
            used=tuple((number, _tokens(count)) for number, count in self.used.items()),
        )  # fmt: skip


class _Asked:
    __slots__ = ("errors", "latency", "requests")

    def __init__(self) -> None:
        self.requests = self.errors = 0
        self.latency: dict[int, int] = {}

    def add(self, bucket: int, *, failed: bool) -> None:
        self.requests += 1
        self.errors += failed
        self.latency[bucket] = self.latency.get(bucket, 0) + 1

    def row(self, key: tuple[str, int, str]) -> Traffic:
        endpoint, day, version = key
        return Traffic(
            endpoint=endpoint, day=day, version=version, requests=self.requests, errors=self.errors,
            latency=dict(sorted(self.latency.items())),
        )  # fmt: skip


def endpoint_of(service: str) -> str:
    """Give the key of the endpoint that a service is; nothing where SDKs only say that nobody named it."""
    if not service or service.partition(":")[0] == UNKNOWN_SERVICE:
        return ""
    return str(AssetKey("endpoint", service))


def resources_of(named: Mapping[str, Iterable[str]]) -> tuple[tuple[str, str], ...]:
    """Give (endpoint, resource) pairs of the billed resources that services name."""
    return tuple(
        sorted((endpoint_of(service), one) for service, ids in named.items() if endpoint_of(service) for one in ids)
    )


def _priced(key: tuple[Any, ...]) -> Priced:
    endpoint, version, provider, model, tier, place, since = key
    band = BANDS[place - 1] if place else 0
    return Priced(
        since=since, endpoint=endpoint, version=version, provider=provider, model=model, tier=tier, band=band
    )  # fmt: skip


def _tokens(count: _Counts) -> Tokens:
    requests, errors, given, out, read, written = count
    return Tokens(
        requests=requests, errors=errors, input_tokens=given, output_tokens=out, cache_read_tokens=read,
        cache_write_tokens=written,
    )  # fmt: skip


def _count(known: _Counts, more: _Counts) -> None:
    for place, count in enumerate(more):
        known[place] += count
