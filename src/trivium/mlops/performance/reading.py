"""How a version's predictions did in a period and day by day, read from predictions and labels in the lake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import msgspec
import numpy as np

from trivium.facts.instants import DAY, Instant
from trivium.facts.period import Period
from trivium.facts.statements import EQUAL, TOLERANCE, Correct
from trivium.mlops.endpoints.outcomes import YES, judged_rows
from trivium.mlops.performance.classes import ClassScores, class_scores
from trivium.mlops.performance.days import Change, Day, Measure, change_of
from trivium.mlops.performance.intervals import Interval, wilson
from trivium.mlops.performance.numbers import NumberScores, number_scores
from trivium.mlops.performance.scores import ScoreScores, score_scores

if TYPE_CHECKING:
    import pyarrow as pa

Task = Literal["", "classes", "numbers", "answers"]

MOST_CLASSES: Final = 100
"""Labels that differ, up to which each is a class of its own."""
FEW_NUMBERS: Final = 20
"""Labels that differ, up to which numbers are classes where no rule says otherwise."""
HISTORY: Final = 366
"""Days up to the period's end that are told day by day."""
_IN: Final = '"at" >= make_timestamp(CAST($5 AS BIGINT)) AND "at" < make_timestamp(CAST($6 AS BIGINT))'
_SURVEY: Final = f"""
    SELECT count(*), count(*) FILTER (clear), count(*) FILTER (label IS NOT NULL AND NOT clear),
        count(*) FILTER (clear AND right_one), count(DISTINCT label) FILTER (clear),
        count(*) FILTER (clear AND isfinite(TRY_CAST(label AS DOUBLE))), count(*) FILTER (clear AND score IS NOT NULL)
    FROM judged WHERE {_IN}
"""
_DAYS: Final = f"""
    SELECT epoch_us(CAST(date_trunc('day', "at") AS TIMESTAMP)) AS day, count(*), count({{0}}),
        coalesce(sum({{0}}), 0), coalesce(sum({{0}} * {{0}}), 0)
    FROM judged WHERE {_IN} GROUP BY 1 ORDER BY 1
"""
_MEASURED: Final[dict[Measure, str]] = {
    "accuracy": "CASE WHEN clear THEN CAST(right_one AS DOUBLE) END",
    "mean absolute error": "CASE WHEN isfinite(TRY_CAST(label AS DOUBLE) - TRY_CAST(prediction AS DOUBLE))"
    " THEN abs(TRY_CAST(label AS DOUBLE) - TRY_CAST(prediction AS DOUBLE)) END",
}
_PAIRS: Final = f"""
    SELECT coalesce(prediction, ''), label, count(*) FROM judged WHERE clear AND {_IN} GROUP BY ALL ORDER BY ALL
"""
_NUMBERS: Final = f"""
    SELECT coalesce(TRY_CAST(prediction AS DOUBLE), 'nan') AS predicted,
        coalesce(TRY_CAST(label AS DOUBLE), 'nan') AS label FROM judged WHERE clear AND {_IN}
"""
_SCORES: Final = f"""
    SELECT score, {{0}} AS positive FROM judged WHERE clear AND score IS NOT NULL AND {_IN}
"""


class Rows(Protocol):
    """The lake as it is asked here."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> list[tuple[Any, ...]]:
        """Answer one SELECT as of a ledger sequence."""
        ...

    def query_arrow(self, sql: str, parameters: Sequence[Any] = (), *, as_of: int | None = None) -> pa.Table:
        """Answer one SELECT as an Arrow table."""
        ...


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """How a version's predictions did in a period.

    `task` says what is scored: classes, numbers, or answers that people take (`accepted`); empty without labels.
    `unclear` labels cannot be judged by the rule. `positive` is the class that scores are for, empty where none is
    known. `days` reach back up to a year before the period's end; `change` is within them.
    """

    task: Task
    measure: Measure
    predictions: int
    labelled: int
    unclear: int
    accuracy: Interval | None
    classes: ClassScores | None
    numbers: NumberScores | None
    scores: ScoreScores | None
    positive: str
    days: tuple[Day, ...]
    change: Change | None


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Whose predictions, by which rule, and which labels count: those before `labelled`, up to a ledger sequence."""

    names: tuple[str, ...]
    rule: Correct | None
    period: Period
    labelled: Instant
    as_of: int | None = None


class _Survey(msgspec.Struct, frozen=True):
    predictions: int
    labelled: int
    unclear: int
    right: int
    classes: int
    numbers: int
    scored: int


def performance_of(lake: Rows, asking: Asking) -> Performance:
    """Score a version's predictions in a period; without a rule a label is right where it equals the prediction."""
    seen = _Survey(*_rows(lake, asking, _SURVEY, asking.period)[0])
    task = _task(asking.rule, seen)
    measure: Measure = "mean absolute error" if task == "numbers" else "accuracy"
    before = Period(max(0, asking.period.end - HISTORY * DAY), asking.period.end)
    told = _rows(lake, asking, _DAYS.format(_MEASURED[measure]), before)
    days = [
        Day(day=day, predictions=predictions, labelled=labelled, total=float(total), squares=float(squares))
        for day, predictions, labelled, total, squares in told
    ]
    pairs = _rows(lake, asking, _PAIRS, asking.period) if task == "classes" else []
    positive = _positive(asking.rule, [label for _, label, _ in pairs])
    return Performance(
        task=task,
        measure=measure,
        predictions=seen.predictions,
        labelled=seen.labelled,
        unclear=seen.unclear,
        accuracy=_accuracy(asking.rule, task, seen),
        classes=_classes(pairs) if task == "classes" and seen.classes <= MOST_CLASSES else None,
        numbers=_numbers(lake, asking) if task == "numbers" else None,
        scores=_scores(lake, asking, positive) if positive and seen.scored else None,
        positive=positive,
        days=tuple(days),
        change=change_of(days, measure),
    )


def _task(rule: Correct | None, seen: _Survey) -> Task:
    """Say what is scored: by the rule, else by what the labels are."""
    if not seen.labelled:
        return ""
    if rule is not None and rule.rule == TOLERANCE:
        return "numbers"
    if rule is not None and rule.rule != EQUAL:
        return "answers"
    all_numbers = seen.numbers == seen.labelled and seen.classes > FEW_NUMBERS
    return "numbers" if all_numbers and rule is None else "classes"


def _accuracy(rule: Correct | None, task: Task, seen: _Survey) -> Interval | None:
    """Give the share of right predictions; numbers without a tolerance are never simply right."""
    return wilson(seen.right, seen.labelled) if task != "numbers" or rule is not None else None


def _classes(pairs: Sequence[tuple[Any, ...]]) -> ClassScores:
    names = sorted({name for predicted, label, _ in pairs for name in (predicted, label)})
    place = {name: at for at, name in enumerate(names)}
    codes = [np.asarray([place[pair[side]] for pair in pairs], np.int64) for side in (0, 1)]
    return class_scores(codes[0], codes[1], names, np.asarray([count for _, _, count in pairs], np.int64))


def _numbers(lake: Rows, asking: Asking) -> NumberScores:
    table = _table(lake, asking, _NUMBERS)
    return number_scores(*(table.column(name).to_numpy().astype(np.float64) for name in ("predicted", "label")))


def _scores(lake: Rows, asking: Asking, positive: str) -> ScoreScores:
    truth = "coalesce(right_one, false)" if positive == "accepted" else f"coalesce(label = {_text(positive)}, false)"
    table = _table(lake, asking, _SCORES.format(truth))
    return score_scores(
        table.column("score").to_numpy().astype(np.float64), table.column("positive").to_numpy().astype(np.bool_)
    )


def _positive(rule: Correct | None, labels: Sequence[str]) -> str:
    """Say which class scores are for: the declared one; of two classes the one that says yes; for answers, taken."""
    if rule is not None and rule.positive:
        return rule.positive
    if rule is not None and rule.rule not in {EQUAL, TOLERANCE}:
        return "accepted"
    found = sorted(set(labels))
    yes = [name for name in found if name.lower() in YES]
    return yes[0] if len(found) == 2 and len(yes) == 1 else ""


def _rows(lake: Rows, asking: Asking, sql: str, period: Period) -> list[tuple[Any, ...]]:
    begun, values = _begun(asking)
    return lake.query(begun + sql, [*values, period.start, period.end], as_of=asking.as_of)


def _table(lake: Rows, asking: Asking, sql: str) -> pa.Table:
    begun, values = _begun(asking)
    return lake.query_arrow(begun + sql, [*values, asking.period.start, asking.period.end], as_of=asking.as_of)


def _begun(asking: Asking) -> tuple[str, list[Any]]:
    rule = asking.rule or Correct(product="", rule=EQUAL)
    return judged_rows("version", asking.names, rule, asking.period.end, asking.labelled)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
