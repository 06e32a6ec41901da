"""p-values beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest

from trivium.mlops.drift.chances import chi_square, kolmogorov, two_shares

stats = pytest.importorskip("scipy.stats", reason="scipy comes with scikit-learn (the extra `demo`)")


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 9), (5, 7), (40, 40), (200, 199), (13, 380)])
def test_of_few_rows_the_chance_is_exact(first: int, second: int) -> None:
    random = np.random.default_rng(first * 1000 + second)
    for shift in (0.0, 0.4, 2.0):
        seen = stats.ks_2samp(random.normal(size=first), random.normal(shift, size=second), method="exact")
        assert kolmogorov(seen.statistic, first, second) == pytest.approx(seen.pvalue, abs=1e-12)


@pytest.mark.parametrize(("first", "second"), [(300, 300), (2000, 500), (100_000, 5000), (10**6, 10**6)])
def test_of_many_rows_it_is_scipys_to_three_digits(first: int, second: int) -> None:
    for scaled in (0.2, 0.5, 0.9, 1.1, 1.36, 1.63, 2.5):
        distance = scaled / np.sqrt(first * second / (first + second))
        theirs = stats.kstwo.sf(distance, round(first * second / (first + second)))
        assert kolmogorov(distance, first, second) == pytest.approx(theirs, abs=2e-3)


def test_no_distance_and_no_rows_are_chance() -> None:
    assert kolmogorov(0.0, 10, 10) == kolmogorov(0.4, 0, 10) == kolmogorov(0.4, 10, 0) == 1.0
    assert kolmogorov(1.0, 10**6, 10**6) == 0.0


def test_chi_square_is_scipys() -> None:
    for freedom in (1, 2, 5, 50, 999):
        for statistic in (1e-6, 0.1, 1.0, 10.0, 100.0, 1000.0, 1e5):
            assert chi_square(statistic, freedom) == pytest.approx(stats.chi2.sf(statistic, freedom), abs=1e-10)
    assert chi_square(3.0, 0) == chi_square(0.0, 4) == 1.0


def test_two_shares_are_the_normal_limit() -> None:
    table = [[30, 70], [45, 55]]
    theirs = stats.chi2_contingency(table, correction=False).pvalue
    assert two_shares(30, 100, 45, 100) == pytest.approx(theirs, abs=1e-12)
    assert two_shares(0, 10, 0, 10) == two_shares(5, 5, 7, 7) == two_shares(1, 0, 1, 2) == 1.0
