"""Metrics as rows: the whole history, and of each key the value that is latest by step, then time, then value.

Source: mlflow/store/tracking/sqlalchemy_store.py of 3.17. What is no number stands as 0 with a mark; infinities as the
largest doubles.
"""

from __future__ import annotations

import math
import sys
from typing import Final

from sqlalchemy import Connection, text

from trivium.facts.tracking import ModelMetric, RunMeasured, Value
from trivium.ledger.direct import fetch, put_many

_RUN = text("SELECT run, experiment FROM tracking_runs WHERE id = :run")
_PUT = text(
    "INSERT INTO tracking_metrics (run, key, timestamp_ms, step, value, is_nan)"
    " VALUES (:run, :key, :timestamp, :step, :value, :is_nan) ON CONFLICT DO NOTHING"
)
_PUT_LATEST = text(
    "INSERT INTO tracking_latest (run, key, value, timestamp_ms, step, is_nan)"
    " VALUES (:run, :key, :value, :timestamp, :step, :is_nan) ON CONFLICT (run, key) DO UPDATE SET"
    " value = excluded.value, timestamp_ms = excluded.timestamp_ms, step = excluded.step, is_nan = excluded.is_nan"
    " WHERE (excluded.step, excluded.timestamp_ms, excluded.value, excluded.is_nan)"
    " > (tracking_latest.step, tracking_latest.timestamp_ms, tracking_latest.value, tracking_latest.is_nan)"
)
_PUT_MODEL = text(
    "INSERT INTO tracking_logged_model_metrics (model, name, timestamp_ms, step, run, value, experiment, dataset_name,"
    " dataset_digest) VALUES (:model, :name, :timestamp, :step, :run, :value, :experiment, :dataset, :digest)"
    " ON CONFLICT DO NOTHING"
)
_LARGEST: Final = sys.float_info.max
Row = dict[str, int | float | str | None]


def stored_value(value: Value) -> tuple[float, int]:
    """Give a value as it is kept, and 1 where it is no number."""
    number = float(value)
    if math.isnan(number):
        return 0.0, 1
    return max(-_LARGEST, min(_LARGEST, number)), 0


class MetricRows:
    """The metrics of one batch of facts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runs: dict[str, tuple[int, int]] = {}
        self._history: list[Row] = []
        self._latest: dict[tuple[int, str], Row] = {}
        self._models: list[Row] = []

    def take(self, measured: RunMeasured) -> None:
        """Add what one fact states."""
        run, experiment = self._run(measured.run)
        for key, told, timestamp, step in measured.metrics:
            value, is_nan = stored_value(told)
            row: Row = {
                "run": run, "key": key, "timestamp": timestamp, "step": step, "value": value, "is_nan": is_nan,
            }  # fmt: skip
            self._history.append(row)
            known = self._latest.get((run, key))
            if known is None or _rank(row) > _rank(known):
                self._latest[run, key] = row
        self._models += [_model_row(one, measured.run, experiment) for one in measured.models]

    def put(self) -> None:
        """Write all rows."""
        put_many(self._connection, _PUT, self._history)
        put_many(self._connection, _PUT_LATEST, self._latest.values())
        put_many(self._connection, _PUT_MODEL, self._models)

    def _run(self, run: str) -> tuple[int, int]:
        if run not in self._runs:
            self._runs[run] = fetch(self._connection, _RUN, run=run)[0]
        return self._runs[run]


def _rank(row: Row) -> tuple[int | float | str | None, ...]:
    return row["step"], row["timestamp"], row["value"], row["is_nan"]


def _model_row(metric: ModelMetric, run: str, experiment: int) -> Row:
    return {
        "model": metric.model, "name": metric.key, "timestamp": metric.timestamp_ms, "step": metric.step, "run": run,
        "value": stored_value(metric.value)[0], "experiment": experiment, "dataset": metric.dataset_name,
        "digest": metric.dataset_digest,
    }  # fmt: skip
