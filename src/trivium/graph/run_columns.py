"""Runs as columns: reports of merged runs united, and runs that only their children name given the children's time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import Connection, text

from trivium.graph.columns import integer_columns
from trivium.graph.flows import FAILED, FOREVER, OPEN, SUCCESS, Bool, Int8, Int32, Int64
from trivium.graph.naming import Naming

NO_END: Final = -(2**62)
_ID_BITS: Final = 31
"""Numbers of names are below 2³¹: two of them, or one with flags, are read as one number."""
_TOLD_TYPE: Final = "CASE job_type WHEN 'TEST' THEN 2 WHEN '' THEN 0 ELSE 1 END"
_COLUMNS: Final = [
    f"(run << {_ID_BITS}) | coalesce(job, 0)", "coalesce(start_at, 9223372036854775807)",
    f"coalesce(end_at, {NO_END})", "end_sequence", "CASE WHEN start_at IS NULL THEN sequence ELSE start_sequence END",
    f"(coalesce(parent, root, 0) << 4) | (checked << 3) | (success << 2) | {_TOLD_TYPE}",
]  # fmt: skip
_SAID_AT: Final = ["coalesce(job_at, 0)", "coalesce(parent_at, 9223372036854775807)"]
_TEST_JOBS = text("SELECT asset FROM graph_descriptions WHERE field = 'job_type' AND value = 'TEST'")
_DEEPEST: Final = 64


@dataclass(frozen=True)
class Reports:
    """Rows of runs as they stand in the table, before identity: `run` is the number of a name."""

    run: Int64
    start: Int64
    sequence: Int64
    end: Int64
    success: Int64
    end_sequence: Int64


@dataclass(frozen=True)
class RunColumns:
    """All runs in order of key; `place` gives for each number of a name the run's place, -1 where it is no run."""

    keys: list[str]
    jobs: list[str]
    place: Int32
    start: Int64
    end: Int64
    outcome: Int8
    job: Int32
    parent: Int32
    test: Bool
    checked: Bool
    sequence: Int64
    end_sequence: Int64
    several: Reports
    """What each name of a merged run reports."""


def read_runs(connection: Connection, naming: Naming) -> RunColumns:
    """Read all runs; a run is known once an event of it, or of a run below it, is."""
    jobs, job_place = naming.listed(naming.of_kind("job"))
    packed, start, end, end_sequence, sequence, flags = integer_columns(connection, _COLUMNS, "graph_runs")
    number = packed >> _ID_BITS
    keys, place = naming.listed(number)
    run = place[number]
    parent = place[flags >> 4]
    parent[parent == run] = -1
    raw = {
        "start": start, "end": end, "success": flags >> 2 & 1, "end_sequence": end_sequence, "sequence": sequence,
        "job": job_place[packed & ((1 << _ID_BITS) - 1)], "parent": parent, "test": (flags & 3) - 1,
        "checked": flags >> 3 & 1,
    }  # fmt: skip
    if len(keys) == len(number):
        row = np.empty(len(number), np.int64)
        row[run] = np.arange(len(number))
        united, again = {name: column[row] for name, column in raw.items()}, row[:0]
    else:
        united = _united(raw, run, len(keys), integer_columns(connection, _SAID_AT, "graph_runs"))
        again = np.flatnonzero(np.bincount(run, minlength=len(keys))[run] > 1)
    reported = (number, start, sequence, end, raw["success"], end_sequence)
    several = Reports(*(column[again] for column in reported))
    _date_by_children(united)
    return _known(keys, jobs, place, united, _test_jobs(connection, job_place, len(jobs)), several)


def _united(raw: dict[str, Int64], run: Int32, count: int, said_at: list[Int64]) -> dict[str, Int64]:
    """Unite the reports of merged runs."""
    job_at, parent_at = said_at
    ends = _last(run, (-raw["end_sequence"], raw["success"], raw["end"]), count)
    earliest = _reduce(np.minimum, run, raw["start"], count, FOREVER)
    first = raw["start"] == earliest[run]
    return {
        "start": earliest,
        "end": raw["end"][ends],
        "success": raw["success"][ends],
        "end_sequence": raw["end_sequence"][ends],
        "job": _first(run, raw["job"], job_at, count),
        "parent": _first(run, raw["parent"], parent_at, count),
        "test": _reduce(np.maximum, run, raw["test"], count, -1),
        "checked": _reduce(np.maximum, run, raw["checked"], count, 0),
        "sequence": _reduce(np.minimum, run[first], raw["sequence"][first], count, FOREVER),
    }


def _date_by_children(runs: dict[str, Int64]) -> None:
    """Give runs without events their children's earliest start and latest end; such a run succeeds once all ended."""
    start, end, parent = runs["start"], runs["end"], runs["parent"]
    end[(end == NO_END) & (start != FOREVER)] = FOREVER
    silent = start == FOREVER
    runs["success"][silent] = 1
    child = np.flatnonzero((parent >= 0) & silent[np.maximum(parent, 0)])
    above = parent[child]
    for _ in range(_DEEPEST if len(child) else 0):
        before = start[above], end[above]
        np.minimum.at(start, above, start[child])
        np.maximum.at(end, above, end[child])
        if np.array_equal(before[0], start[above]) and np.array_equal(before[1], end[above]):
            break
    runs["end_sequence"][silent] = runs["sequence"][silent]


def _known(
    keys: list[str], jobs: list[str], place: Int32, runs: dict[str, Int64], test_jobs: Bool, several: Reports
) -> RunColumns:
    """Drop the runs that never started, and give every column its type."""
    known = runs["start"] != FOREVER
    moved = np.append(np.where(known, np.cumsum(known) - 1, -1), -1).astype(np.int32)
    runs = runs if known.all() else {name: column[known] for name, column in runs.items()}
    job = runs["job"].astype(np.int32)
    by_job = (job >= 0) & np.append(test_jobs, False)[job]
    outcome = np.where(runs["end"] == FOREVER, OPEN, np.where(runs["success"] == 1, SUCCESS, FAILED))
    return RunColumns(
        keys=keys if known.all() else [key for key, kept in zip(keys, known.tolist(), strict=True) if kept],
        jobs=jobs,
        place=moved[place],
        start=runs["start"],
        end=runs["end"],
        outcome=outcome.astype(np.int8),
        job=job,
        parent=moved[runs["parent"]],
        test=(runs["test"] == 1) | ((runs["test"] == -1) & by_job),
        checked=runs["checked"] == 1,
        sequence=runs["sequence"],
        end_sequence=runs["end_sequence"],
        several=several,
    )


def _test_jobs(connection: Connection, job_place: Int32, count: int) -> Bool:
    test = np.zeros(count, np.bool_)
    for (asset,) in connection.execute(_TEST_JOBS):
        if job_place[asset] >= 0:
            test[job_place[asset]] = True
    return test


def _reduce(how: np.ufunc, place: Int32, values: Int64, count: int, start: int) -> Int64:
    united = np.full(count, start, np.int64)
    how.at(united, place, values)
    return united


def _last(place: Int32, ranks: tuple[Int64, ...], count: int) -> Int64:
    """Find for each place the row of the highest rank; the last rank counts most."""
    keys: list[Int64 | Int32] = [*ranks, place]
    order = np.lexsort(keys)
    chosen = np.zeros(count, np.int64)
    chosen[place[order]] = order
    return chosen


def _first(place: Int32, values: Int64 | Int32, at: Int64, count: int) -> Int64:
    """Find for each place the value that was said first; -1 says nothing; of two at one instant the lesser."""
    said = np.flatnonzero(values >= 0)
    order = said[np.lexsort((values[said], at[said], place[said]))[::-1]]
    chosen = np.full(count, -1, np.int64)
    chosen[place[order]] = values[order]
    return chosen
