"""A large, realistic home: pipelines over three closed months and an open one, their bill, and what is declared.

Everything goes through the ledger's own API in large groups: events as the OpenLineage reader takes them, the bills as
an import, the declaration and the closed months as commands. Seeded: the same facts each time in one month.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.large_bill import bill
from trivium.bootstrap import open_rooms
from trivium.entrypoints.answers import close_month, declare, import_focus
from trivium.facts.fact import Receipt
from trivium.facts.instants import DAY, Instant, format_instant, now
from trivium.facts.period import Period, month_of
from trivium.intake.openlineage.reader import accept

MINUTE = 60_000_000
HOUR = 60 * MINUTE
GROUP = 5_000
DATASETS, JOBS = 40, 20
"""Of one pipeline: each job writes two datasets."""
CHECKED = 5
"""Every so many datasets one is checked."""
PRODUCERS = (
    "https://github.com/OpenLineage/OpenLineage/tree/1.54/integration/spark",
    "https://github.com/apache/airflow",
)
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
MONTHS = 4


@dataclass(frozen=True)
class Plan:
    """How large a home is: pipelines of twenty jobs, runs, and the months that they fill, the last one open."""

    pipelines: int
    runs: int
    tests: int
    months: tuple[Period, ...]
    until: Instant

    @property
    def start(self) -> Instant:
        """Give the first month's first instant."""
        return self.months[0].start

    @property
    def jobs(self) -> int:
        """Count the jobs that are no tests."""
        return self.pipelines * JOBS


def plan_of(facts: int) -> Plan:
    """Plan a home of about so many facts: of ten, nine are events of work, a half of one those of tests."""
    last = month_of(now())
    months = [last]
    while len(months) < MONTHS:
        months.insert(0, month_of(months[0].start - DAY))
    return Plan(
        pipelines=max(4, facts // 10_000), runs=facts * 9 // 40, tests=facts // 40, months=tuple(months),
        until=max(now() - HOUR, last.start + DAY),
    )  # fmt: skip


def make(home: Path, facts: int, told: Callable[[str], None]) -> Plan:
    """Fill an empty home and close its months but the last."""
    plan = plan_of(facts)
    with open_rooms(home) as rooms:
        pending: list[Future[list[Receipt]]] = []
        for number, group in enumerate(_groups(plan)):
            pending.append(rooms.ledger.submit([accept(raw) for raw in group]))
            if len(pending) > 2:
                pending.pop(0).result()
            if number % 20 == 0:
                told(f"{number * GROUP:,} events")
        for one in pending:
            one.result()
        told("declaring, importing the bills")
        declare.ask(rooms, declare.Params(toml=_declaration(plan), name="platform"))
        for month in plan.months:
            path = home.parent / f"bill-{month}.csv"
            path.write_bytes(bill(month, min(month.end, plan.until), plan.pipelines))
            import_focus.ask(rooms, import_focus.Params(), [path])
            path.unlink()
        told("folding")
        rooms.ledger.catch_up()
        for month in plan.months[:-1]:
            told(f"closing {month}")
            close_month.ask(rooms, close_month.Params(period=str(month)))
    return plan


def run_id(number: int) -> str:
    """Give a run's id."""
    return f"{number:08x}-0000-4000-8000-{number * 7919 % 2**48:012x}"


def job_name(job: int) -> str:
    """Name a job by its pipeline and its step; the last step of a pipeline trains a model."""
    step = job % JOBS
    return f"p{job // JOBS:03d}.{'train' if step == JOBS - 1 else f'step_{step:02d}'}"


def dataset_name(pipeline: int, place: int) -> str:
    """Name a dataset of a pipeline; place -1 is its source, which nobody writes."""
    return f"p{pipeline:03d}/source" if place < 0 else f"p{pipeline:03d}/table_{place:02d}"


def event(kind: str, at: Instant, run: str, job: str, reads: str = "", writes: str = "", facets: str = "") -> bytes:
    """Write one run event; `reads` and `writes` are JSON arrays without their brackets."""
    return (
        f'{{"eventType":"{kind}","eventTime":"{format_instant(at)}","producer":"{PRODUCERS[0]}","schemaURL":"{SCHEMA}",'
        f'"run":{{"runId":"{run}","facets":{{{facets}}}}},"job":{{"namespace":"etl","name":"{job}","facets":{{}}}},'
        f'"inputs":[{reads}],"outputs":[{writes}]}}'
    ).encode()


def inputs_of(job: int) -> list[tuple[int, int]]:
    """Say which datasets a job reads: of earlier steps, and now and then of a pipeline that all share."""
    chosen = random.Random(job)
    pipeline, step = divmod(job, JOBS)
    if step == 0:
        return [(pipeline, -1)]
    found = {(pipeline, chosen.randrange(2 * step)) for _ in range(chosen.randint(1, 3))}
    if chosen.random() < 0.1 and pipeline >= 10:
        found.add((pipeline % 10, chosen.randrange(DATASETS)))
    return sorted(found)


def outputs_of(job: int) -> list[tuple[int, int]]:
    """Say which datasets a job writes; training writes none."""
    pipeline, step = divmod(job, JOBS)
    return [] if step == JOBS - 1 else [(pipeline, 2 * step), (pipeline, 2 * step + 1)]


def _groups(plan: Plan) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    for raw in _events(plan):
        group.append(raw)
        if len(group) == GROUP:
            yield group
            group = []
    yield group


def _events(plan: Plan) -> Iterator[bytes]:
    """Give all events, day by day: descriptions, work, tests."""
    days = (plan.until - plan.start) // DAY + 1
    step = (plan.until - plan.start - 2 * HOUR) // plan.runs
    tests = 0
    described = plan.pipelines * DATASETS * max(1, plan.runs // (5 * plan.pipelines * DATASETS))
    seen = 0
    for number in range(plan.runs):
        at = plan.start + number * step
        yield from _work(plan, number, at)
        while tests * plan.runs < (number + 1) * plan.tests:
            yield from _test(plan, tests, at + HOUR)
            tests += 1
        while seen * plan.runs < (number + 1) * described and days:
            yield _description(plan, seen, at)
            seen += 1


def _work(plan: Plan, number: int, at: Instant) -> Iterator[bytes]:
    """Give the four events of a run: it starts, tells twice that it runs, and ends; two of a hundred fail."""
    chosen = random.Random(number)
    job = number % plan.jobs
    run, name = run_id(number), job_name(job)
    minutes = chosen.randint(4, 50)
    size = chosen.randint(10**6, 10**9)
    reads = ",".join(_used(one, "inputFacets", "inputStatistics", size // 2) for one in inputs_of(job))
    writes = ",".join(_used(one, "outputFacets", "outputStatistics", size) for one in outputs_of(job))
    yield event("START", at, run, name, reads)
    for part in (1, 2):
        yield event("RUNNING", at + part * minutes * MINUTE // 3, run, name)
    kind = "FAIL" if chosen.random() < 0.02 else "COMPLETE"
    yield event(kind, at + minutes * MINUTE, run, name, reads, writes)


def _used(one: tuple[int, int], holder: str, facet: str, size: int) -> str:
    rows = "" if facet.startswith("input") else f',"rowCount":{size // 1_000}'
    return (
        f'{{"namespace":"s3://lake","name":"{dataset_name(*one)}","{holder}":{{"{facet}":'
        f'{{"_producer":"p","_schemaURL":"s","size":{size}{rows}}}}}}}'
    )


def _test(plan: Plan, number: int, at: Instant) -> Iterator[bytes]:
    """Give the two events of a test of one checked dataset; a few of the newest results fail."""
    checked = plan.pipelines * DATASETS // CHECKED
    place = number % checked * CHECKED
    run = run_id(plan.runs + number)
    pipeline, table = divmod(place, DATASETS)
    name = f"test.{dataset_name(pipeline, table).replace('/', '.')}"
    bad = number >= plan.tests - checked and number % 97 == 0
    results = ",".join(
        f'{{"assertion":"{check}","column":"{column}","success":{"false" if bad and check == "not_null" else "true"}}}'
        for check, column in (("not_null", "id"), ("unique", "id"), ("accepted_values", "state"))
    )
    facet = f'"dataQualityAssertions":{{"_producer":"p","_schemaURL":"s","assertions":[{results}]}}'
    reads = f'{{"namespace":"s3://lake","name":"{dataset_name(pipeline, table)}","inputFacets":{{{facet}}}}}'
    yield event("START", at, run, name)
    body = event("COMPLETE", at + 2 * MINUTE, run, name, reads)
    kind = '"processingType":"BATCH","integration":"DBT","jobType":"TEST"'
    test = f'"facets":{{"jobType":{{"_producer":"p","_schemaURL":"s",{kind}}}}}'
    yield body.replace(b'"name":"' + name.encode() + b'","facets":{}', f'"name":"{name}",{test}'.encode())


def _description(plan: Plan, number: int, at: Instant) -> bytes:
    """Give an event that describes a dataset: its schema and what it is."""
    pipeline, table = divmod(number % (plan.pipelines * DATASETS), DATASETS)
    fields = ",".join(f'{{"name":"column_{place}","type":"VARCHAR"}}' for place in range(8))
    return (
        f'{{"eventTime":"{format_instant(at)}","producer":"{PRODUCERS[1]}","schemaURL":"{SCHEMA}","dataset":'
        f'{{"namespace":"s3://lake","name":"{dataset_name(pipeline, table)}","facets":{{"schema":{{"_producer":"p",'
        f'"_schemaURL":"s","fields":[{fields}]}},"documentation":{{"_producer":"p","_schemaURL":"s","description":'
        f'"Table {table} of pipeline {pipeline}, made each day."}}}}}}}}'
    ).encode()


def _declaration(plan: Plan) -> str:
    """Declare teams, products, owners, resources, trials, versions, endpoints and their predictions."""
    teams = max(2, plan.pipelines // 5)
    said = [f'[[team]]\nname = "team-{team:02d}"\ntitle = "Team {team}"' for team in range(teams)]
    for product in range(_products(plan)):
        mine = [one for one in range(plan.pipelines) if one % _products(plan) == product]
        assets = [f"endpoint:serve-{one:03d}" for one in mine]
        assets += [f"dataset:s3://lake/{dataset_name(one, place)}" for one in mine for place in range(4)]
        said.append(
            f'[[product]]\nname = "product-{product:02d}"\ntitle = "Product {product}"\n'
            f'value_per_day = "{900 + product} EUR"\nowners = ["team-{product % teams:02d}"]\nassets = {_list(assets)}'
        )
    said += [
        f'[[job]]\nkey = "job:etl/{job_name(job)}"\nowners = ["team-{job // JOBS % teams:02d}"]\n'
        f'resource = "cluster-{job * 3 // JOBS:03d}"'
        for job in range(plan.jobs)
    ]
    said += [_models(plan, pipeline) for pipeline in range(plan.pipelines)]
    return "\n\n".join(said) + "\n"


def _products(plan: Plan) -> int:
    return max(2, plan.pipelines * 3 // 5)


def _models(plan: Plan, pipeline: int) -> str:
    """Declare one pipeline's storage, experiment, versions and endpoint."""
    job = pipeline * JOBS + JOBS - 1
    trials = range(job, plan.runs, plan.jobs)
    said = [
        f'[[dataset]]\nkey = "dataset:s3://lake/{dataset_name(pipeline, place)}"\n'
        f'resource = "bucket-{pipeline:03d}-{place}"'
        for place in range(4)
    ]
    said.append(
        f'[[experiment]]\nname = "tune-{pipeline:03d}"\nruns = {_list([run_id(one) for one in list(trials)[:40]])}\n'
        f'[[model]]\nname = "model-{pipeline:03d}"'
    )
    each = len(trials) // len(plan.months)
    for version, month in enumerate(plan.months, 1):
        said.append(
            f'[[model.version]]\nversion = "{version}"\nruns = ["{run_id(trials[(version - 1) * each])}"]\n'
            f'experiment = "tune-{pipeline:03d}"\nhappened_at = {format_instant(month.start + DAY + version)}'
        )
    serves = ", ".join(
        f'{{ version = "model-{pipeline:03d}/{version}", since = {format_instant(month.start + DAY + version)} }}'
        for version, month in enumerate(plan.months, 1)
    )
    said.append(f'[[endpoint]]\nname = "serve-{pipeline:03d}"\nresource = "vm-{pipeline:03d}"\nserves = [{serves}]')
    for version in range(1, len(plan.months) + 1):
        months = ", ".join(f'"{month}" = {1000 * version}' for month in plan.months[version - 1 :])
        said.append(
            f'[[predictions]]\nversion = "model-{pipeline:03d}/{version}"\nby = "endpoint:serve-{pipeline:03d}"\n'
            f"months = {{ {months} }}"
        )
    return "\n\n".join(said)


def _list(texts: list[str]) -> str:
    return msgspec.json.encode(texts).decode()
