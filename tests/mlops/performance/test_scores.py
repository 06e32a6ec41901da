"""Scores beside scikit-learn's, and by hand where it has none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.facts.instants import DAY, parse_instant
from trivium.mlops.performance.classes import class_scores
from trivium.mlops.performance.days import LEAST, Day, change_of, days_of, interval_of
from trivium.mlops.performance.intervals import mean_interval, wilson
from trivium.mlops.performance.numbers import number_scores
from trivium.mlops.performance.scores import auc, score_scores

metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn comes with the extra `demo`")

R = np.random.default_rng(3)
START = parse_instant("2026-11-01")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=80))
def test_classes_are_scored_as_scikit_learn_does(pairs) -> None:
    predicted, label = np.asarray(pairs).T
    found = class_scores(predicted, label, list("abcde"))
    there = sorted(set(predicted) | set(label))
    theirs = metrics.precision_recall_fscore_support(label, predicted, labels=there, zero_division=0.0)
    assert [one.name for one in found.classes] == [list("abcde")[place] for place in there]
    for one, precision, recall, f1, support in zip(found.classes, *theirs, strict=True):
        assert (one.precision or 0, one.recall or 0, one.f1) == (
            pytest.approx(precision),
            pytest.approx(recall),
            pytest.approx(f1),
        )
        assert one.support == support
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(label, predicted))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(label, predicted, average="macro", zero_division=0.0))
    assert found.rows == len(pairs)


def test_counted_pairs_are_as_many_rows() -> None:
    predicted, label = R.integers(0, 3, 500), R.integers(0, 3, 500)
    pairs, counts = np.unique(np.column_stack((predicted, label)), axis=0, return_counts=True)
    assert class_scores(pairs[:, 0], pairs[:, 1], list("abc"), counts) == class_scores(predicted, label, list("abc"))
    nothing = class_scores(np.empty(0, int), np.empty(0, int), [])
    assert (nothing.rows, nothing.accuracy, nothing.macro_f1, nothing.classes) == (0, None, None, ())


def test_numbers_are_scored_as_scikit_learn_does() -> None:
    label = R.normal(5, 2, 400)
    predicted = label + R.normal(0.3, 0.5, 400)
    found = number_scores(np.append(predicted, [np.nan, 1.0, np.inf]), np.append(label, [1.0, np.nan, 2.0]))
    assert found.rows == 400
    assert found.absolute.value == pytest.approx(metrics.mean_absolute_error(label, predicted))
    assert found.root_mean_square == pytest.approx(metrics.mean_squared_error(label, predicted) ** 0.5)
    assert found.explained == pytest.approx(metrics.r2_score(label, predicted))
    assert found.bias.value == pytest.approx(float((predicted - label).mean()))
    assert found.bias.low < found.bias.value < found.bias.high
    assert number_scores(np.empty(0), np.empty(0)).absolute is None
    assert number_scores(np.asarray([1e300]), np.asarray([-1e300])).root_mean_square is None
    assert number_scores(np.asarray([1.0, 2.0]), np.asarray([3.0, 3.0])).explained is None


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.500001, 1.0]), st.booleans()), min_size=2, max_size=60))
def test_auc_brier_and_log_loss_are_scikit_learns(rows) -> None:
    score, positive = np.asarray([one for one, _ in rows]), np.asarray([one for _, one in rows])
    found = score_scores(score, positive)
    if positive.all() or not positive.any():
        assert found.auc is None
    else:
        assert found.auc == pytest.approx(metrics.roc_auc_score(positive, score))
        assert found.log_loss == pytest.approx(metrics.log_loss(positive, np.clip(score, 1e-15, 1 - 1e-15)), rel=1e-4)
    assert found.brier == pytest.approx(metrics.brier_score_loss(positive, score))
    assert sum(one.rows for one in found.calibration) == len(rows)
    assert 0 <= found.calibration_error <= 1


def test_a_score_that_is_no_probability_has_an_order_alone() -> None:
    found = score_scores(np.asarray([-3.0, 5.0, np.nan]), np.asarray([False, True, True]))
    assert (found.rows, found.auc, found.brier, found.log_loss, found.calibration) == (2, 1.0, None, None, ())
    assert score_scores(np.empty(0), np.empty(0, bool)).auc is None
    assert auc(np.asarray([1.0]), np.asarray([True])) is None


def test_calibration_compares_scores_with_what_happened() -> None:
    score = R.uniform(size=20_000)
    well = score_scores(score, R.uniform(size=20_000) < score)
    badly = score_scores(score, R.uniform(size=20_000) < score**3)
    assert well.calibration_error < 0.02 < badly.calibration_error
    assert [(one.from_score, one.to_score) for one in well.calibration[:2]] == [(0.0, 0.1), (0.1, 0.2)]
    assert all(one.low <= one.positive_share <= one.high for one in well.calibration)


def test_wilson_is_the_published_interval() -> None:
    found = wilson(81, 263)
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert (wilson(0, 10).low, wilson(10, 10).high, wilson(0, 0)) == (0.0, 1.0, None)
    assert mean_interval(4.0, 16.0, 1) == mean_interval(4.0, 16.0, 1).__class__(4.0, 4.0, 4.0)


def _days(shares: list[float], rows: int = 100) -> list[Day]:
    return [
        Day(day=START + place * DAY, predictions=2 * rows, labelled=rows, total=share * rows, squares=share * rows)
        for place, share in enumerate(shares)
    ]


def test_since_when_accuracy_fell_is_found() -> None:
    found = change_of(_days([0.94, 0.95, 0.93, 0.94] * 5 + [0.81, 0.8, 0.82]), "accuracy")
    assert found.since == parse_instant("2026-11-21")
    assert not found.better
    assert found.sentence == (
        "Accuracy fell from 0.94 to 0.81 since 21 Nov 2026; the 95 % intervals before and since do not overlap."
    )
    assert change_of(_days([0.94, 0.95, 0.93, 0.94] * 5), "accuracy") is None


def test_few_labels_change_nothing() -> None:
    assert change_of(_days([1.0, 0.0], LEAST - 1), "accuracy") is None
    assert change_of(_days([1.0, 0.0], LEAST), "accuracy").after.value == 0.0
    assert change_of([], "accuracy") is None
    quiet = [Day(day=START, predictions=5, labelled=0, total=0.0, squares=0.0)]
    assert change_of(quiet, "accuracy") is None
    assert interval_of(quiet, "accuracy") is None


def test_chance_is_seldom_a_change() -> None:
    changes = 0
    for _ in range(300):
        hits = R.binomial(50, 0.9, 60)
        changes += change_of(_days((hits / 50).tolist(), 50), "accuracy") is not None
    assert changes <= 12


def test_days_add_up_what_has_a_label() -> None:
    day = np.asarray([START, START, START + DAY, START + DAY])
    found = days_of(day, np.asarray([1.0, np.nan, 0.0, 2.0]), np.asarray([3, 4, 1, 1]))
    assert [(one.predictions, one.labelled, one.total, one.squares) for one in found] == [
        (7, 3, 3.0, 3.0),
        (2, 2, 2.0, 4.0),
    ]
    assert interval_of(found, "mean absolute error").value == 1.0
    worse = [
        Day(day=START + place * DAY, predictions=50, labelled=50, total=50 * error, squares=50 * (error**2 + 0.01))
        for place, error in enumerate([0.5] * 6 + [0.8] * 3)
    ]
    change = change_of(worse, "mean absolute error")
    assert change.sentence.startswith("Mean absolute error rose from 0.5 to 0.8 since 7 Nov 2026;")
    assert not change.better
    assert math.isclose(change.after.value, 0.8)
