"""The fold that adds up how often endpoints were asked, how fast they answered, and how often they failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from trivium.facts.fact import RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.predictions import decode_predictions
from trivium.facts.spans import decode_spans
from trivium.facts.traffic import Traffic
from trivium.ledger.direct import put_many
from trivium.mlops.endpoints.tables import metadata

_ADD_TRAFFIC: Final = text(
    "INSERT INTO endpoints_traffic (endpoint, version, day, logged, requests, errors)"
    " VALUES (:endpoint, :version, :day, :logged, :requests, :errors)"
    " ON CONFLICT (endpoint, version, day, logged) DO UPDATE SET requests = requests + excluded.requests,"
    " errors = errors + excluded.errors"
)
_ADD_LATENCIES: Final = text(
    "INSERT INTO endpoints_latencies (endpoint, version, day, logged, bucket, requests)"
    " VALUES (:endpoint, :version, :day, :logged, :bucket, :requests)"
    " ON CONFLICT (endpoint, version, day, logged, bucket) DO UPDATE SET requests = requests + excluded.requests"
)


class EndpointsFold:
    """Deliveries of predictions, and groups of spans → traffic by endpoint, version and day, whatever their order."""

    name = "endpoints"
    version = 1
    kinds = frozenset({Kind.PREDICTIONS_RECEIVED, Kind.SPANS_RECEIVED})
    inside = False

    def create(self, connection: Connection) -> None:
        """Make the tables where they are missing."""
        metadata.create_all(connection)

    def drop(self, connection: Connection) -> None:
        """Remove the tables."""
        metadata.drop_all(connection)

    def apply(self, connection: Connection, facts: Sequence[RecordedFact]) -> None:
        """Add up facts, each once; numbers are added, so that no order makes a difference."""
        counted: list[dict[str, Any]] = []
        timed: list[dict[str, Any]] = []
        for recorded in facts:
            logged, traffic = _told(recorded)
            for one in traffic:
                row = {"endpoint": one.endpoint, "version": one.version, "day": one.day, "logged": logged}
                counted.append(row | {"requests": one.requests, "errors": one.errors})
                timed += [row | {"bucket": bucket, "requests": count} for bucket, count in one.latency.items()]
        put_many(connection, _ADD_TRAFFIC, counted)
        put_many(connection, _ADD_LATENCIES, timed)


def _told(recorded: RecordedFact) -> tuple[int, tuple[Traffic, ...]]:
    """Give the traffic that a fact tells of, and whether predictions themselves were received."""
    if recorded.fact.kind == Kind.PREDICTIONS_RECEIVED:
        return 1, decode_predictions(recorded.fact.body).traffic
    return 0, decode_spans(recorded.fact.body).traffic
