"""Distances beside scipy's exact ones, on usual and adversarial samples."""

from __future__ import annotations

import numpy as np
import pytest

from trivium.mlops.drift.counting import sketch
from trivium.mlops.drift.distances import (
    chi_square_test,
    decile_edges,
    even_edges,
    jensen_shannon,
    kolmogorov_smirnov,
    paired_shares,
    shares_between,
    stability_index,
    wasserstein,
)
from trivium.mlops.drift.ranks import Ranks, ranks_of

stats = pytest.importorskip("scipy.stats", reason="scipy comes with scikit-learn (the extra `demo`)")
spatial = pytest.importorskip("scipy.spatial.distance", reason="scipy comes with scikit-learn (the extra `demo`)")

R = np.random.default_rng(5)
PAIRS = {
    "normal": (R.normal(size=3000), R.normal(0.2, 1.3, size=2000)),
    "ties": (R.integers(0, 5, 4000).astype(float), R.integers(0, 6, 300).astype(float)),
    "constants": (np.full(50, 2.0), np.full(70, 2.0)),
    "other constants": (np.full(50, 2.0), np.full(70, 3.0)),
    "heavy tails": (R.standard_cauchy(3000), R.standard_cauchy(3500) * 2),
    "disjoint": (R.uniform(0, 1, 400), R.uniform(5, 6, 300)),
    "tiny": (np.asarray([1.0]), np.asarray([1.0, 2.0])),
    "one each": (np.asarray([1.0]), np.asarray([7.0])),
    "interleaved": (np.arange(0, 2000, 2.0), np.arange(1, 2001, 2.0)),
    "atom and rest": (np.where(R.uniform(size=2000) < 0.4, 0.0, R.normal(size=2000)), R.normal(size=2000)),
    "far apart in size": (R.lognormal(0, 4, 2500), R.lognormal(3, 4, 2500)),
    "huge": (R.uniform(-1, 1, 500) * 1e300, R.uniform(-1, 1, 500) * 1e299),
}
LARGE = {
    "normal": (R.normal(size=200_000), R.normal(0.1, 1.1, size=150_000)),
    "lognormal": (R.lognormal(size=200_000), R.lognormal(0.1, size=200_000)),
    "unchanged": (R.gamma(2, size=200_000), R.gamma(2, size=200_000)),
    "heavy": (R.standard_t(2, size=200_000), R.standard_t(3, size=200_000)),
    "whole": (R.integers(0, 10**6, 200_000).astype(float), R.integers(0, 900_000, 200_000).astype(float)),
    "needle": (
        np.concatenate((R.normal(1e6, 1e-3, 10**5), R.lognormal(5, 5, 10**5))),
        np.concatenate((R.normal(1e6, 2e-3, 10**5), R.lognormal(5, 5, 10**5))),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_of_samples_that_fit_distances_are_exact(name: str) -> None:
    first, second = PAIRS[name]
    one, other = ranks_of(np.sort(first)), ranks_of(np.sort(second))
    apart = stats.ks_2samp(first, second, method="asymp").statistic
    assert kolmogorov_smirnov(one, other) == pytest.approx(apart, abs=1e-12)
    assert wasserstein(one, other) == pytest.approx(stats.wasserstein_distance(first, second), rel=1e-9)
    assert kolmogorov_smirnov(other, one) == kolmogorov_smirnov(one, other)
    assert kolmogorov_smirnov(one, one) == wasserstein(one, one) == 0


@pytest.mark.parametrize("name", LARGE)
def test_of_large_samples_they_are_within_a_thousandth(name: str) -> None:
    first, second = LARGE[name]
    one, other = sketch(first), sketch(second)
    apart = stats.ks_2samp(first, second, method="asymp").statistic
    assert kolmogorov_smirnov(one, other) == pytest.approx(apart, abs=1e-3)
    moved = stats.wasserstein_distance(first, second) / first.std()
    assert wasserstein(one, other) / first.std() == pytest.approx(moved, abs=1e-3)


@pytest.mark.parametrize("name", LARGE)
def test_bins_hold_what_numpy_counts_in_them(name: str) -> None:
    first, second = LARGE[name]
    one, other = sketch(first), sketch(second)
    even = even_edges(one, other)
    both = np.histogram_bin_edges(np.concatenate((first, second)), bins="sturges")
    assert np.allclose(even, both[1:-1])
    theirs = [np.histogram(side, both)[0] / len(side) for side in (first, second)]
    ours = [shares_between(side, even, closed="left") for side in (one, other)]
    assert np.abs(np.asarray(ours) - np.asarray(theirs)).max() < 5e-4
    assert jensen_shannon(*ours) == pytest.approx(spatial.jensenshannon(*theirs), abs=1e-3)
    edges = decile_edges(one)
    counted = [np.diff(np.searchsorted(np.sort(side), [-np.inf, *edges, np.inf], "right")) for side in (first, second)]
    shares = [side / side.sum() for side in counted]
    exact = float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))
    ours = [shares_between(side, edges) for side in (one, other)]
    assert stability_index(*ours) == pytest.approx(exact, abs=1e-3)
    assert np.abs(ours[0] - 0.1).max() < 1e-3


def test_no_rows_are_not_apart() -> None:
    nothing, some = ranks_of(np.empty(0)), ranks_of(np.asarray([1.0, 2.0]))
    assert kolmogorov_smirnov(nothing, some) == wasserstein(some, nothing) == 0.0
    assert jensen_shannon(np.zeros(3), np.ones(3)) == 0.0


def test_shares_of_categories_are_scipys() -> None:
    first, second = {"a": 50, "b": 30, "c": 20}, {"a": 20, "b": 60, "d": 40}
    one, other = paired_shares(first, second)
    assert jensen_shannon(one, other) == pytest.approx(
        spatial.jensenshannon([50, 30, 20, 0], [20, 60, 0, 40]), abs=1e-12
    )
    theirs = stats.chi2_contingency([[50, 30, 20, 0], [20, 60, 0, 40]], correction=False)
    found = chi_square_test(first, second)
    assert (found.statistic, found.p) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue, abs=1e-12))
    assert found.freedom == theirs.dof


def test_rare_categories_are_tested_together() -> None:
    first = {"a": 100, "b": 100, **{f"r{i}": 1 for i in range(40)}}
    second = {"a": 100, "b": 100, **{f"s{i}": 1 for i in range(40)}}
    found = chi_square_test(first, second)
    theirs = stats.chi2_contingency([[100, 100, 40], [100, 100, 40]], correction=False)
    assert (found.freedom, found.p) == (2, pytest.approx(theirs.pvalue))
    assert chi_square_test({}, {"a": 3}).p == chi_square_test({"a": 2}, {"a": 3}).p == 1.0


def test_the_stability_index_is_its_formula_and_never_infinite() -> None:
    found = stability_index(np.asarray([0.5, 0.5, 0.0]), np.asarray([0.4, 0.4, 0.2]))
    by_hand = 2 * (-0.1) * np.log(0.4 / 0.5) + (0.2 - 1e-4) * np.log(0.2 / 1e-4)
    assert found == pytest.approx(by_hand)


def test_curves_that_cross_between_kept_values_have_area_on_both_sides() -> None:
    even = Ranks(100, (0.0, 10.0), (0, 99), (1, 100))
    ends = Ranks(100, (0.0, 10.0), (0, 52), (51, 100))
    start, end = 0.5, 0.47
    assert wasserstein(even, ends) == pytest.approx((start**2 + end**2) / (2 * (start + end)) * 10)
