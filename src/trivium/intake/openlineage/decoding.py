"""How an accepted event's bytes become the objects that its meaning is read from: only facets that mean something.

Most of an event is facets, and most facets mean nothing here or were read before: schemas stay for months. Unknown
facets are skipped in the bytes, and the last schemas are remembered.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from trivium.intake.openlineage.facets import Schema
from trivium.intake.openlineage.names import RUN_ID_TAGS

Facets = dict[str, msgspec.Raw]

KNOWN: Final = frozenset(
    {
        "columnLineage", "dataQualityAssertions", "dataQualityMetrics", "datasetVersion", "documentation",
        "errorMessage", "externalQuery", "inputStatistics", "jobType", "mlflow", "nominalTime", "outputStatistics",
        "ownership", "parent", "processing_engine", "schema", "symlinks", "tags", "test", "version", *RUN_ID_TAGS,
    }
)  # fmt: skip
"""The facets that this reader reads; a facet that is not named here is never seen by it."""
_SCHEMA_BYTES: Final = 16 * 1024


class _Holder(msgspec.Struct):
    """A run, job or dataset."""

    namespace: Any = None
    name: Any = None
    runId: Any = None  # noqa: N815 - named as in the specification
    facets: Facets | None = None
    inputFacets: Facets | None = None  # noqa: N815
    outputFacets: Facets | None = None  # noqa: N815


class _Event(msgspec.Struct):
    eventType: Any = None  # noqa: N815
    run: _Holder | None = None
    job: _Holder | None = None
    dataset: _Holder | None = None
    inputs: list[_Holder] | None = None
    outputs: list[_Holder] | None = None


class _Produced(msgspec.Struct):
    producer: Any = None


_produced = msgspec.json.Decoder(_Produced).decode
_event = msgspec.json.Decoder(_Event).decode
_anything = msgspec.json.Decoder().decode


def decode_event(body: bytes) -> dict[str, Any]:
    """Read an event as dictionaries and lists, named as it names them; of its facets only the `KNOWN` need be there."""
    try:
        event = _event(body)
    except msgspec.ValidationError:
        read: dict[str, Any] = _anything(body)
        return read
    return {
        "eventType": event.eventType,
        "run": _plain(event.run),
        "job": _plain(event.job),
        "dataset": _plain(event.dataset),
        "inputs": list(map(_plain, event.inputs or ())),
        "outputs": list(map(_plain, event.outputs or ())),
    }


def producer_in(body: bytes) -> str:
    """Read who made an event: the URI of its code; empty when it names none."""
    named = _produced(body).producer
    return named if isinstance(named, str) else ""


def _plain(holder: _Holder | None) -> dict[str, Any] | None:
    if holder is None:
        return None
    plain: dict[str, Any] = {"namespace": holder.namespace, "name": holder.name, "runId": holder.runId}
    if holder.facets:
        plain["facets"] = _facets(holder.facets)
    if holder.inputFacets:
        plain["inputFacets"] = _facets(holder.inputFacets)
    if holder.outputFacets:
        plain["outputFacets"] = _facets(holder.outputFacets)
    return plain


def _facets(facets: Facets) -> dict[str, Any]:
    return {
        name: _schema(bytes(raw)) if name == "schema" and len(raw) <= _SCHEMA_BYTES else _anything(raw)
        for name, raw in facets.items()
        if name in KNOWN
    }


@lru_cache(maxsize=512)
def _schema(raw: bytes) -> Any:
    """Read a schema; whoever gets it changes nothing in it."""
    facet = _anything(raw)
    return Schema(facet) if isinstance(facet, dict) else facet
