"""Deliveries that change places between two closes change no answer of the product (design.md §5, promise 3)."""

from __future__ import annotations

import pytest

from tests.oracle.history import History, Prediction
from tests.oracle.random_histories import MONTHS, as_of, history, shuffled
from tests.properties.told import books, rounded, spoken, tell
from trivium.facts.period import parse_period
from trivium.finops.loaded import Loaded, loaded
from trivium.finops.statement import BY, Statement, statement

ASSETS = ("dataset:ns/d0", "dataset:ns/d1", "experiment:churn", "model:m/0", "run:01")


def answers(told: History, at: int) -> list[Statement | Loaded]:
    ours = books(tell(told), at, MONTHS[-1])
    drawn = [statement(ours, parse_period(month), by) for month in MONTHS for by in BY]
    return [*drawn, *(loaded(ours, asset) for asset in ASSETS)]


@pytest.mark.parametrize("seed", range(60))
def test_shuffled_deliveries_answer_the_same(seed: int) -> None:
    given, at = rounded(history(seed)), as_of(seed)
    mixed = shuffled(given, seed)
    assert mixed != given
    assert answers(spoken(mixed), at) == answers(spoken(given), at)


def test_predictions_are_among_what_is_shuffled() -> None:
    kinds = {type(fact) for seed in range(60) for fact in history(seed).deliveries}
    assert Prediction in kinds
