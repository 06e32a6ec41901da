"""Sketches of columns hold for all numbers and texts: exact while they fit, the same for any order and any parts."""

from __future__ import annotations

from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.mlops.drift.categories import kept_counts, united_counts
from trivium.mlops.drift.distances import kolmogorov_smirnov, wasserstein
from trivium.mlops.drift.profile import Profile, keepable, profile_of, united_profiles
from trivium.mlops.drift.ranks import ranks_of, united
from trivium.mlops.drift.verdict import drift_of

NUMBERS = st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=60)
TIED = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=60)
ANY = st.one_of(st.none(), st.floats(), st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324]))


def _sketch(numbers: list[float], points: int = 4096):
    return ranks_of(np.sort(np.asarray(numbers)), points)


@given(st.lists(st.one_of(NUMBERS, TIED), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_parts_in_any_order_unite_to_the_whole(parts, shuffle) -> None:
    whole = _sketch(list(chain.from_iterable(parts)))
    sketches = [_sketch(part) for part in parts]
    shuffle.shuffle(sketches)
    assert united(sketches) == whole
    assert united([united(sketches[:2]), *sketches[2:]]) == whole


@given(st.lists(NUMBERS, min_size=1, max_size=5), st.integers(2, 12))
def test_what_does_not_fit_stays_within_the_bound(parts, points) -> None:
    found = united([_sketch(part, points) for part in parts], points)
    ordered = np.sort(np.asarray(list(chain.from_iterable(parts))))
    below, upto = found.shares(ordered)
    assert np.abs(below - np.searchsorted(ordered, ordered, "left") / len(ordered)).max() <= found.uncertainty + 1e-9
    assert np.abs(upto - np.searchsorted(ordered, ordered, "right") / len(ordered)).max() <= found.uncertainty + 1e-9
    wrong = np.abs(found.counts_upto - np.searchsorted(ordered, found.places, "right"))
    assert wrong.max() <= found.slack
    assert (np.diff(found.counts_upto) >= 0).all()
    assert (found.counts_below <= found.counts_upto).all()


@given(st.one_of(NUMBERS, TIED), st.one_of(NUMBERS, TIED))
def test_distances_are_symmetric_and_those_of_scipy(first, second) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy comes with scikit-learn (the extra `demo`)")
    one, other = _sketch(first), _sketch(second)
    apart = kolmogorov_smirnov(one, other)
    assert apart == kolmogorov_smirnov(other, one)
    assert 0 <= apart <= 1
    everywhere = np.concatenate((first, second))
    shares = [np.searchsorted(np.sort(side), everywhere, "right") / len(side) for side in (first, second)]
    assert apart == pytest.approx(np.abs(shares[0] - shares[1]).max(), abs=1e-12)
    if np.abs(everywhere).max() < 1e150:
        assert wasserstein(one, other) == pytest.approx(stats.wasserstein_distance(first, second), rel=1e-9, abs=1e-300)


@given(st.lists(st.lists(st.text(max_size=3), max_size=30), max_size=5), st.integers(1, 6))
def test_counts_of_values_add_up_and_no_bound_is_broken(parts, listed) -> None:
    counted = [kept_counts({value: part.count(value) for value in part}, listed) for part in parts]
    found = united_counts(counted, listed)
    assert found == united_counts(counted[::-1], listed)
    values = list(chain.from_iterable(parts))
    assert found.rows == len(values) == sum(found.counts.values()) + found.other
    for value in set(values) - found.counts.keys():
        assert values.count(value) <= found.unlisted_at_most
    if not found.other:
        assert found.counts == {value: values.count(value) for value in found.counts}
    assert found.distinct == len(set(values)) or found.other


@settings(max_examples=60)
@given(st.lists(ANY, min_size=1, max_size=80), st.lists(ANY, min_size=1, max_size=80))
def test_any_two_columns_are_compared_without_a_fault(first, second) -> None:
    before, now = (profile_of(pa.table({"x": pa.array(side, pa.float64())})) for side in (first, second))
    found = drift_of(before, now)
    assert found.columns[0].sentence
    assert b"Infinity" not in msgspec.json.encode(found)
    for profile in (before, now, keepable(before), united_profiles([before, now])):
        assert msgspec.json.decode(msgspec.json.encode(profile), type=Profile) == profile
    assert drift_of(before, before).state != "drifted"
