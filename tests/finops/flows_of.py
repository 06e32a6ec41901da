"""Makes Flows for tests from a few plain rows, without a ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from trivium.graph.flows import (
    FOREVER,
    OPEN,
    Consumptions,
    Ends,
    Flows,
    Predictions,
    ResourceUse,
    Runs,
    Starts,
    Uses,
    VersionRuns,
    Versions,
)


@dataclass
class Run:
    key: str
    start: int
    end: int | None = None
    outcome: int = OPEN
    job: str = ""
    experiment: str = ""
    reads: dict[str, tuple[int, int]] = field(default_factory=dict)
    writes: dict[str, tuple[int, int]] = field(default_factory=dict)
    upkeep: bool = False
    sequence: int = 1
    end_sequence: int = 1


@dataclass
class Version:
    key: str
    at: int
    runs: list[str]
    experiment: str = ""
    copy_of: str = ""
    sequence: int = 1


def flows_of(
    runs: list[Run],
    versions: Sequence[Version] = (),
    uses: Sequence[tuple[str, str, int, int]] = (),
    predictions: Sequence[tuple[str, str, int, int]] = (),
    lives: Mapping[str, int] = MappingProxyType({}),
    resources: Sequence[tuple[str, str]] = (),
) -> Flows:
    runs = sorted(runs, key=lambda run: run.key)
    keys = [run.key for run in runs]
    jobs = sorted({run.job for run in runs if run.job})
    experiments = sorted(
        {run.experiment for run in runs if run.experiment} | {v.experiment for v in versions if v.experiment}
    )
    datasets = sorted({key for run in runs for key in [*run.reads, *run.writes]} | set(lives))
    consumers = sorted({by for _, by, _, _ in uses} | {by for _, by, _, _ in predictions})
    versions = sorted(versions, key=lambda version: version.key)
    names = [version.key for version in versions]

    def column(values: list[int], kind: type = np.int64) -> np.ndarray:
        return np.array(values, dtype=kind)

    def used(which: str) -> Uses:
        rows = sorted(
            (keys.index(run.key), datasets.index(key), bytes_, rows, run.sequence)
            for run in runs
            for key, (bytes_, rows) in getattr(run, which).items()
        )
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        return Uses(table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2], table[:, 3], table[:, 4])

    def paired(table: np.ndarray) -> list[np.ndarray]:
        return [table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2], table[:, 3], table[:, 4]]

    def place(key: str, of: list[str]) -> int:
        return of.index(key) if key else -1

    pairs = [(place(v.key, names), keys.index(run)) for v in versions for run in v.runs]
    used_rows = [(names.index(v), consumers.index(by), since, until, 1) for v, by, since, until in uses]
    made_rows = [(names.index(v), consumers.index(by), month, count, 1) for v, by, month, count in predictions]
    used_by, made = (np.array(rows, dtype=np.int64).reshape(-1, 5) for rows in (used_rows, made_rows))
    return Flows(
        runs=Runs(
            keys, column([r.start for r in runs]), column([FOREVER if r.end is None else r.end for r in runs]),
            column([r.outcome for r in runs], np.int8), column([place(r.job, jobs) for r in runs], np.int32),
            column([place(r.experiment, experiments) for r in runs], np.int32), column([-1] * len(runs), np.int32),
            column(list(range(len(runs))), np.int32), column([0] * len(runs), np.bool_),
            column([r.upkeep for r in runs], np.bool_),
            column([bool(r.reads or r.writes) for r in runs], np.bool_),
            column([bool(r.experiment) for r in runs], np.bool_), column([r.sequence for r in runs]),
            column([r.end_sequence for r in runs]),
        ),
        start_sequences=Starts(column([], np.int32), column([]), column([])),
        ends=Ends(column([], np.int32), column([]), column([], np.int8), column([])),
        jobs=jobs, datasets=datasets, experiments=experiments, consumers=consumers,
        reads=used("reads"), writes=used("writes"),
        versions=Versions(
            names, column([v.at for v in versions]),
            column([place(v.experiment, experiments) for v in versions], np.int32),
            column([place(v.copy_of, names) for v in versions], np.int32), column([v.sequence for v in versions]),
        ),
        version_runs=VersionRuns(column([p[0] for p in pairs], np.int32), column([p[1] for p in pairs], np.int32)),
        consumptions=Consumptions(*paired(used_by)),
        predictions=Predictions(*paired(made)),
        life_days=column([lives.get(key, 0) for key in datasets], np.int32),
        resources=[ResourceUse(asset, resource, Fraction(1), 1) for asset, resource in resources],
        rules=[], owners={}, products={}, names={}, sequence=1,
    )  # fmt: skip
