"""How good are the predictions of a model version, where labels came, and since when are they another?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trivium.entrypoints.answers.bookkeeping import State
from trivium.entrypoints.answers.cost_per_accurate_prediction import rules_now
from trivium.entrypoints.answers.drift_show import (
    SEND,
    PredictionPeriod,
    asked_of,
    period_of,
    version_of,
)
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.answers.terms import AsOf, AssetText, Key, Known, When, instant_of, rounded, words
from trivium.evidence.cost_per_accurate_prediction import rules_of
from trivium.facts.instants import format_instant
from trivium.facts.keys import AssetKey, parse
from trivium.facts.statements import Correct
from trivium.mlops.drift.reading import days_of
from trivium.mlops.drift.telling import figure, percent
from trivium.mlops.performance.classes import ClassScores
from trivium.mlops.performance.days import Change, interval_of
from trivium.mlops.performance.days import Day as Counted
from trivium.mlops.performance.intervals import Interval
from trivium.mlops.performance.reading import Asking, Performance, performance_of
from trivium.mlops.performance.scores import ScoreScores

LABELS = "trivium import labels FILE"
_NONE = words(absent="there is none")
Rate = Annotated[float | None, Meta(description="A share, 0 to 1.", extra=_NONE)]


class Params(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked."""

    key: Key
    period: PredictionPeriod = ""
    as_of: AsOf = ""
    known: Known = None


class Bounded(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % interval."""

    value: Annotated[float, Meta(description="The figure.")]
    low: Annotated[float, Meta(description="The lower end of its 95 % interval.")]
    high: Annotated[float, Meta(description="The upper end of its 95 % interval.")]


class ClassLine(msgspec.Struct, frozen=True, kw_only=True):
    """One class."""

    name: Annotated[str, Meta(description="The class; empty where nothing was predicted.")]
    labelled: Annotated[int, Meta(description="Predictions whose label it is.")]
    predicted: Annotated[int, Meta(description="Labelled predictions that say it.")]
    right: Annotated[int, Meta(description="Those where both do.")]
    precision: Annotated[Rate, Meta(description="right ÷ predicted.")]
    recall: Annotated[Rate, Meta(description="right ÷ labelled.")]
    f1: Annotated[Rate, Meta(description="The harmonic mean of both.")]


class Classes(msgspec.Struct, frozen=True, kw_only=True):
    """All classes."""

    macro_precision: Annotated[Rate, Meta(description="The plain mean of the classes' precision.")]
    macro_recall: Annotated[Rate, Meta(description="The plain mean of the classes' recall.")]
    macro_f1: Annotated[Rate, Meta(description="The plain mean of the classes' F1.")]
    classes: Annotated[tuple[ClassLine, ...], Meta(description="Each class.")]


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """Predicted numbers: an error is prediction less label, in the label's unit."""

    mean_absolute_error: Annotated[Bounded | None, Meta(description="The mean size of errors.", extra=_NONE)]
    root_mean_square_error: Annotated[
        float | None, Meta(description="The root of the mean of squared errors.", extra=_NONE)
    ]
    bias: Annotated[Bounded | None, Meta(description="The mean error: above 0 predictions are too high.", extra=_NONE)]
    explained: Annotated[
        float | None, Meta(description="R²: the part of the labels' variance that is explained.", extra=_NONE)
    ]


class CalibrationBin(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of one tenth of 0 to 1 beside what happened."""

    from_score: Annotated[float, Meta(description="From this score.")]
    to_score: Annotated[float, Meta(description="To this score.")]
    rows: Annotated[int, Meta(description="Labelled predictions with such a score.")]
    mean_score: Annotated[float, Meta(description="Their mean score.")]
    positive_share: Annotated[float, Meta(description="The share of them that were of the positive class.")]
    low: Annotated[float, Meta(description="The lower end of its 95 % interval.")]
    high: Annotated[float, Meta(description="The upper end of its 95 % interval.")]


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What scores are worth as probabilities of the positive class."""

    positive: Annotated[str, Meta(description="The class that scores are taken for.")]
    rows: Annotated[int, Meta(description="Labelled predictions with a score.")]
    auc: Annotated[
        float | None, Meta(description="The chance that a positive one scores above a negative one.", extra=_NONE)
    ]
    brier: Annotated[float | None, Meta(description="The mean squared error of the probability.", extra=_NONE)]
    log_loss: Annotated[float | None, Meta(description="The mean logarithmic loss, in nats.", extra=_NONE)]
    calibration_error: Annotated[
        float | None, Meta(description="How far scores are from what happens, on average over bins.", extra=_NONE)
    ]
    calibration: Annotated[
        tuple[CalibrationBin, ...],
        Meta(description="Scores beside what happened.", extra=words(absent="scores are no probabilities")),
    ]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day."""

    day: Annotated[str, Meta(description="The day, UTC.")]
    predictions: Annotated[int, Meta(description="Answers.")]
    labelled: Annotated[int, Meta(description="Answers with a label that counts.")]
    value: Annotated[float | None, Meta(description="The measure.", extra=words(absent="no label"))]
    low: Annotated[
        float | None, Meta(description="The lower end of its 95 % interval.", extra=words(absent="no label"))
    ]
    high: Annotated[
        float | None, Meta(description="The upper end of its 95 % interval.", extra=words(absent="no label"))
    ]


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the measure."""

    since: Annotated[str, Meta(description="The first day of the new level, UTC.")]
    before: Annotated[Bounded, Meta(description="The measure before.")]
    after: Annotated[Bounded, Meta(description="The measure since.")]
    better: Annotated[bool, Meta(description="Whether it is better since.")]
    sentence: Annotated[str, Meta(description="It in words.")]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The performance of a version's predictions in a period, and by day up to its end."""

    asset: AssetText
    period: Annotated[str, Meta(description="The period.")]
    as_of: When
    sentence: Annotated[str, Meta(description="The performance in words.")]
    next_line: Annotated[
        str, Meta(description="The command that would help.", extra=words(absent="nothing is missing"))
    ]
    task: Annotated[
        str,
        Meta(
            description="What is scored: classes, numbers, or answers (whether people take them).",
            extra=words(absent="nothing yet"),
        ),
    ]
    rule: Annotated[
        str,
        Meta(
            description="The declared rule for what is correct: equal, tolerance or accepted.",
            extra=words(absent="none declared; a label is right where it equals the prediction"),
        ),
    ]
    predictions: Annotated[int, Meta(description="Answers in the period.")]
    labelled: Annotated[int, Meta(description="Those with a label that the rule can judge.")]
    unclear: Annotated[int, Meta(description="Those with a label that the rule cannot judge.")]
    coverage: Annotated[float | None, Meta(description="labelled ÷ predictions.", extra=words(absent="no predictions"))]
    accuracy: Annotated[
        Bounded | None,
        Meta(description="The share of labelled ones that are right, with Wilson's interval.", extra=_NONE),
    ]
    classes: Annotated[Classes | None, Meta(description="By class.", extra=words(absent="not of classes, or over 100"))]
    numbers: Annotated[Numbers | None, Meta(description="Of numbers.", extra=words(absent="not of numbers"))]
    scores: Annotated[
        Scores | None,
        Meta(description="Of scores.", extra=words(absent="no scores, or no class declared that they are for")),
    ]
    change: Annotated[
        Turn | None,
        Meta(
            description="Since when the measure is another, within a year up to the period's end.",
            extra=words(absent="no sure change"),
        ),
    ]
    measure: Annotated[str, Meta(description="What `days` tell: accuracy, or mean absolute error.")]
    days: Annotated[tuple[Day, ...], Meta(description="By day, within a year up to the period's end.")]


def ask(rooms: Rooms, params: Params) -> Answer:
    """Score the predictions of a version."""
    keeping = rooms.bookkeeping
    state = keeping.state(instant_of(params.as_of), params.known)
    version = version_of(rooms, params.key, state)
    asked = asked_of(rooms, version, state)
    told = days_of(rooms.lake, asked, state.until)
    if not told:
        keeping.check_known(version, state)
    period = period_of(params.period, told, state)
    rule = _rule(rooms, state, version)
    asking = Asking(names=asked.names, rule=rule, period=period, labelled=state.until, as_of=state.known)
    found = performance_of(rooms.lake, asking)
    return Answer(
        asset=version,
        period=str(period),
        as_of=format_instant(min(state.as_of, period.end)),
        sentence=_sentence(found),
        next_line="" if found.labelled else LABELS if told else SEND,
        task=found.task,
        rule=rule.rule if rule else "",
        predictions=found.predictions,
        labelled=found.labelled,
        unclear=found.unclear,
        coverage=_six(found.labelled / found.predictions) if found.predictions else None,
        accuracy=_bounded(found.accuracy),
        classes=_classes(found.classes) if found.classes else None,
        numbers=_numbers(found),
        scores=_scores(found.scores, found.positive) if found.scores else None,
        change=_turn(found.change) if found.change else None,
        measure=found.measure,
        days=tuple(_day(one, found) for one in found.days),
    )


def _rule(rooms: Rooms, state: State, version: str) -> Correct | None:
    """Give the one rule that holds for a version; None where none is declared, or several differ."""
    model = str(AssetKey("model", parse(version).name))
    rules = rules_of(rooms.bookkeeping.flows(state), version, model, rules_now(rooms, state))
    return rules[0] if len({(one.rule, one.tolerance, one.positive) for one in rules}) == 1 else None


def _sentence(found: Performance) -> str:
    if not found.predictions:
        return "There is no prediction of this version in the period."
    if not found.labelled:
        return f"None of {found.predictions:,} predictions has a label yet: nobody knows how good they are."
    of = f"{found.labelled:,} labelled of {found.predictions:,} predictions"
    turn = f" {found.change.sentence}" if found.change else ""
    absolute = found.numbers.absolute if found.numbers else None
    if absolute is not None:
        within = f"{figure(absolute.low)} to {figure(absolute.high)}"
        return f"Predictions are off by {figure(absolute.value)} on average (95 %: {within}), over {of}.{turn}"
    if found.accuracy is None:
        return f"No error can be measured over {of}.{turn}"
    within = f"{percent(found.accuracy.low)} to {percent(found.accuracy.high)}"
    said = "are taken" if found.task == "answers" else "are right"
    return f"{percent(found.accuracy.value)} of predictions {said} (95 %: {within}), over {of}.{turn}"


def _bounded(interval: Interval | None) -> Bounded | None:
    return (
        None
        if interval is None
        else Bounded(value=_six(interval.value), low=_six(interval.low), high=_six(interval.high))
    )


def _classes(found: ClassScores) -> Classes:
    return Classes(
        macro_precision=rounded(found.macro_precision),
        macro_recall=rounded(found.macro_recall),
        macro_f1=rounded(found.macro_f1),
        classes=tuple(
            ClassLine(
                name=one.name,
                labelled=one.support,
                predicted=one.predicted,
                right=one.right,
                precision=rounded(one.precision),
                recall=rounded(one.recall),
                f1=rounded(one.f1),
            )
            for one in found.classes
        ),
    )


def _numbers(found: Performance) -> Numbers | None:
    if found.numbers is None:
        return None
    return Numbers(
        mean_absolute_error=_bounded(found.numbers.absolute),
        root_mean_square_error=rounded(found.numbers.root_mean_square),
        bias=_bounded(found.numbers.bias),
        explained=rounded(found.numbers.explained),
    )


def _scores(found: ScoreScores, positive: str) -> Scores:
    return Scores(
        positive=positive,
        rows=found.rows,
        auc=rounded(found.auc),
        brier=rounded(found.brier),
        log_loss=rounded(found.log_loss),
        calibration_error=rounded(found.calibration_error),
        calibration=tuple(
            CalibrationBin(
                from_score=one.from_score,
                to_score=one.to_score,
                rows=one.rows,
                mean_score=_six(one.mean_score),
                positive_share=_six(one.positive_share),
                low=_six(one.low),
                high=_six(one.high),
            )
            for one in found.calibration
        ),
    )


def _day(one: Counted, found: Performance) -> Day:
    interval = interval_of([one], found.measure)
    return Day(
        day=format_instant(one.day)[:10],
        predictions=one.predictions,
        labelled=one.labelled,
        value=rounded(interval.value) if interval else None,
        low=rounded(interval.low) if interval else None,
        high=rounded(interval.high) if interval else None,
    )


def _turn(change: Change) -> Turn:
    before, after = _bounded(change.before), _bounded(change.after)
    assert before is not None, "a change has a level before"
    assert after is not None, "a change has a level since"
    return Turn(
        since=format_instant(change.since)[:10],
        before=before,
        after=after,
        better=change.better,
        sentence=change.sentence,
    )


def _six(value: float) -> float:
    return float(f"{value:.6g}")
