"""The order of deliveries between two closes changes no answer."""

from __future__ import annotations

import pytest

from tests.oracle.oracle import loaded, pours, statement
from tests.oracle.random_histories import MONTHS, as_of, history, shuffled


@pytest.mark.parametrize("seed", range(300))
def test_shuffled_deliveries_answer_the_same(seed: int) -> None:
    """Statements, pours and loaded costs are equal after a shuffle between closes."""
    given, at = history(seed), as_of(seed)
    mixed = shuffled(given, seed)
    for month in MONTHS:
        assert statement(given, month, as_of=at) == statement(mixed, month, as_of=at)
    assert sorted(map(repr, pours(given, at))) == sorted(map(repr, pours(mixed, at)))
    for key in ("dataset:ns/d0", "model:m/0"):
        assert loaded(given, key, as_of=at) == loaded(mixed, key, as_of=at)
