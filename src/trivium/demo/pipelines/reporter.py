"""Tells a server what runs read, checked and wrote, with the official OpenLineage client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from uuid import NAMESPACE_URL, uuid5

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    schema_dataset,
    tags_run,
)
from openlineage.client.transport.http import HttpConfig, HttpTransport

from trivium.demo.months import MINUTE
from trivium.demo.pipelines.bucket import NAME, SCHEME, File
from trivium.demo.told import Check, Ran
from trivium.facts.instants import Instant, format_instant

NAMESPACE: Final = "health"
PRODUCER: Final = "https://example.org/regional-health-service"
_THREADS: Final = 4
_TIMEOUT_S: Final = 60.0
Content = TypeVar("Content")


class Task:
    """One run at work: whatever it reads, checks and writes goes through here and is told."""

    def __init__(self, scheme: str) -> None:
        self._scheme = scheme
        self.inputs: dict[str, InputDataset] = {}
        self.outputs: dict[str, OutputDataset] = {}

    def read(self, file: File[Content]) -> Content:
        """Note that the run read a file, with rows and bytes, and give what is in it."""
        statistics = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=file.rows, size=file.bytes, fileCount=1
        )
        facets: dict[str, Any] = {"inputStatistics": statistics}
        self.inputs[file.name] = InputDataset(f"{self._scheme}{NAME}", file.name, inputFacets=facets)
        return file.content

    def wrote(self, file: File[Any]) -> None:
        """Note that the run wrote a file, with rows, bytes and columns."""
        columns = [schema_dataset.SchemaDatasetFacetFields(name, kind) for name, kind in file.columns]
        statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=file.rows, size=file.bytes, fileCount=1
        )
        self.outputs[file.name] = OutputDataset(
            f"{self._scheme}{NAME}",
            file.name,
            facets={"schema": schema_dataset.SchemaDatasetFacet(columns)},
            outputFacets={"outputStatistics": statistics},
        )

    def checked(self, file: File[Any], checks: list[Check], nulls: dict[str, int]) -> None:
        """Note results of checks on a file, and how many values its columns lack."""
        facets = self.inputs[file.name].inputFacets
        assert facets is not None, "a file is read before it is checked"
        facets["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            [
                data_quality_assertions_dataset.Assertion(
                    assertion=check.name, success=check.passed, column=check.column or None, expected=check.expected,
                    actual=check.actual,
                )
                for check in checks
            ]
        )  # fmt: skip
        metrics = {
            name: data_quality_metrics_input_dataset.ColumnMetrics(nullCount=count, quantiles=None)
            for name, count in nulls.items()
        }
        facets["dataQualityMetrics"] = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
            metrics, rowCount=file.rows, bytes=file.bytes
        )


class Reporter:
    """Collects events of runs and sends them to a server, several at a time: their order does not matter."""

    def __init__(self) -> None:
        self.runs: list[Ran] = []
        self._events: list[RunEvent] = []
        self._clients = threading.local()

    @contextmanager
    def run(
        self, job: str, start: Instant, minutes: float, *, resource: str = "", test: bool = False, scheme: str = SCHEME
    ) -> Iterator[Task]:
        """Tell of a run that began at `start` and took so long; an exception makes it a failed run, and goes on."""
        end = start + round(minutes * MINUTE)
        run = str(uuid5(NAMESPACE_URL, f"{PRODUCER}/{job}/{format_instant(start)}/{resource}"))
        task = Task(scheme)
        try:
            yield task
        except Exception as fault:
            self._note(Ran(run, job, start, end, resource, failed=True), task, test, str(fault))
            raise
        self._note(Ran(run, job, start, end, resource), task, test, "")

    def send(self, url: str) -> int:
        """Send what was collected and give the number of events; raises what the client raises."""
        events, self._events = self._events, []
        with ThreadPoolExecutor(_THREADS) as pool:
            for _ in pool.map(lambda event: self._client(url).emit(event), events):
                pass
        return len(events)

    def _client(self, url: str) -> OpenLineageClient:
        """Give this thread's client."""
        if not hasattr(self._clients, "client"):
            transport = HttpTransport(HttpConfig(url=url, timeout=_TIMEOUT_S))
            self._clients.client = OpenLineageClient(transport=transport)
        client: OpenLineageClient = self._clients.client
        return client

    def _note(self, ran: Ran, task: Task, test: bool, error: str) -> None:
        self.runs.append(ran)
        job = Job(NAMESPACE, ran.job, facets=_job_facets(test))
        plain: dict[str, Any] = {
            "nominalTime": nominal_time_run.NominalTimeRunFacet(format_instant(ran.start), format_instant(ran.end))
        }
        if ran.resource:
            tag = tags_run.TagsRunFacetFields("trivium.resource_id", ran.resource, "USER")
            plain["tags"] = tags_run.TagsRunFacet([tag])
        ended = dict(plain)
        if error:
            ended["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "PYTHON")
        self._events.append(RunEvent(
            eventType=RunState.START, eventTime=format_instant(ran.start), run=Run(ran.run, plain), job=job,
            inputs=[InputDataset(one.namespace, one.name) for one in task.inputs.values()],
            outputs=[OutputDataset(one.namespace, one.name) for one in task.outputs.values()], producer=PRODUCER,
        ))  # fmt: skip
        self._events.append(RunEvent(
            eventType=RunState.FAIL if error else RunState.COMPLETE, eventTime=format_instant(ran.end),
            run=Run(ran.run, ended), job=job, inputs=list(task.inputs.values()), outputs=list(task.outputs.values()),
            producer=PRODUCER,
        ))  # fmt: skip


def _job_facets(test: bool) -> dict[str, Any]:
    kind = "TEST" if test else "JOB"
    return {"jobType": job_type_job.JobTypeJobFacet("BATCH", "PYTHON", kind)}
