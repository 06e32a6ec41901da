"""How often the right class was predicted, of all and of each class."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from trivium.mlops.performance.intervals import Interval, wilson

Codes = NDArray[np.int64]


class ClassScore(msgspec.Struct, frozen=True):
    """One class: how many rows have it as label (`support`), how many were predicted, how many rightly.

    `precision` is the share right of those predicted, `recall` of those labelled, `f1` their harmonic mean; None where
    there are none to divide by.
    """

    name: str
    support: int
    predicted: int
    right: int
    precision: float | None
    recall: float | None
    f1: float | None


class ClassScores(msgspec.Struct, frozen=True):
    """All classes together; macro figures are plain means over classes, where what cannot be divided counts 0."""

    rows: int
    right: int
    accuracy: Interval | None
    macro_precision: float | None
    macro_recall: float | None
    macro_f1: float | None
    classes: tuple[ClassScore, ...]


def class_scores(predicted: Codes, label: Codes, names: Sequence[str], counts: Codes | None = None) -> ClassScores:
    """Score predicted classes beside labels, both as places in `names`.

    `counts` says for how many rows each pair stands. Classes are those that stand on either side, in the order of
    `names` (as scikit-learn's `precision_recall_fscore_support`).
    """
    size = len(names)
    weight = np.ones(len(label)) if counts is None else counts.astype(np.float64)
    matrix = np.bincount(label * size + predicted, weights=weight, minlength=size * size).reshape(size, size)
    matrix = np.rint(matrix).astype(np.int64)
    right = np.diagonal(matrix)
    found = [
        _score(name, int(matrix[place].sum()), int(matrix[:, place].sum()), int(right[place]))
        for place, name in enumerate(names)
        if matrix[place].any() or matrix[:, place].any()
    ]
    rows = int(matrix.sum())
    return ClassScores(
        rows,
        int(right.sum()),
        wilson(int(right.sum()), rows),
        _mean([one.precision for one in found]),
        _mean([one.recall for one in found]),
        _mean([one.f1 for one in found]),
        tuple(found),
    )


def _score(name: str, support: int, predicted: int, right: int) -> ClassScore:
    both = support + predicted
    return ClassScore(
        name,
        support,
        predicted,
        right,
        right / predicted if predicted else None,
        right / support if support else None,
        2 * right / both if both else None,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    return sum(value or 0.0 for value in values) / len(values) if values else None
