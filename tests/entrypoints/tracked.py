"""The worked example whose two trials were logged with MLflow too: an experiment, two runs, a model of two versions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.entrypoints.worked import worked_rooms
from tests.intake.otlp.test_reader import read_pb
from tests.intake.otlp.told import CHAT, TRACE, request
from trivium.entrypoints.answers.questions import Question
from trivium.entrypoints.answers.rooms import Rooms
from trivium.facts.instants import parse_instant
from trivium.facts.tracking import (
    ArtifactStored,
    Change,
    ExperimentCreated,
    Input,
    ModelAliased,
    ModelCreated,
    RunChanged,
    RunCreated,
    RunLogged,
    RunMeasured,
    RunUsed,
    VersionCreated,
)
from trivium.mlops.changing import fact_of
from trivium.mlops.traces.committer import commit

FIRST, SECOND = "a" * 32, "b" * 32
TWINS = {FIRST: "01930000-0000-7000-8000-0000000000e1", SECOND: "01930000-0000-7000-8000-0000000000e2"}
"""The runs of the worked example that they are."""
_HOURS = {FIRST: ("08:00", "10:00"), SECOND: ("08:30", "09:00")}
_TRAINING = ("mlflow.data.context", "training")
MLMODEL = b"flavors: {}".ljust(321)
NEEDED = {
    "key": "dataset:worked/features", "sequence": "1", "q": "features", "experiment": "m-search",
    "run": f"run:{FIRST}", "runs": FIRST, "metrics": "auc", "version": "model:m/1", "endpoint": "endpoint:m",
    "model": "m", "one": "model:m/1", "other": "model:m/2", "trace": TRACE,
}  # fmt: skip
"""What a question may ask about, by the name of its parameter."""
VERSIONS = {"drift_show", "performance_show"}
"""Questions whose key is that of a model version."""
_EXPERIMENT = {"experiment": 1, "experiment_name": "m-search"}


def log_worked(rooms: Rooms) -> None:
    """Append what MLflow's client says of the trials."""
    blob = rooms.blobs.put(MLMODEL)
    stored = ArtifactStored(path=f"1/{FIRST}/artifacts/model/MLmodel", blob=blob, bytes=len(MLMODEL))
    changes: list[tuple[str, Change]] = [
        ("experiment:m-search", _experiment(1, "m-search")),
        *_logged(FIRST, rate="0.1", last=0.9),
        *_logged(SECOND, rate="0.2", last=0.7),
        (f"run:{SECOND}", RunMeasured(run=SECOND, metrics=(("odd", "NaN", 5, 0),))),
        (f"run:{FIRST}", stored),
        ("model:m", ModelCreated(name="m", description="What finds it.", tags={"task": "triage"})),
        ("model:m/1", _version(1, FIRST)),
        ("model:m/2", _version(2, SECOND)),
        ("model:m", ModelAliased(name="m", alias="champion", version=1)),
    ]  # fmt: skip
    _append(rooms, changes)


def more_runs(rooms: Rooms, count: int, metrics: int = 3) -> None:
    """Append an experiment `many` with so many finished runs, each with so many metrics."""
    start = _ms("2026-11-06T08:00:00Z")
    changes: list[tuple[str, Change]] = [("experiment:many", _experiment(2, "many"))]
    for number in range(count):
        run = f"{number:032x}"
        created = RunCreated(
            run=run, experiment=2, experiment_name="many", name=f"trial {number}", user="u", start_ms=start + number,
            artifact_uri="",
        )  # fmt: skip
        values = tuple((f"m{place}", math.sin(number + place), start + number, 0) for place in range(metrics))
        changes += [
            (f"run:{run}", created),
            (f"run:{run}", RunLogged(run=run, start_ms=start + number, params={"depth": str(number % 7)})),
            (f"run:{run}", RunMeasured(run=run, metrics=values)),
            (f"run:{run}", RunChanged(run=run, status="FINISHED", end_ms=start + number + 60_000)),
        ]
    _append(rooms, changes)


def given(question: Question, **more: str) -> dict[str, str]:
    """Say what a question needs."""
    names = {field.name for field in msgspec.structs.fields(question.params)}
    about = NEEDED | ({"key": NEEDED["version"]} if question.name in VERSIONS else {}) | more
    return {name: value for name, value in about.items() if name in names}


@contextmanager
def tracked_rooms(home: Path) -> Iterator[Rooms]:
    """Open a home with all of it, and a trace."""
    with worked_rooms(home) as rooms:
        log_worked(rooms)
        commit([read_pb(request({"attributes": CHAT}))], rooms.ledger, rooms.lake)
        yield rooms


def _experiment(number: int, name: str) -> ExperimentCreated:
    return ExperimentCreated(experiment=number, name=name, artifact_location=f"mlflow-artifacts:/{number}")


def _append(rooms: Rooms, changes: Sequence[tuple[str, Change]]) -> None:
    at = parse_instant("2026-11-06T00:00:00Z")
    for first in range(0, len(changes), 5_000):
        rooms.ledger.append([fact_of(change, subject, at) for subject, change in changes[first : first + 5_000]])


def _logged(run: str, *, rate: str, last: float) -> list[tuple[str, Change]]:
    start, end = (_ms(f"2026-11-05T{hour}:00Z") for hour in _HOURS[run])
    values = [("auc", last * step / 10, start + step * 60_000, step) for step in range(11)]
    changes: list[Change] = [
        RunCreated(
            run=run, name=f"trial {run[0]}", user="someone", start_ms=start,
            artifact_uri=f"mlflow-artifacts:/1/{run}/artifacts",
            tags={"openlineage.run_id": TWINS[run], "mlflow.runName": f"trial {run[0]}"}, **_EXPERIMENT,
        ),
        RunLogged(run=run, start_ms=start, params={"rate": rate, "depth": "5"}, tags={"team": "worked"}),
        RunUsed(
            run=run, start_ms=start,
            datasets=(Input(name="features", digest="d1", source_type="code", source="x", tags=(_TRAINING,)),),
        ),
        RunMeasured(run=run, metrics=tuple(values)),
        RunChanged(run=run, status="FINISHED", end_ms=end),
    ]  # fmt: skip
    return [(f"run:{run}", change) for change in changes]


def _version(number: int, run: str) -> VersionCreated:
    return VersionCreated(
        name="m", version=number, source=f"runs:/{run}/model", run=run, experiment_name="m-search",
        tags={"trivium.happened_at": f"2026-11-0{5 + number}T00:00:00Z"},
    )  # fmt: skip


def _ms(text: str) -> int:
    return parse_instant(text) // 1_000
