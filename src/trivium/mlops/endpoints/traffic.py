"""What staged predictions add up to: requests, errors and latencies by endpoint, version and day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trivium.facts.predictions import PREDICTIONS
from trivium.facts.problem import refuse
from trivium.facts.traffic import STEPS, Traffic
from trivium.lake.lake import Lake

MOST_GROUPS: Final = 20_000
"""Endpoints, versions and days of one delivery at most: more are ids that were taken for names."""
_COUNTED: Final = f"""
    SELECT endpoint, version, epoch_us(CAST(date_trunc('day', "at") AS TIMESTAMP)) AS day,
        CASE WHEN latency_us > 1 THEN CAST(floor({STEPS} * log2(latency_us)) AS INTEGER)
            WHEN latency_us IS NOT NULL THEN 0 END AS bucket,
        count(*) AS requests, count(*) FILTER (error <> '') AS errors
    FROM given GROUP BY ALL ORDER BY ALL
"""


def traffic_of(lake: Lake, table: str, parts: Sequence[Path]) -> tuple[Traffic, ...]:
    """Count staged predictions, sorted by endpoint, version and day; labels count nothing."""
    if table != PREDICTIONS or not parts:
        return ()
    found = lake.query_staged(_COUNTED, parts)
    groups: dict[tuple[str, str, int], tuple[int, int, dict[int, int]]] = {}
    names = ("endpoint", "version", "day", "bucket", "requests", "errors")
    for endpoint, version, day, bucket, requests, errors in zip(*(found[name].to_pylist() for name in names)):  # noqa: B905
        known = groups.get((endpoint, version, day), (0, 0, {}))
        if bucket is not None:
            known[2][bucket] = requests
        groups[endpoint, version, day] = (known[0] + requests, known[1] + errors, known[2])
    if len(groups) > MOST_GROUPS:
        title = f"The delivery names {len(groups):,} endpoints, versions and days; at most {MOST_GROUPS:,} are taken."
        fix = "Look for a column that was mistaken, or import it in parts."
        raise refuse("too_many_groups", title, where="endpoint", fix=fix)
    return tuple(
        Traffic(
            endpoint=endpoint,
            version=version,
            day=day,
            requests=requests,
            errors=errors,
            latency=dict(sorted(latency.items())),
        )
        for (endpoint, version, day), (requests, errors, latency) in sorted(groups.items())
    )
