"""Since when runs are known to have begun and ended, where events came late or several times."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, TextClause, text

from trivium.graph.flows import FAILED, FOREVER, SUCCESS, Ends, Int64, Starts
from trivium.graph.run_columns import NO_END, RunColumns

_STARTS = text("SELECT run, at, sequence FROM graph_starts")
_ENDS = text("SELECT run, at, success, sequence FROM graph_ends")


def read_starts(connection: Connection, runs: RunColumns) -> Starts:
    """Read what starts were before an earlier event was recorded; of merged runs what each of their names says."""
    found = _table(connection, _STARTS, 3)
    several = np.stack([runs.several.run, runs.several.start, runs.several.sequence], axis=1)
    rows = np.concatenate([found, several[several[:, 1] != FOREVER]])
    rows[:, 0] = runs.place[rows[:, 0]]
    rows = rows[rows[:, 0] >= 0]
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    return Starts(rows[:, 0].astype(np.int32), rows[:, 1], rows[:, 2])


def read_ends(connection: Connection, runs: RunColumns) -> Ends:
    """Read all terminal events of the runs that have several, under any of their names; each with its first fact."""
    found = _table(connection, _ENDS, 4)
    parts = (runs.several.run, runs.several.end, runs.several.success, runs.several.end_sequence)
    several = np.stack(parts, axis=1)
    rows = np.concatenate([found, several[several[:, 1] != NO_END]])
    rows[:, 0] = runs.place[rows[:, 0]]
    rows = rows[rows[:, 0] >= 0]
    rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
    fresh = np.append(True, (np.diff(rows[:, :3], axis=0) != 0).any(axis=1))[: len(rows)]
    rows = rows[fresh]
    rows = rows[np.bincount(rows[:, 0], minlength=1)[rows[:, 0]] > 1]
    outcome = np.where(rows[:, 2] == 1, SUCCESS, FAILED).astype(np.int8)
    return Ends(rows[:, 0].astype(np.int32), rows[:, 1], outcome, rows[:, 3])


def _table(connection: Connection, query: TextClause, width: int) -> Int64:
    rows = [tuple(row) for row in connection.execute(query)]
    return np.array(rows, dtype=np.int64).reshape(-1, width)
