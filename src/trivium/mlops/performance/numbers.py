"""How far predicted numbers are from the true ones."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from trivium.mlops.performance.intervals import Interval, mean_interval

Floats = NDArray[np.float64]


class NumberScores(msgspec.Struct, frozen=True):
    """Errors are prediction less label, in the label's unit; only rows with finite numbers on both sides count.

    `explained` is R², the part of the labels' variance that predictions explain (None where labels do not vary).
    """

    rows: int
    absolute: Interval | None
    root_mean_square: float | None
    bias: Interval | None
    explained: float | None


def number_scores(predicted: Floats, label: Floats) -> NumberScores:
    """Score predicted numbers: mean absolute error, root of the mean squared error, bias (mean error), R²."""
    known = np.isfinite(predicted) & np.isfinite(label)
    with np.errstate(over="ignore", invalid="ignore"):
        error = predicted[known] - label[known]
        rows, squares = len(error), float(error @ error)
        if not rows or not np.isfinite(squares):
            return NumberScores(rows, None, None, None, None)
        spread = float(((label[known] - label[known].mean()) ** 2).sum())
    return NumberScores(
        rows,
        mean_interval(float(np.abs(error).sum()), squares, rows),
        (squares / rows) ** 0.5,
        mean_interval(float(error.sum()), squares, rows),
        1 - squares / spread if spread > 0 and np.isfinite(spread) else None,
    )
