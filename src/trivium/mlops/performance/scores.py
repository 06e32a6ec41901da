"""How well a score, the probability of one class, tells that class from the rest, and whether it means what it says."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trivium.mlops.performance.intervals import wilson

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

_BINS: Final = 10
_SURE: Final = 1e-15
"""How far from 0 and 1 a score is kept for its logarithm."""


class CalibrationBin(msgspec.Struct, frozen=True):
    """Rows with scores in one tenth of 0 to 1: their mean score, and the share that was positive, with its interval."""

    from_score: float
    to_score: float
    rows: int
    mean_score: float
    positive_share: float
    low: float
    high: float


class ScoreScores(msgspec.Struct, frozen=True):
    """What scores are worth. `auc` is the chance that a positive row scores above a negative one, ties half.

    `brier` is the mean squared error of the probability and `log_loss` its mean logarithmic one; both, and
    `calibration`, are None or empty where a score is no probability (outside 0 to 1). `calibration_error` is the mean
    distance of a bin's score and share, weighted by rows.
    """

    rows: int
    positive: int
    auc: float | None
    brier: float | None
    log_loss: float | None
    calibration_error: float | None
    calibration: tuple[CalibrationBin, ...]


def score_scores(score: Floats, positive: Truths) -> ScoreScores:
    """Score probabilities of the positive class beside whether rows were positive; what is no number is left out."""
    known = np.isfinite(score)
    score, positive = score[known], positive[known]
    rows, positives = len(score), int(positive.sum())
    area = auc(score, positive)
    if not rows or score.min() < 0 or score.max() > 1:
        return ScoreScores(rows, positives, area, None, None, None, ())
    bins = _calibration(score, positive)
    off = sum(one.rows * abs(one.mean_score - one.positive_share) for one in bins) / rows
    return ScoreScores(rows, positives, area, brier(score, positive), log_loss(score, positive), off, bins)


def auc(score: Floats, positive: Truths) -> float | None:
    """Give the area under the ROC curve, exact by ranks (Mann and Whitney 1947); None unless both kinds are there."""
    positives = int(positive.sum())
    negatives = len(score) - positives
    if not positives or not negatives:
        return None
    values, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    above = float(np.bincount(place, weights=positive, minlength=len(values)) @ ranks)
    return (above - positives * (positives + 1) / 2) / (positives * negatives)


def brier(score: Floats, positive: Truths) -> float | None:
    """Give the mean squared distance of a probability and what happened (Brier 1950); None without a row."""
    return float(((score - positive) ** 2).mean()) if len(score) else None


def log_loss(score: Floats, positive: Truths) -> float | None:
    """Give the mean logarithmic loss in nats, of probabilities kept 1e-15 away from 0 and 1; None without a row."""
    if not len(score):
        return None
    sure = np.clip(np.where(positive, score, 1 - score), _SURE, 1 - _SURE)
    return float(-np.log(sure).mean())


def _calibration(score: Floats, positive: Truths) -> tuple[CalibrationBin, ...]:
    """Compare scores with what happened, in ten bins; the upper bound belongs to the bin above, but 1."""
    place = np.minimum((score * _BINS).astype(np.int64), _BINS - 1)
    rows = np.bincount(place, minlength=_BINS)
    sums = np.bincount(place, weights=score, minlength=_BINS)
    hits = np.bincount(place, weights=positive, minlength=_BINS)
    found = []
    for number in np.flatnonzero(rows).tolist():
        count = int(rows[number])
        share = wilson(float(hits[number]), count)
        assert share is not None, "the bin has rows"
        mean = float(sums[number]) / count
        found.append(
            CalibrationBin(number / _BINS, (number + 1) / _BINS, count, mean, share.value, share.low, share.high)
        )
    return tuple(found)
