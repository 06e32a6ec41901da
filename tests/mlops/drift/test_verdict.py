"""Each column gets one verdict by one named test, and a sentence that says what happened."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from trivium.mlops.drift.profile import keepable, profile_of
from trivium.mlops.drift.telling import figure, percent
from trivium.mlops.drift.verdict import Difference, Drift, drift_of


def _drift(before: dict[str, object], now: dict[str, object]) -> Drift:
    return drift_of(profile_of(pa.table(before)), profile_of(pa.table(now)))


def _one(before: object, now: object) -> Difference:
    return _drift({"x": before}, {"x": now}).columns[0]


def test_a_unit_that_slipped_in_part_of_the_rows_is_told() -> None:
    random = np.random.default_rng(1)
    now = random.gamma(2.4, 370, 5000)
    now[: 5000 * 31 // 100] /= 100
    found = _drift({"worst_area": random.gamma(2.4, 370, 20_000)}, {"worst_area": now})
    assert found.columns[0].sentence == "worst_area is 100 times smaller in 31 % of rows."
    assert found.sentence.startswith("1 of 1 column drifted: worst_area. worst_area is 100 times smaller")
    assert (found.columns[0].test, found.columns[0].threshold) == ("wasserstein", 0.1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: x + 2, "x is 2 higher in all rows."),
        (lambda x: x * 1.8 + 32, "x is multiplied by 1.8 plus 32, as Celsius given in Fahrenheit, in all rows."),
        (lambda x: -x, "x is of the other sign in all rows."),
        (lambda x: np.where(np.arange(len(x)) % 8 == 0, -1.0, x), "x is -1 in 1"),
        (lambda x: 20 + (x - 20) * 3, "x varies 3 times more around 20"),
        (lambda x: x * 1000, "x is 1,000 times larger in all rows."),
    ],
)  # fmt: skip
def test_simple_changes_are_named(change: object, told: str) -> None:
    random = np.random.default_rng(3)
    x = 20 + 5 * random.standard_normal(40_000)
    found = _one(x, change(x))
    assert found.state == "drifted"
    assert found.sentence.startswith(told)


def test_what_no_simple_change_explains_is_told_by_the_middle() -> None:
    random = np.random.default_rng(4)
    found = _one(random.normal(0, 1, 9000), random.exponential(2, 9000))
    assert found.sentence.startswith("x: its median rose from ")
    assert "% of rows lie above" in found.sentence


def test_few_rows_are_judged_by_chance_and_many_by_size() -> None:
    random = np.random.default_rng(5)
    few = _one(random.normal(size=400), random.normal(size=300))
    assert (few.state, few.test, few.threshold) == ("same", "kolmogorov_smirnov", 0.05)
    assert "only 300" in few.reason
    assert _one(random.normal(size=400), random.normal(0.5, size=300)).state == "drifted"
    many = _one(random.normal(size=50_000), random.normal(0.05, size=50_000))
    assert many.kolmogorov_smirnov_p < 0.01
    assert (many.state, many.test) == ("same", "wasserstein")


def test_a_chance_is_shared_by_all_columns() -> None:
    random = np.random.default_rng(6)
    before = {f"c{i}": random.normal(size=200) for i in range(40)}
    found = _drift(before, {name: random.normal(size=200) for name in before})
    assert found.state == "same"
    assert found.columns[0].threshold == 0.05 / 40
    assert found.sentence == "None of 40 columns drifted."


def test_extreme_values_make_the_share_of_rows_count() -> None:
    random = np.random.default_rng(7)
    found = _one(random.standard_cauchy(20_000), random.standard_cauchy(20_000) * 3)
    assert (found.state, found.test) == ("drifted", "kolmogorov_smirnov")
    constant = _one(np.full(2000, 3.0), np.full(2000, 4.0))
    assert (constant.state, constant.test, constant.wasserstein_normed) == ("drifted", "kolmogorov_smirnov", None)
    assert _one(np.full(2000, 3.0), np.full(2000, 3.0)).state == "same"


def test_categories_by_chance_by_size_new_and_gone() -> None:
    random = np.random.default_rng(8)
    usual = random.choice(["a", "b", "c"], 5000, p=[0.5, 0.3, 0.2]).tolist()
    same = _one(usual, random.choice(["a", "b", "c"], 5000, p=[0.5, 0.3, 0.2]).tolist())
    assert (same.state, same.test) == ("same", "jensen_shannon")
    few = _one(usual, random.choice(["a", "b", "c"], 300, p=[0.2, 0.3, 0.5]).tolist())
    assert (few.state, few.test) == ("drifted", "chi_square")
    new = _one(usual, ["a"] * 900 + ["z"] * 200)
    assert new.sentence == "x has values that the reference lacks: “z” in 18 % of rows."
    assert [one.value for one in new.vanished_values] == ["b", "c"]
    gone = _one(usual, ["a"] * 2000)
    assert gone.sentence.startswith("x no longer has “b”, in 3")
    moved = _one(usual, ["a"] * 200 + ["b"] * 200 + ["c"] * 1600)
    assert moved.sentence.startswith("x: “c” rose from ")


def test_texts_that_hardly_repeat_are_compared_by_length() -> None:
    found = _one([f"{i:08}" for i in range(500)], [f"other {i}" for i in range(500)])
    assert (found.state, found.test) == ("drifted", "kolmogorov_smirnov")
    assert found.sentence.startswith("The length of x:")
    assert _one([f"{i:08}" for i in range(500)], [f"{i:08}" for i in range(900, 1500)]).state == "same"


def test_missing_values_drift_by_themselves() -> None:
    random = np.random.default_rng(9)
    holes = pa.array(np.where(random.uniform(size=4000) < 0.2, np.nan, random.normal(size=4000)))
    found = _one(random.normal(size=4000), holes)
    assert (found.state, found.test) == ("drifted", "missing")
    assert found.sentence == "x lacks a value in 19 % of rows (in the reference 0 %)."
    allgone = _one(random.normal(size=4000), pa.array([None] * 4000, pa.float64()))
    assert (allgone.state, allgone.test) == ("drifted", "missing")


def test_what_cannot_be_judged_says_why() -> None:
    assert _one([1.0] * 29, [1.0] * 99).sentence == "x has 29 values in the reference; from 30 on it is judged."
    assert _one([b"a"] * 40, [b"a"] * 40).sentence == "x is not judged: its values are nested or binary."
    found = _drift({"a": [1.0] * 40}, {"a": [1.0] * 40, "b": [1.0] * 40})
    assert found.columns[0].sentence == "b is not in the reference."
    assert found.state == "same"
    assert drift_of(profile_of(pa.table({})), profile_of(pa.table({}))).state == "unjudged"


def test_another_type_or_no_column_at_all_drifts() -> None:
    found = _drift({"a": [1.0] * 40, "b": [1.0] * 40}, {"a": ["1"] * 40})
    assert [(one.column, one.test) for one in found.columns] == [("a", "shape"), ("b", "presence")]
    assert found.columns[0].sentence == "a was a number and is a text."
    assert found.sentence == "2 of 2 columns drifted: a, b. a was a number and is a text."


def test_a_kept_profile_gives_the_same_verdict() -> None:
    random = np.random.default_rng(10)
    now = random.lognormal(0, 1, 30_000)
    now[:3000] *= 1000
    before, after = (profile_of(pa.table({"x": side})) for side in (random.lognormal(0, 1, 50_000), now))
    whole, kept = drift_of(before, after).columns[0], drift_of(keepable(before), after).columns[0]
    assert (kept.state, kept.test) == (whole.state, whole.test)
    assert kept.kolmogorov_smirnov == pytest.approx(whole.kolmogorov_smirnov, abs=2e-3)
    assert kept.sentence == whole.sentence == "x is 1,000 times larger in 10 % of rows."


def test_figures_are_short() -> None:
    shares = [percent(share) for share in (0, 0.0001, 0.0042, 0.05, 0.31, 1)]
    assert shares == ["0 %", "less than 0.1 %", "0.4 %", "5 %", "31 %", "100 %"]
    numbers = [figure(value) for value in (0, 0.012345, -1234567, 12.345, 1.5e9, 1e-7)]
    assert numbers == ["0", "0.0123", "-1,230,000", "12.3", "1.5e+09", "1e-07"]
