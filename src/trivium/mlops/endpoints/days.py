"""How often was an endpoint asked on each day, by version; how fast did it answer, how often did it fail?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import Connection, bindparam, text

from trivium.facts.instants import Instant
from trivium.facts.traffic import Traffic, united

_COLUMNS: Final = "endpoint, version, day, logged"
_TRAFFIC = text(f"SELECT {_COLUMNS}, requests, errors FROM endpoints_traffic WHERE endpoint IN :endpoints").bindparams(
    bindparam("endpoints", expanding=True)
)
_LATENCIES = text(
    f"SELECT {_COLUMNS}, bucket, requests FROM endpoints_latencies WHERE endpoint IN :endpoints"
).bindparams(bindparam("endpoints", expanding=True))
_HEARD = text("SELECT DISTINCT endpoint FROM endpoints_traffic ORDER BY endpoint")
_LOGGED = text("SELECT 1 FROM endpoints_traffic WHERE logged = 1 AND version IN :versions LIMIT 1").bindparams(
    bindparam("versions", expanding=True)
)
Name = Callable[[str], str]
"""Gives the name that an asset goes by."""
Place = tuple[str, str, Instant, int]


def heard(connection: Connection) -> list[str]:
    """List the endpoints of which any traffic is known, under the keys that deliveries name."""
    return list(connection.execute(_HEARD).scalars())


def is_logged(connection: Connection, versions: Iterable[str]) -> bool:
    """Say whether predictions were received of a version, under any of its names."""
    return connection.execute(_LOGGED, {"versions": sorted(set(versions))}).first() is not None


def days_of(connection: Connection, told: Iterable[str], name: Name, until: Instant) -> list[Traffic]:
    """Give the traffic of endpoints by day and version before an instant, sorted by endpoint, day and version.

    `told` are the keys under which deliveries name them. Where predictions of an endpoint's day were received, they
    count; else the spans of that day do.
    """
    asked = {"endpoints": sorted(set(told))}
    counts: dict[Place, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for endpoint, version, day, logged, requests, errors in connection.execute(_TRAFFIC, asked):
        if day < until:
            place = (name(endpoint), name(version) if version else "", day, logged)
            counts[place] = (counts[place][0] + requests, counts[place][1] + errors)
    latencies: dict[Place, list[dict[int, int]]] = defaultdict(list)
    for endpoint, version, day, logged, bucket, requests in connection.execute(_LATENCIES, asked):
        latencies[name(endpoint), name(version) if version else "", day, logged].append({bucket: requests})
    received = {(endpoint, day) for endpoint, _, day, logged in counts if logged}
    rows = [
        Traffic(
            endpoint=endpoint, version=version, day=day, requests=requests, errors=errors,
            latency=united(latencies.get((endpoint, version, day, logged), ())),
        )
        for (endpoint, version, day, logged), (requests, errors) in counts.items()
        if logged or (endpoint, day) not in received
    ]  # fmt: skip
    return sorted(rows, key=lambda one: (one.endpoint, one.day, one.version))


def summed(rows: Iterable[Traffic]) -> tuple[int, int, dict[int, int]]:
    """Add up requests, errors and latencies."""
    listed = list(rows)
    return (
        sum(one.requests for one in listed),
        sum(one.errors for one in listed),
        united(one.latency for one in listed),
    )
