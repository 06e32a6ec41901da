"""What the server counts, for Prometheus at /metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from starlette.types import Scope

from trivium.facts.instants import SECOND
from trivium.ledger.book import Ledger

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds in seconds."""


class _Times:
    """How many requests took how long; `counts` has one more place, for those beyond the last bound."""

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BUCKETS) + 1)
        self.total_s = 0.0


class Metrics:
    """The counters of one server. Paths are those of the route table, so that their number is bounded.

    Only the event loop counts, in plain numbers; Prometheus' own counters take a lock for each.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.events: Counter[str] = Counter()
        """OpenLineage events by outcome: written, known, refused."""
        self.spans: Counter[str] = Counter()
        """OTLP spans by outcome: written, known, refused."""
        self._answered: dict[tuple[str, int], _Times] = {}
        self._registry = CollectorRegistry()
        self._registry.register(_LedgerCollector(ledger))
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answered request."""
        route = scope.get("route_path_template") or getattr(scope.get("route"), "path", "") or "none"
        self.took(route, status, seconds)

    def took(self, route: str, status: int, seconds: float) -> None:
        """Count one request that a route answered."""
        times = self._answered.get((route, status))
        if times is None:
            times = self._answered[route, status] = _Times()
        times.counts[bisect_left(_BUCKETS, seconds)] += 1
        times.total_s += seconds

    def collect(self) -> Iterable[Metric]:
        """Give the counters, when they are asked for."""
        requests = CounterMetricFamily("trivium_requests", "Requests answered.", labels=("route", "status"))
        seconds = HistogramMetricFamily("trivium_request_seconds", "Time to answer.", labels=("route",))
        events = CounterMetricFamily("trivium_lineage_events", "OpenLineage events by outcome.", labels=("outcome",))
        spans = CounterMetricFamily("trivium_spans", "OTLP spans by outcome.", labels=("outcome",))
        by_route: dict[str, _Times] = {}
        for (route, status), times in list(self._answered.items()):
            requests.add_metric((route, str(status)), sum(times.counts))
            both = by_route.setdefault(route, _Times())
            both.counts = [one + other for one, other in zip(both.counts, times.counts, strict=True)]
            both.total_s += times.total_s
        for route, times in by_route.items():
            bounds = [*map(str, _BUCKETS), "+Inf"]
            seconds.add_metric((route,), list(zip(bounds, accumulate(times.counts), strict=True)), times.total_s)
        for outcome in ("written", "known", "refused"):
            events.add_metric((outcome,), self.events[outcome])
            spans.add_metric((outcome,), self.spans[outcome])
        return requests, seconds, events, spans

    def text(self) -> bytes:
        """Write all figures in Prometheus' text format."""
        return generate_latest(self._registry)


class _LedgerCollector:
    """Reads the ledger's health when it is asked."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def collect(self) -> Iterable[Metric]:
        """Give the gauges."""
        health = self._ledger.health()
        for name, text, value in (
            ("trivium_ledger_sequence", "The newest fact.", health.sequence),
            ("trivium_ledger_waiting_facts", "Facts that are queued.", health.waiting_facts),
            (
                "trivium_oldest_unprocessed_age_seconds",
                "The age of the oldest fact that a projection has not seen.",
                health.oldest_unprocessed_age_us / SECOND,
            ),
            ("trivium_read_only", "1 when nothing can be written.", float(health.state == "read_only")),
            ("trivium_degraded_projections", "Projections that stand still.", len(health.degraded)),
        ):
            yield GaugeMetricFamily(name, text, value)
