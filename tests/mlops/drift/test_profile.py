"""A profile holds what a table's columns look like, unites, and gives no single person away when it is kept."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from trivium.mlops.drift.categories import LISTED, categories_of, united_counts
from trivium.mlops.drift.fingerprints import fingerprints
from trivium.mlops.drift.profile import Profile, column_of, keepable, profile_of, united_profiles

R = np.random.default_rng(2)


def test_missing_values_are_told_apart() -> None:
    found = column_of("x", pa.array([1.0, None, math.nan, math.inf, -math.inf, 3.0]))
    assert (found.rows, found.nulls, found.nans, found.infinities, found.missing) == (6, 1, 1, 2, 4)
    assert found.missing_share == 4 / 6
    assert (found.ranks.values, found.mean, found.deviation) == ((1.0, 3.0), 2.0, 1.0)


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (pa.array([None, None]), "empty"),
        (pa.array([None, None], pa.float64()), "empty"),
        (pa.array([math.nan, math.inf]), "empty"),
        (pa.array([], pa.int64()), "empty"),
        (pa.array([1, 2**60], pa.int64()), "number"),
        (pa.array([2**64 - 1, 0], pa.uint64()), "number"),
        (pa.array([Decimal("1.25"), None], pa.decimal128(10, 2)), "number"),
        (pa.array([1.5, 2.5], pa.float32()), "number"),
        (pa.array([1, 1, 3]).dictionary_encode(), "number"),
        (pa.array([True, None, False]), "category"),
        (pa.array(["a", "", None]), "category"),
        (pa.array(["a", "b"], pa.large_string()), "category"),
        (pa.array(["a", "b"], pa.string_view()), "category"),
        (pa.array(["a", None, "a"]).dictionary_encode(), "category"),
        (pa.chunked_array([["a"], ["b", "a"]]), "category"),
        (pa.chunked_array([[1.0], [2.0, None]]), "number"),
        (pa.array([dt.datetime(2026, 10, 1, tzinfo=dt.UTC)]), "time"),
        (pa.array([dt.datetime(1, 1, 1)], pa.timestamp("us")), "time"),
        (pa.array([dt.date(2026, 10, 1)]), "time"),
        (pa.array([b"a"]), "other"),
        (pa.array([[1], [2]]), "other"),
        (pa.array([{"a": 1}]), "other"),
        (pa.array([1.7e308, -1.7e308]), "number"),
    ],
)
def test_every_type_has_a_shape_and_can_be_written_and_read(values: pa.Array, shape: str) -> None:
    found = profile_of(pa.table({"x": values}))
    assert found.columns[0].shape == shape
    assert found.columns[0].rows == len(values)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Profile) == found
    kept = keepable(found)
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Profile) == kept
    assert united_profiles([found, found]).rows == 2 * len(values)


def _table(rows: int) -> pa.Table:
    return pa.table({
        "number": R.normal(3, 2, rows),
        "whole": R.integers(0, 50, rows),
        "word": R.choice(["a", "b", "c", None], rows).tolist(),
        "truth": R.uniform(size=rows) < 0.5,
        "hole": pa.array([None if v < 0 else v for v in R.normal(size=rows)]),
    })  # fmt: skip


def test_parts_unite_to_the_profile_of_the_whole_in_any_order() -> None:
    table = _table(3000)
    parts = [profile_of(table.slice(start, 700)) for start in range(0, 3000, 700)]
    whole, united = profile_of(table), united_profiles(parts)
    assert united == united_profiles(parts[::-1])
    for one, other in zip(whole.columns, united.columns, strict=True):
        assert (one.name, one.shape, one.rows, one.nulls) == (other.name, other.shape, other.rows, other.nulls)
        assert (one.ranks, one.categories, one.lengths) == (other.ranks, other.categories, other.lengths)
        assert (one.mean, one.deviation) == (pytest.approx(other.mean), pytest.approx(other.deviation))


def test_a_column_that_a_part_lacks_is_missing_there() -> None:
    united = united_profiles([profile_of(pa.table({"a": [1, 2], "b": [1, 2]})), profile_of(pa.table({"a": [3]}))])
    assert (united.column("b").rows, united.column("b").nulls) == (3, 1)
    assert united.column("c") is None


def test_a_column_of_two_shapes_is_told_as_neither() -> None:
    united = united_profiles([profile_of(pa.table({"a": [1]})), profile_of(pa.table({"a": ["x"]}))])
    assert (united.column("a").shape, united.column("a").ranks) == ("other", None)


def test_what_is_kept_tells_of_no_value_with_fewer_than_ten_rows() -> None:
    words = ["often"] * 30 + ["ten"] * 10 + ["nine"] * 9 + [f"person {i}" for i in range(50)]
    kept = keepable(profile_of(pa.table({"word": words, "age": R.integers(0, 10**9, len(words))})))
    word = kept.column("word")
    assert word.categories.counts == {"often": 30, "ten": 10}
    assert (word.categories.other, word.categories.unlisted_at_most) == (59, 9)
    assert word.categories.distinct == 53
    assert b"person" not in msgspec.json.encode(kept)
    assert len(kept.column("age").ranks.values) <= 11


def test_thousands_of_values_are_counted_and_estimated() -> None:
    words = [f"w{i}" for i in range(20_000)] + ["often"] * 500
    whole = categories_of(pa.array(words))
    parts = [categories_of(pa.array(words[start : start + 1500])) for start in range(0, len(words), 1500)]
    united = united_counts(parts)
    assert united == united_counts(parts[::-1])
    for found in (whole, united):
        assert len(found.counts) == LISTED
        assert found.counts["often"] == 500
        assert found.rows == len(words) == sum(found.counts.values()) + found.other
        assert found.distinct == pytest.approx(20_001, rel=0.12)
        assert found.smallest == whole.smallest
    assert united.unlisted_at_most >= 1


def test_a_long_text_is_shortened_and_stays_another() -> None:
    found = categories_of(pa.array(["x" * 100_000 + "a", "x" * 100_000 + "b"]))
    assert len(found.counts) == 2
    assert max(map(len, found.counts)) < 300


def test_fingerprints_are_of_the_text_alone() -> None:
    words = ["", "a", "b", "ab", "ba", "é", "\0", "\0\0", *(f"person {i}" for i in range(70_000))]
    found = fingerprints(pa.array(words))
    assert len(set(found.tolist())) == len(words)
    assert fingerprints(pa.array(words[::-1]).slice(5)).tolist() == found[::-1][5:].tolist()
    assert fingerprints(pa.array([], pa.string())).tolist() == []
    assert (found >> np.uint64(63)).mean() == pytest.approx(0.5, abs=0.02)
