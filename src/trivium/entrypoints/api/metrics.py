"""What the server counts, for Prometheus at /metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from starlette.types import Scope

from trivium.facts.instants import SECOND
from trivium.ledger.book import Ledger


class Metrics:
    """The counters of one server. Paths are those of the route table, so that their number is bounded."""

    def __init__(self, ledger: Ledger) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_LedgerCollector(ledger))
        ProcessCollector(registry=self._registry)
        names = ("route", "status")
        self._requests = Counter("trivium_requests", "Requests answered.", names, registry=self._registry)
        self._seconds = Histogram("trivium_request_seconds", "Time to answer.", ("route",), registry=self._registry)
        self.events = Counter(
            "trivium_lineage_events", "OpenLineage events by outcome.", ("outcome",), registry=self._registry
        )
        self._known: dict[tuple[str, int], tuple[Any, Any]] = {}

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answered request."""
        route = scope.get("route_path_template") or getattr(scope.get("route"), "path", "") or "none"
        pair = self._known.get((route, status))
        if pair is None:
            pair = (self._requests.labels(route, str(status)), self._seconds.labels(route))
            self._known[route, status] = pair
        pair[0].inc()
        pair[1].observe(seconds)

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
