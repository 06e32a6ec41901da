"""Which predictions were right? Predictions beside their labels, by endpoint, version and day.

Of several labels of one prediction the one with the latest time counts; of two with one time the one received later.
A label that names no endpoint is that of every prediction with its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from trivium.facts.instants import Instant
from trivium.facts.statements import ACCEPTED, EQUAL, TOLERANCE, Correct

YES: Final = ("accepted", "true", "yes", "1")
NO: Final = ("rejected", "false", "no", "0")
"""How a label says, in any case, whether a person took the answer."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The predictions of one version for one endpoint on one UTC day: answers, not failed requests.

    `labelled` have a label that the rule can judge, `unclear` one that it cannot; `correct` are part of `labelled`.
    `found` are those of the positive class whose label is that class.
    """

    endpoint: str
    version: str
    day: Instant
    predictions: int
    labelled: int
    unclear: int
    correct: int
    found: int


class Rows(Protocol):
    """The lake as it is asked here."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT over `predictions` and `labels` as of a ledger sequence."""
        ...


_EXACT: Final = "TRY_CAST({0} AS DECIMAL(37, 18))"
_REAL: Final = "CASE WHEN isfinite(TRY_CAST({0} AS DOUBLE)) THEN TRY_CAST({0} AS DOUBLE) END"
_JUDGED: Final[dict[str, tuple[str, str]]] = {
    "": ("label IS NOT NULL", "false"),
    EQUAL: (
        "label IS NOT NULL",
        (
            f"coalesce(prediction = label, false) OR coalesce({_EXACT.format('prediction')} = {_EXACT.format('label')},"
            f" {_REAL.format('prediction')} = {_REAL.format('label')}, false)"
        ),
    ),
    TOLERANCE: (
        f"{_REAL.format('label')} IS NOT NULL",
        (
            f"coalesce(abs({_EXACT.format('prediction')} - {_EXACT.format('label')}) <= CAST($4 AS DECIMAL(38, 18)),"
            f" abs({_REAL.format('prediction')} - {_REAL.format('label')}) <= CAST($4 AS DOUBLE), false)"
        ),
    ),
    ACCEPTED: (
        f"lower(trim(label)) IN {(*YES, *NO)}",
        f"lower(trim(label)) IN {YES}",
    ),
}
"""For each rule: which labels it can judge, and which predictions are then correct."""
_ROWS: Final = """
    WITH newest AS (
        SELECT endpoint, id, max(row("at", after, line)) AS said, arg_max(label, row("at", after, line)) AS label
        FROM labels WHERE "at" < make_timestamp(CAST($3 AS BIGINT)) GROUP BY ALL
    ), told AS (
        SELECT p.endpoint, p.version, p."at", p.prediction, p.score,
            CASE WHEN own.said IS NULL OR shared.said > own.said THEN shared.label ELSE own.label END AS label
        FROM predictions p LEFT JOIN newest own ON own.id = p.id AND own.endpoint = p.endpoint
            LEFT JOIN newest shared ON shared.id = p.id AND shared.endpoint = ''
        WHERE p.error = '' AND p.{asked} IN (SELECT unnest($1))
            AND p."at" < make_timestamp(CAST($2 AS BIGINT))
    ), judged AS (
        SELECT *, {clear} AS clear, {right} AS right_one, CAST($4 AS VARCHAR) AS within FROM told
    )
"""
_SQL: Final = """
    SELECT endpoint, version, epoch_us(CAST(date_trunc('day', "at") AS TIMESTAMP)), count(*),
        count(*) FILTER (clear), count(*) FILTER (label IS NOT NULL AND NOT clear),
        count(*) FILTER (clear AND right_one),
        count(*) FILTER (clear AND right_one AND $5 <> '' AND prediction = $5)
    FROM judged GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def outcomes(
    lake: Rows, asked: str, names: Sequence[str], rule: Correct | None, before: Instant, labelled: Instant,
    as_of: int | None = None,
) -> list[Outcome]:  # fmt: skip
    """Judge the predictions before an instant whose `version` or `endpoint` (`asked`) goes by one of some names.

    Labels count whose time is before `labelled`. Without a rule nothing is correct, and labels are only counted.
    """
    sql, values = judged_rows(asked, names, rule, before, labelled)
    rows = lake.query(sql + _SQL, [*values, rule.positive if rule else ""], as_of=as_of)
    return [
        Outcome(
            endpoint=endpoint, version=version, day=day, predictions=predictions, labelled=known, unclear=unclear,
            correct=correct, found=found,
        )
        for endpoint, version, day, predictions, known, unclear, correct, found in rows
    ]  # fmt: skip


def judged_rows(
    asked: str, names: Sequence[str], rule: Correct | None, before: Instant, labelled: Instant
) -> tuple[str, list[Any]]:
    """Begin a SELECT from `judged`, and give its parameters ($1 to $4): predictions beside their labels, as `outcomes`.

    Its rows have `endpoint`, `version`, `at`, `prediction`, `score`, `label` (null where there is none), `clear` (the
    rule can judge the label) and `right_one`.
    """
    assert asked in {"version", "endpoint"}, "these columns name what is asked for"
    clear, right = _JUDGED[rule.rule if rule else ""]
    within = rule.tolerance if rule and rule.rule == TOLERANCE else "0"
    return _ROWS.format(asked=asked, clear=clear, right=right), [list(names), before, labelled, within]
