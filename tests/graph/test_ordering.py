"""Sorting by digits and walking along two columns give what NumPy gives, however wide the keys are."""

from __future__ import annotations

import numpy as np
import pytest

from trivium.graph import ordering
from trivium.graph.ordering import in_order, order_of, ranks_of


@pytest.fixture(params=["plain", "compiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sort as small columns are, and as large ones."""
    if request.param == "compiled":
        monkeypatch.setattr(ordering, "COMPILED_FROM", 1)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("bits", [1, 2, 8, 9, 20, 44, 56, 62, 63])
@pytest.mark.parametrize("count", [0, 1, 2, 3000])
def test_the_order_is_that_of_a_stable_argsort(bits: int, count: int) -> None:
    key = np.random.default_rng(bits).integers(-(1 << (bits - 1)), 1 << (bits - 1), count)
    ordered, order = in_order(key)
    assert order.tolist() == np.argsort(key, kind="stable").tolist()
    assert ordered.tolist() == np.sort(key).tolist()
    assert order_of(key).tolist() == order.tolist()


@pytest.mark.usefixtures("way")
def test_keys_over_all_of_64_bits() -> None:
    key = np.array([np.iinfo(np.int64).max, 0, np.iinfo(np.int64).min, -1, 0])
    assert order_of(key).tolist() == [2, 3, 1, 4, 0]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("after_equals", [False, True])
@pytest.mark.parametrize(("wanted", "among"), [(50, 80), (0, 5), (5, 0), (80, 50)])
def test_ranks_are_those_of_a_search(wanted: int, among: int, after_equals: bool) -> None:
    random = np.random.default_rng(wanted)
    one, other = np.sort(random.integers(0, 40, wanted)), np.sort(random.integers(0, 40, among))
    searched = np.searchsorted(other, one, "right") if after_equals else np.searchsorted(other, one, "left")
    assert ranks_of(one, other, after_equals=after_equals).tolist() == searched.tolist()


def test_a_walk_along_unsorted_columns_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "COMPILED_FROM", 1)
    with pytest.raises(AssertionError, match="sorted"):
        ranks_of(np.array([2, 1]), np.array([1, 2]))
