"""How did metrics of some runs go, step by step?"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import ARGUMENT, words, written
from trivium.entrypoints.answers.tracked import instant_ms
from trivium.facts.problem import refuse
from trivium.intake.mlflow.requests import MetricHistories
from trivium.mlops.search.written import parts_of
from trivium.mlops.tracking.histories import SAMPLE_MAX, sampled
from trivium.mlops.tracking.lookup import run_known

RUNS_MAX: Final = 50
METRICS_MAX: Final = 20
POINTS_MAX: Final = 200_000


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    runs: Annotated[str, Meta(description="The runs, by id or key, separated by commas.", extra=ARGUMENT)]
    metrics: Annotated[str, Meta(description="The metrics, by name, separated by commas.", extra=ARGUMENT)]
    limit: Annotated[
        int,
        Meta(
            description="How many values of a metric of a run are given at most, evenly spread, the first and the last "
            "among them.",
            ge=1,
            le=SAMPLE_MAX,
        ),
    ] = 1_000


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One value."""

    run: Annotated[str, Meta(description="The run's key.")]
    name: Annotated[str, Meta(description="The run's name.")]
    metric: Annotated[str, Meta(description="The metric.")]
    step: Annotated[int, Meta(description="The step that it was measured at.")]
    at: Annotated[
        str | None,
        Meta(description="When it was measured, as its client says.", extra=words(absent="not said")),
    ]
    value: Annotated[float | str, Meta(description="The value; text where it is no number.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The values of metrics, run by run and metric by metric, by step."""

    runs: Annotated[tuple[str, ...], Meta(description="The runs, by key.")]
    metrics: Annotated[tuple[str, ...], Meta(description="The metrics.")]
    points: Annotated[tuple[Point, ...], Meta(description="The values.", extra=words(absent="nothing was measured"))]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Give the history of metrics."""
    runs, metrics = parts_of(params.runs), parts_of(params.metrics)
    _check("runs", len(runs), RUNS_MAX)
    _check("metrics", len(metrics), METRICS_MAX)
    points: list[Point] = []
    with rooms.ledger.reading() as connection:
        rows = [run_known(connection, run) for run in dict.fromkeys(runs)]
        for row in rows:
            for metric in dict.fromkeys(metrics):
                asked = MetricHistories(run_ids=[row.id], metric_key=metric, max_results=params.limit)
                points += [
                    Point(
                        run=f"run:{row.id}",
                        name=row.name,
                        metric=metric,
                        step=one.step if isinstance(one.step, int) else 0,
                        at=written(instant_ms(one.timestamp)),
                        value=one.value,
                    )
                    for one in sampled(connection, asked)
                ]
                _check("values", len(points), POINTS_MAX, "--limit")
    return Answer(runs=tuple(f"run:{row.id}" for row in rows), metrics=metrics, points=tuple(points))


def _check(what: str, count: int, most: int, where: str = "") -> None:
    if not 1 <= count <= most and (count or not where):
        title = f"{count:,} {what} are asked for; it may be 1 to {most:,}."
        raise refuse("bad_parameter", title, where=where or what, fix=f"Ask for fewer {what}, or for one.")
