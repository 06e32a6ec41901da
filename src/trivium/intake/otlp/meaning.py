"""What a group of spans means for the graph: endpoints that answered, and the resources that they use."""

from __future__ import annotations

from collections.abc import Sequence

from trivium.facts.fact import RecordedFact
from trivium.facts.spans import decode_spans
from trivium.facts.statements import EndpointSeen


def endpoints_seen(recorded: RecordedFact) -> Sequence[EndpointSeen]:
    """Give each endpoint of a `spans.received` fact at its first and its last span."""
    received = decode_spans(recorded.fact.body)
    seen: dict[str, tuple[int, int]] = {}
    for trace in received.traces:
        endpoint = trace.lead.endpoint
        if endpoint:
            start, end = seen.get(endpoint, (trace.start, trace.end))
            seen[endpoint] = (min(start, trace.start), max(end, trace.end))
    for used in received.usage:
        if used.at.endpoint:
            seen.setdefault(used.at.endpoint, (used.at.since, used.at.since))
    resources: dict[str, list[str]] = {}
    for endpoint, resource in received.resources:
        resources.setdefault(endpoint, []).append(resource)
        seen.setdefault(endpoint, (recorded.fact.happened_at, recorded.fact.happened_at))
    return [
        EndpointSeen(endpoint=endpoint, at=at, resources=tuple(resources.get(endpoint, ())))
        for endpoint, pair in sorted(seen.items())
        for at in dict.fromkeys(pair)
    ]
