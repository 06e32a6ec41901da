"""The order of deliveries between two closes changes no answer."""

from __future__ import annotations

import pytest

from tests.oracle.answers import arrived, computed, drawn
from tests.oracle.history import History
from tests.oracle.random_histories import as_of, history, months_to, shuffled
from tests.oracle.rules import AS_WRITTEN

AT_ONCE = 20


def answers(told: History, at: int) -> list[object]:
    """Return statements, pours and loaded costs."""
    plain = computed(told, at, None, AS_WRITTEN)
    given = [drawn(month, "asset") for month in plain]
    pours = sorted(repr(pour) for month in plain for pour in month.outcome.pours)
    loaded = [arrived(computed(told, at, key, AS_WRITTEN), key) for key in ("dataset:ns/d0", "model:m/0")]
    return [*given[-len(months_to(at)) :], pours, *loaded]


@pytest.mark.parametrize("first", range(0, 80, AT_ONCE))
def test_shuffled_deliveries_answer_the_same(first: int) -> None:
    """Statements, pours and loaded costs are equal after a shuffle between closes."""
    for seed in range(first, first + AT_ONCE):
        given, at = history(seed), as_of(seed)
        assert answers(given, at) == answers(shuffled(given, seed), at), seed
