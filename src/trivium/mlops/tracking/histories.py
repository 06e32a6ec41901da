"""The history of a metric: all its values, page by page, or as many as a chart can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from trivium.intake.mlflow.checks import invalid, required
from trivium.intake.mlflow.requests import MetricHistories, MetricHistory
from trivium.ledger.direct import fetch
from trivium.mlops.search.pages import offset_of, token_of
from trivium.mlops.tracking.reading import value_of
from trivium.mlops.tracking.records import Metric
from trivium.mlops.tracking.runs import id_of

HISTORY_MAX: Final = 25_000
RUNS_MAX: Final = 100
SAMPLE_MAX: Final = 2_500
_ALL: Final = -1
_OF_RUN: Final = "FROM tracking_metrics WHERE run = (SELECT run FROM tracking_runs WHERE id = :run) AND key = :key"
_PAGE = text(
    f"SELECT value, is_nan, timestamp_ms, step {_OF_RUN} ORDER BY timestamp_ms, step, value LIMIT :limit OFFSET :offset"
)
_ORDER: Final = "step, timestamp_ms, value, is_nan"
_SAMPLE = text(
    "SELECT value, is_nan, timestamp_ms, step FROM (SELECT value, is_nan, timestamp_ms, step, place, bucket,"
    f" row_number() OVER (PARTITION BY bucket ORDER BY {_ORDER}) AS first, count(*) OVER () AS size FROM (SELECT value,"
    f" is_nan, timestamp_ms, step, row_number() OVER (ORDER BY {_ORDER}) AS place,"
    f" ntile(:most) OVER (ORDER BY {_ORDER}) AS bucket {_OF_RUN} AND step BETWEEN :low AND :high))"
    f" WHERE first = 1 OR place = size ORDER BY {_ORDER}"
)
_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**63 - 1


def history(connection: Connection, asked: MetricHistory) -> dict[str, Any]:
    """Give the values of one metric by time, then step, then value; all of them, or one page."""
    run = id_of(asked)
    required(asked.metric_key, "metric_key")
    most = asked.max_results
    if most is not None and most <= 0:
        title = f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer."
        raise invalid(title, where="max_results")
    offset = offset_of(asked.page_token)
    limit = _ALL if most is None else most + 1
    rows = fetch(connection, _PAGE, run=run, key=asked.metric_key, limit=limit, offset=offset)
    told: dict[str, Any] = {"metrics": _metrics(asked.metric_key, rows[:most])}
    if most is not None and len(rows) > most:
        told["next_page_token"] = token_of(offset + most)
    return {key: value for key, value in told.items() if value}


def of_runs(connection: Connection, asked: MetricHistories) -> list[Metric]:
    """Give the values of one metric in several runs, run by run in the order of their ids."""
    if not asked.run_id:
        raise invalid("GetMetricHistoryBulk request must specify at least one run_id.", where="run_id")
    _check_runs("GetMetricHistoryBulk", asked.run_id)
    if not asked.metric_key:
        raise invalid("GetMetricHistoryBulk request must specify a metric_key.", where="metric_key")
    most = min(HISTORY_MAX if asked.max_results is None else asked.max_results, HISTORY_MAX)
    found: list[Metric] = []
    for run in sorted(set(asked.run_id)):
        left = most - len(found)
        rows = fetch(connection, _PAGE, run=run, key=asked.metric_key, limit=left, offset=0)
        found += _metrics(asked.metric_key, rows, run)
    return found


def sampled(connection: Connection, asked: MetricHistories) -> list[Metric]:
    """Give at most so many values of a metric for each run, evenly spread, the first and the last among them."""
    required(asked.metric_key, "metric_key")
    if not asked.run_ids:
        raise invalid("Missing value for required parameter 'run_ids'.", where="run_ids")
    _check_runs("GetMetricHistoryBulkInterval", asked.run_ids)
    most = SAMPLE_MAX if asked.max_results is None else asked.max_results
    if not 1 <= most <= SAMPLE_MAX:
        raise invalid(f"max_results must be between 1 and {SAMPLE_MAX}.", where="max_results")
    low, high = _steps(asked)
    found: list[Metric] = []
    for run in asked.run_ids:
        rows = fetch(connection, _SAMPLE, run=run, key=asked.metric_key, most=most, low=low, high=high)
        if len(rows) > most:
            rows = [*rows[: most - 1], rows[-1]]
        found += _metrics(asked.metric_key, rows, run)
    return found


def _steps(asked: MetricHistories) -> tuple[int, int]:
    low, high = asked.start_step, asked.end_step
    if (low is None) != (high is None):
        title = "If either start step or end step are specified, both must be specified."
        raise invalid(title, where="start_step")
    if low is None or high is None:
        return _LOWEST, _HIGHEST
    if low > high:
        title = f"end_step must be greater than start_step. Found start_step={low} and end_step={high}."
        raise invalid(title, where="end_step")
    return low, high


def _check_runs(what: str, runs: Sequence[str]) -> None:
    if len(runs) > RUNS_MAX:
        title = f"{what} request cannot specify more than {RUNS_MAX} run_ids. Received {len(runs)} run_ids."
        raise invalid(title, where="run_ids")


def _metrics(key: str, rows: Sequence[Sequence[Any]], run: str | None = None) -> list[Metric]:
    return [
        Metric(key, value_of(value, is_nan), timestamp, step, run_id=run) for value, is_nan, timestamp, step in rows
    ]
