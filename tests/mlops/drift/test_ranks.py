"""The sketch of a column of numbers: exact while all values fit, within its own bound else, and mergeable."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from trivium.mlops.drift.counting import SORTED_ROWS, _Binned, sketch, sketch_whole
from trivium.mlops.drift.ranks import POINTS, Ranks, ranks_of, thinned, united

RANDOM = np.random.default_rng(11)
ROWS = 3 * SORTED_ROWS
COLUMNS = {
    "normal": RANDOM.normal(size=ROWS),
    "lognormal": RANDOM.lognormal(size=ROWS),
    "very heavy": RANDOM.lognormal(sigma=4, size=ROWS),
    "cauchy": RANDOM.standard_cauchy(ROWS),
    "uniform": RANDOM.uniform(size=ROWS),
    "half zero": np.where(RANDOM.uniform(size=ROWS) < 0.5, 0.0, RANDOM.normal(size=ROWS)),
    "needle beside wide": np.concatenate((RANDOM.normal(1e6, 1e-3, ROWS // 2), RANDOM.lognormal(5, 5, ROWS // 2))),
    "few values": RANDOM.integers(0, 90, ROWS).astype(float),
    "rounded": np.round(RANDOM.normal(size=ROWS), 3),
    "one value": np.full(ROWS, -3.5),
    "both ends of all floats": RANDOM.choice([-1, 1], ROWS) * 1.7e308 * RANDOM.uniform(size=ROWS),
    "smallest floats": RANDOM.integers(0, 10**6, ROWS) * 5e-324,
    "two far": np.where(RANDOM.uniform(size=ROWS) < 1e-5, 1e300, RANDOM.uniform(size=ROWS)),
    "sorted": np.sort(RANDOM.normal(size=ROWS)),
    "periodic": np.tile(np.arange(8), ROWS // 8) + RANDOM.uniform(size=ROWS) * 1e-9,
    "zeros of both signs": np.where(RANDOM.uniform(size=ROWS) < 0.5, 0.0, -0.0),
}


def _assert_true(found: Ranks, numbers: np.ndarray, at_most: float) -> None:
    """Every kept count is the true one, every share within the bound that the sketch itself states."""
    ordered = np.sort(numbers)
    assert found.rows == len(numbers)
    assert (np.diff(found.places) > 0).all()
    assert (found.smallest, found.greatest) == (ordered[0], ordered[-1])
    assert np.array_equal(np.searchsorted(ordered, found.places, "left"), found.counts_below)
    assert np.array_equal(np.searchsorted(ordered, found.places, "right"), found.counts_upto)
    asked = np.concatenate((ordered[:: max(1, len(ordered) // 5000)], found.places))
    below, upto = found.shares(asked)
    assert np.abs(below - np.searchsorted(ordered, asked, "left") / len(ordered)).max() <= found.uncertainty + 1e-12
    assert np.abs(upto - np.searchsorted(ordered, asked, "right") / len(ordered)).max() <= found.uncertainty + 1e-12
    assert found.uncertainty <= at_most


@pytest.mark.parametrize("name", COLUMNS)
def test_counting_in_bins_is_as_true_as_sorting(name: str) -> None:
    numbers = COLUMNS[name]
    _assert_true(sketch(numbers), numbers, 5e-4)
    _assert_true(ranks_of(np.sort(numbers)), numbers, 5e-4)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_sketch_is_bounded_and_does_not_depend_on_the_order_of_rows(name: str) -> None:
    numbers = COLUMNS[name]
    found = sketch(numbers)
    assert len(found.values) <= 2 * POINTS + 1000
    assert sketch(RANDOM.permutation(numbers)) == found


@pytest.mark.parametrize("name", COLUMNS)
def test_parts_unite_to_the_whole_within_the_stated_bound(name: str) -> None:
    numbers = COLUMNS[name]
    parts = [sketch(part) for part in np.array_split(numbers, 7)]
    whole = united(parts)
    assert united(parts[::-1]) == whole
    assert whole.rows == len(numbers)
    assert whole.uncertainty <= 2e-3
    ordered = np.sort(numbers)
    upto = whole.shares(ordered[::53])[1]
    assert np.abs(upto - np.searchsorted(ordered, ordered[::53], "right") / len(ordered)).max() <= whole.uncertainty


def test_few_values_unite_exactly() -> None:
    numbers = np.round(RANDOM.normal(size=20_000), 2)
    parts = [ranks_of(np.sort(part)) for part in np.array_split(numbers, 9)]
    assert united(parts) == ranks_of(np.sort(numbers)) == united([united(parts[:4]), united(parts[4:])])
    assert united(parts).slack == 0


def test_whole_numbers_close_together_are_counted_one_by_one() -> None:
    numbers = RANDOM.integers(-(2**62), -(2**62) + 1000, ROWS)
    found = sketch_whole(numbers - numbers.min())
    assert found.gap == 0
    assert len(found.values) == 1000
    far = RANDOM.integers(0, 2**52, ROWS)
    _assert_true(sketch_whole(far), far.astype(float), 5e-4)


def test_nothing_and_one_row() -> None:
    nothing, one = ranks_of(np.empty(0)), ranks_of(np.asarray([2.0]))
    assert (nothing.smallest, nothing.greatest, nothing.uncertainty) == (None, None, 0.0)
    assert np.isnan(nothing.quantile(0.5))
    assert (one.quantile(0.0), one.quantile(1.0)) == (2.0, 2.0)
    assert united([nothing, one]) == one
    assert united([]) == nothing


def test_quantiles_are_those_of_the_rows() -> None:
    numbers = RANDOM.lognormal(size=3000)
    shares = np.linspace(0.001, 1, 200)
    assert np.allclose(
        ranks_of(np.sort(numbers)).quantiles(shares), np.quantile(numbers, shares, method="inverted_cdf")
    )


def test_a_thinned_sketch_tells_of_no_single_row_but_the_outermost() -> None:
    numbers = RANDOM.normal(size=5000)
    found = thinned(ranks_of(np.sort(numbers)), 1024, 10)
    assert len(found.values) <= 502
    told = np.diff(found.counts_upto)
    assert (told[:-1] >= 10).all()
    assert found.uncertainty <= 0.02
    assert thinned(ranks_of(np.arange(4.0)), 1024, 10).values == (0.0, 3.0)


def test_a_sketch_is_the_same_after_it_was_written_and_read() -> None:
    found = sketch(COLUMNS["lognormal"])
    assert msgspec.json.decode(msgspec.json.encode(found), type=Ranks) == found


def _binned(numbers: np.ndarray, low: float, scale: float) -> Ranks:
    return _Binned(np.concatenate((numbers, RANDOM.uniform(-0.99, 0.99, 2 * SORTED_ROWS))), low, scale).sketch(POINTS)


def test_a_few_rows_beyond_the_bins_are_kept() -> None:
    found = _binned(np.asarray([-7.0, -6.0, 5.0]), -1.0, 32768.0)
    assert (found.smallest, found.greatest) == (-7.0, 5.0)
    assert found.shares(np.asarray([-6.5]))[1][0] * found.rows == 1


def test_an_edge_that_rounding_blurs_is_not_kept() -> None:
    blurred = np.full(20, -1.5 * 2.0**-53 * (1 - 1e-12))
    numbers = np.concatenate((blurred, RANDOM.uniform(-0.99, 0.99, 2 * SORTED_ROWS)))
    binned = _Binned(numbers, -1.0, 32768.0)
    before = np.cumsum(binned.counts) - binned.counts
    edges, counts = binned._edges(np.zeros(len(before), bool), before, len(numbers), 10 * POINTS)
    assert len(edges) > POINTS
    assert np.array_equal(np.searchsorted(np.sort(numbers), edges, "left"), counts)


def test_what_uniting_may_have_got_wrong_is_stated() -> None:
    numbers = RANDOM.lognormal(size=40_000)
    found = united([ranks_of(np.sort(part), 64) for part in np.array_split(numbers, 5)], 64)
    wrong = np.abs(np.searchsorted(np.sort(numbers), found.places, "right") - found.counts_upto)
    assert 0 < wrong.max() <= found.slack
