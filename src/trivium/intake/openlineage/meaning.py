"""What a recorded OpenLineage event says, in statements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from trivium.facts.fact import RecordedFact
from trivium.facts.instants import Instant
from trivium.facts.keys import run_key
from trivium.facts.statements import DatasetSeen, DatasetUse, JobSeen, Observed, RunSeen
from trivium.intake.openlineage.decoding import decode_event, producer_in
from trivium.intake.openlineage.facets import (
    columns_of,
    count,
    facets_of,
    owners_of,
    parent_of,
    symlinks_of,
    tags_of,
    text,
)
from trivium.intake.openlineage.names import (
    EVENTS,
    RESOURCE_TAG,
    RUN_ID_TAGS,
    TEST,
    dataset_key,
    fits,
    job_key,
    named_run,
)
from trivium.intake.openlineage.quality import checks_of, measures_of

Named = list[tuple[str, dict[str, Any]]]


def statements(recorded: RecordedFact) -> Sequence[Observed]:
    """Say what an accepted event means; the same event always means the same.

    Outputs of a test are its audit tables, no assets: nothing is said of them.
    """
    fact = recorded.fact
    read = _remembered if len(fact.body) <= _REMEMBERED_BYTES else _statements
    return read(fact.body, fact.happened_at)


def producer(recorded: RecordedFact) -> str:
    """Say which code made an accepted event, by its URI; empty when the event names none."""
    return producer_in(recorded.fact.body)


def _statements(body: bytes, at: Instant) -> tuple[Observed, ...]:
    event = decode_event(body)
    job = event.get("job")
    job_facets = facets_of(job)
    if event.get("run") is not None:
        return tuple(_run_event(event, job, job_facets, at))
    if event.get("dataset") is not None:
        return tuple(_described([(dataset_key(event["dataset"]), event["dataset"])], at, always=True))
    datasets = _named(event.get("inputs")) + _named(event.get("outputs"))
    return (_job_seen(job, job_facets, at), *_described(datasets, at, always=True))


_REMEMBERED_BYTES: Final = 16 * 1024
_remembered = lru_cache(maxsize=600)(_statements)
"""Several folds ask what the same events mean, one batch after the other."""


def _run_event(event: dict[str, Any], job: Any, job_facets: dict[str, Any], at: Instant) -> list[Observed]:
    facets = facets_of(event["run"])
    run = run_key(event["run"]["runId"])
    job_type = text(job_facets, "jobType", "jobType").upper()
    inputs = _named(event.get("inputs"))
    outputs = [] if job_type == TEST else _named(event.get("outputs"))
    said: list[Observed] = [_run_seen(event, run, job_key(job), job_type, facets, inputs, outputs, at)]
    if not job_facets.keys().isdisjoint(("ownership", "documentation", "tags")):
        said.append(_job_seen(job, job_facets, at))
    said += _described(inputs, at)
    said += _described(outputs, at, run=run)
    for key, dataset in inputs + outputs:
        said += measures_of(key, dataset, at, run)
    said += checks_of(inputs + outputs, facets, at, run)
    return said


def _run_seen(
    event: dict[str, Any],
    run: str,
    job: str,
    job_type: str,
    facets: dict[str, Any],
    inputs: Named,
    outputs: Named,
    at: Instant,
) -> RunSeen:
    parent, parent_job, root = parent_of(facets)
    tags = tags_of(facets)
    query = text(facets, "externalQuery", "externalQueryId")
    return RunSeen(
        run=run,
        at=at,
        event=EVENTS.get(event.get("eventType") or "OTHER", "other"),
        job=job,
        job_type=job_type,
        parent=parent if parent != run else "",
        parent_job=job_key(parent_job),
        root=root if root != run else "",
        same_as=_same_as(facets, tags, run),
        reads=_uses(inputs, "inputStatistics"),
        writes=_uses(outputs, "outputStatistics"),
        resources=tuple(sorted({value for key, value in tags if key == RESOURCE_TAG and fits(value)})),
        queries=(query,) if fits(query) else (),
        tags=_run_tags(facets, tags),
        error=text(facets, "errorMessage", "message"),
    )


def _run_tags(facets: dict[str, Any], tags: list[tuple[str, str]]) -> dict[str, str]:
    """Unite the run's tags with what its facets say about when it was due and what ran it."""
    named = {
        "openlineage.nominal_start": text(facets, "nominalTime", "nominalStartTime"),
        "openlineage.nominal_end": text(facets, "nominalTime", "nominalEndTime"),
        "openlineage.engine": text(facets, "processing_engine", "name"),
        "openlineage.engine_version": text(facets, "processing_engine", "version"),
    }
    return {key: value for key, value in named.items() if value} | dict(tags)


def _same_as(facets: dict[str, Any], tags: list[tuple[str, str]], run: str) -> tuple[str, ...]:
    """Find the MLflow run that this run is: a tag or a run facet `mlflow.run_id`, or a facet `mlflow`."""
    found = [value for key, value in tags if key in RUN_ID_TAGS]
    for name in RUN_ID_TAGS if facets else ():
        facet = facets.get(name)
        found += (
            [facet] if isinstance(facet, str) else [text(facets, name, field) for field in ("value", "runId", "run_id")]
        )
    found += [text(facets, "mlflow", field) for field in ("run_id", "runId", "mlflow.run_id")]
    return tuple(sorted({named_run(value) for value in found} - {run, ""}))


def _uses(datasets: Named, facet: str) -> tuple[DatasetUse, ...]:
    return tuple(
        DatasetUse(key, count(facets, facet, "size"), count(facets, facet, "rowCount"))
        for key, dataset in datasets
        for facets in (facets_of(dataset, "inputFacets", "outputFacets", "facets"),)
    )


def _described(datasets: Named, at: Instant, *, run: str = "", always: bool = False) -> list[DatasetSeen]:
    """Say what the facets of datasets describe; of a dataset without description nothing, unless `always`."""
    seen = []
    for key, dataset in datasets:
        facets = facets_of(dataset)
        plain = DatasetSeen(dataset=key, at=at, run=run)
        full = DatasetSeen(
            dataset=key,
            at=at,
            symlinks=tuple(link for link in symlinks_of(facets) if link != key),
            columns=columns_of(facets),
            version=text(facets, "version", "datasetVersion") or text(facets, "datasetVersion", "datasetVersion"),
            owners=owners_of(facets),
            documentation=text(facets, "documentation", "description"),
            tags=dict(tags_of(facets)),
            run=run,
        )
        if always or full != plain:
            seen.append(full)
    return seen


def _job_seen(job: Any, facets: dict[str, Any], at: Instant) -> JobSeen:
    return JobSeen(
        job=job_key(job),
        at=at,
        job_type=text(facets, "jobType", "jobType").upper(),
        owners=owners_of(facets),
        documentation=text(facets, "documentation", "description"),
        tags=dict(tags_of(facets)),
    )


def _named(datasets: Any) -> Named:
    """Pair each dataset of a list with its key."""
    if not isinstance(datasets, list):
        return []
    pairs = ((dataset_key(dataset), dataset) for dataset in datasets)
    return [(key, dataset) for key, dataset in pairs if key]
