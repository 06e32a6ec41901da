"""Whether each column drifted: one test a column, chosen by what the column is, with its threshold and its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from trivium.mlops.drift.categories import Categories
from trivium.mlops.drift.chances import kolmogorov, two_shares
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
from trivium.mlops.drift.profile import Column, Profile
from trivium.mlops.drift.ranks import Ranks
from trivium.mlops.drift.telling import (
    category_sentence,
    moved_sentence,
    new_values,
    number_sentence,
    percent,
    vanished_values,
)

Test = Literal["", "kolmogorov_smirnov", "wasserstein", "chi_square", "jensen_shannon", "missing", "shape", "presence"]
State = Literal["drifted", "same", "unjudged"]

_TOLD: Final = 10
_REPEATING: Final = 0.5
"""The share of different values in a text column above which its values are not compared one by one."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """From where on a column drifted.

    `chance` is a p-value, shared by all columns (Bonferroni). `few` is the least number of values that are judged,
    `many` the number above which a difference is measured by its size, because then chance explains none. `extreme`
    says how many times the usual spread makes a standard deviation useless.
    """

    chance: float = 0.05
    wasserstein: float = 0.1
    kolmogorov_smirnov: float = 0.1
    jensen_shannon: float = 0.1
    missing: float = 0.05
    few: int = 30
    many: int = 1000
    extreme: float = 5.0


class ValueShare(msgspec.Struct, frozen=True):
    """A value of a column, and the share (0 to 1) of rows that have it."""

    value: str
    share: float


class Difference(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How one column differs from its reference, by every measure, and whether it drifted by the one that was chosen.

    `value` is that of the chosen `test`, beside its `threshold`; a p-value drifts below it, all others from it on.
    Measures are None where they mean nothing for the column.
    """

    column: str
    shape: str
    state: State
    test: Test = ""
    value: float | None = None
    threshold: float | None = None
    reason: str = ""
    sentence: str = ""
    reference_rows: int = 0
    current_rows: int = 0
    reference_missing: float = 0.0
    current_missing: float = 0.0
    missing_p: float | None = None
    kolmogorov_smirnov: float | None = None
    kolmogorov_smirnov_p: float | None = None
    wasserstein: float | None = None
    wasserstein_normed: float | None = None
    stability_index: float | None = None
    jensen_shannon: float | None = None
    chi_square: float | None = None
    chi_square_p: float | None = None
    new_values: tuple[ValueShare, ...] = ()
    vanished_values: tuple[ValueShare, ...] = ()


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict over all columns, the drifted ones first."""

    state: State
    sentence: str
    reference_rows: int
    current_rows: int
    columns: tuple[Difference, ...]

    @property
    def drifted(self) -> tuple[Difference, ...]:
        """List the columns that drifted."""
        return tuple(column for column in self.columns if column.state == "drifted")


class _Side(msgspec.Struct, frozen=True):
    """Both sides of one column, and by how many columns a chance is shared."""

    reference: Column
    current: Column
    limits: Thresholds
    judged: int

    @property
    def chance(self) -> float:
        """Give the p-value below which this column drifted."""
        return self.limits.chance / self.judged


def drift_of(reference: Profile, current: Profile, thresholds: Thresholds | None = None) -> Drift:
    """Compare all columns of two profiles; a column that only the current one has is shown and not judged."""
    limits = thresholds or Thresholds()
    names = sorted({column.name for column in (*reference.columns, *current.columns)})
    sides = [(reference.column(name), current.column(name)) for name in names]
    judged = max(1, sum(before is not None and now is not None for before, now in sides))
    found = [_difference(before, now, limits, judged) for before, now in sides]
    found.sort(key=lambda one: (("drifted", "unjudged", "same").index(one.state), one.column))
    drifted = [one for one in found if one.state == "drifted"]
    decided = [one for one in found if one.state != "unjudged"]
    return Drift(
        state="drifted" if drifted else "same" if decided else "unjudged",
        sentence=_overall(drifted, decided, found),
        reference_rows=reference.rows,
        current_rows=current.rows,
        columns=tuple(found),
    )


def _overall(drifted: Sequence[Difference], decided: Sequence[Difference], found: Sequence[Difference]) -> str:
    if not found:
        return "There are no columns to compare."
    if not decided:
        return f"None of the {_columns(len(found))} can be judged. {found[0].sentence}"
    left = f" {_columns(len(found) - len(decided))} could not be judged." if len(decided) < len(found) else ""
    if not drifted:
        return f"None of {_columns(len(decided))} drifted.{left}"
    named = ", ".join(one.column for one in drifted[:3]) + (f" and {len(drifted) - 3} more" if len(drifted) > 3 else "")
    return f"{len(drifted)} of {_columns(len(decided))} drifted: {named}. {drifted[0].sentence}{left}"


def _columns(count: int) -> str:
    return f"{count} column" if count == 1 else f"{count} columns"


def _difference(before: Column | None, now: Column | None, limits: Thresholds, judged: int) -> Difference:
    if before is None or now is None:
        return _alone(before, now)
    side = _Side(before, now, limits, judged)
    missing = two_shares(before.missing, before.rows, now.missing, now.rows)
    start = Difference(
        column=before.name,
        shape=now.shape if now.shape != "empty" else before.shape,
        state="unjudged",
        reference_rows=before.rows,
        current_rows=now.rows,
        reference_missing=before.missing_share,
        current_missing=now.missing_share,
        missing_p=missing,
    )
    return _with_missing(_by_shape(start, side), side, missing)


def _alone(before: Column | None, now: Column | None) -> Difference:
    """Tell a column that only one side has."""
    if before is not None:
        sentence = f"{before.name} is no longer sent."
        return Difference(column=before.name, shape=before.shape, state="drifted", test="presence", sentence=sentence,
                          reason="A column of the reference is absent.", reference_rows=before.rows)  # fmt: skip
    assert now is not None, "a name stands on one side at least"
    sentence = f"{now.name} is not in the reference."
    return Difference(column=now.name, shape=now.shape, state="unjudged", sentence=sentence, current_rows=now.rows)


def _by_shape(start: Difference, side: _Side) -> Difference:
    before, now = side.reference, side.current
    told = _unlike(start, side)
    if told is not None:
        return told
    if before.categories is not None and now.categories is not None:
        lengths, lengths_now = before.text_lengths, now.text_lengths
        if lengths and lengths_now and min(_variety(before.categories), _variety(now.categories)) > _REPEATING:
            return _lengths(start, side, lengths, lengths_now)
        return _categories(start, side, before.categories, now.categories)
    if before.ranks is not None and now.ranks is not None:
        return _numbers(start, side, before.ranks, now.ranks)
    return _changed(start, sentence=f"{start.column} holds nothing that can be compared.")


def _unlike(start: Difference, side: _Side) -> Difference | None:
    """Tell columns whose values cannot be compared: too few, of another shape, times, nested."""
    before, now, name = side.reference, side.current, start.column
    few = min(before.rows - before.missing, now.rows - now.missing)
    if few < side.limits.few:
        where = "the reference" if before.rows - before.missing == few else "the period"
        told = f"{name} has {few} values in {where}; from {side.limits.few} on it is judged."
        return _changed(start, sentence=told)
    if before.shape != now.shape:
        told = f"{name} was {_WORDS[before.shape]} and is {_WORDS[now.shape]}."
        return _changed(start, state="drifted", test="shape", reason="Its values are of another type.", sentence=told)
    if now.shape in {"time", "other"}:
        why = "times move on by themselves" if now.shape == "time" else "its values are nested or binary"
        return _changed(start, sentence=f"{name} is not judged: {why}.")
    return None


def _numbers(start: Difference, side: _Side, before: Ranks, now: Ranks) -> Difference:
    """Measure two columns of numbers and choose the test: by chance for few, by size for many."""
    spread = side.reference.deviation
    apart, area = kolmogorov_smirnov(before, now), wasserstein(before, now)
    normed = area / spread if spread else None
    edges, even = decile_edges(before), even_edges(before, now)
    measured = _changed(
        start,
        kolmogorov_smirnov=apart,
        kolmogorov_smirnov_p=kolmogorov(apart, before.rows, now.rows),
        wasserstein=area,
        wasserstein_normed=normed,
        stability_index=stability_index(shares_between(before, edges), shares_between(now, edges)),
        jensen_shannon=jensen_shannon(
            shares_between(before, even, closed="left"), shares_between(now, even, closed="left")
        ),
    )
    judged = _judged_numbers(measured, side, before, now)
    if judged.state == "drifted":
        return _changed(judged, sentence=number_sentence(start.column, before, now, apart))
    return _changed(judged, sentence=f"{start.column} is distributed as in the reference.")


def _judged_numbers(measured: Difference, side: _Side, before: Ranks, now: Ranks) -> Difference:
    limits, few = side.limits, min(before.rows, now.rows)
    if few <= limits.many:
        p = measured.kolmogorov_smirnov_p
        assert p is not None, "it was measured"
        reason = f"Numbers, and only {few:,} on the smaller side: what chance alone brings is weighed. {_shared(side)}"
        return _judged(measured, "kolmogorov_smirnov", p, side.chance, p < side.chance, reason)
    spread = side.reference.deviation
    usual = (before.quantile(0.84) - before.quantile(0.16)) / 2
    if measured.wasserstein_normed is None or spread is None or spread > limits.extreme * usual:
        value = measured.kolmogorov_smirnov or 0.0
        reason = (
            "Numbers, of which a few extreme ones or a single one make the spread: the share of rows that moved counts."
        )
        return _judged(measured, "kolmogorov_smirnov", value, limits.kolmogorov_smirnov,
                       value >= limits.kolmogorov_smirnov, reason)  # fmt: skip
    value = measured.wasserstein_normed
    reason = "Numbers, so many that chance explains no difference: how far they moved counts, in standard deviations."
    return _judged(measured, "wasserstein", value, limits.wasserstein, value >= limits.wasserstein, reason)


def _categories(start: Difference, side: _Side, before: Categories, now: Categories) -> Difference:
    """Measure two columns of categories and choose the test."""
    one, other = paired_shares(before.with_others(), now.with_others())
    test = chi_square_test(before.with_others(), now.with_others())
    measured = _changed(
        start,
        stability_index=stability_index(one, other),
        jensen_shannon=jensen_shannon(one, other),
        chi_square=test.statistic,
        chi_square_p=test.p,
        new_values=tuple(ValueShare(*pair) for pair in new_values(before, now)[:_TOLD]),
        vanished_values=tuple(ValueShare(*pair) for pair in vanished_values(before, now)[:_TOLD]),
    )
    few = min(before.rows, now.rows)
    if few <= side.limits.many:
        reason = (
            f"Categories, and only {few:,} on the smaller side: what chance alone brings is weighed. {_shared(side)}"
        )
        judged = _judged(measured, "chi_square", test.p, side.chance, test.p < side.chance, reason)
    else:
        value, limit = measured.jensen_shannon or 0.0, side.limits.jensen_shannon
        reason = "Categories, so many rows that chance explains no difference: how far the shares are apart counts."
        judged = _judged(measured, "jensen_shannon", value, limit, value >= limit, reason)
    if judged.state == "drifted":
        return _changed(judged, sentence=category_sentence(start.column, before, now))
    return _changed(judged, sentence=f"{start.column} is distributed as in the reference.")


def _lengths(start: Difference, side: _Side, before: Ranks, now: Ranks) -> Difference:
    """Compare the lengths of texts that hardly repeat."""
    apart, limit = kolmogorov_smirnov(before, now), side.limits.kolmogorov_smirnov
    measured = _changed(start, kolmogorov_smirnov=apart, kolmogorov_smirnov_p=kolmogorov(apart, before.rows, now.rows))
    reason = "Texts that hardly repeat: their lengths are compared, and the share of rows that moved counts."
    judged = _judged(measured, "kolmogorov_smirnov", apart, limit, apart >= limit, reason)
    if judged.state == "drifted":
        return _changed(judged, sentence=moved_sentence(f"The length of {start.column}", before, now))
    return _changed(judged, sentence=f"The texts of {start.column} are as long as in the reference.")


def _with_missing(found: Difference, side: _Side, p: float) -> Difference:
    """Let a changed share of missing values count where nothing else drifted; tell it in any case."""
    change = found.current_missing - found.reference_missing
    if abs(change) < side.limits.missing or p >= side.chance:
        return found
    told = (
        f"{found.column} lacks a value in {percent(found.current_missing)} of rows"
        f" (in the reference {percent(found.reference_missing)})."
    )
    if found.state == "drifted":
        return _changed(found, sentence=f"{found.sentence} {told}")
    reason = "The share of rows without a value changed by more than chance explains."
    return _changed(_judged(found, "missing", abs(change), side.limits.missing, True, reason), sentence=told)


def _judged(found: Difference, test: Test, value: float, threshold: float, drifted: bool, reason: str) -> Difference:
    state: State = "drifted" if drifted else "same"
    return _changed(found, test=test, value=value, threshold=threshold, state=state, reason=reason)


def _changed(found: Difference, **fields: object) -> Difference:
    return msgspec.structs.replace(found, **fields)


def _shared(side: _Side) -> str:
    return f"A p-value below {side.limits.chance} is shared by {_columns(side.judged)}."


def _variety(categories: Categories) -> float:
    """Give the share (0 to 1) of different values among the rows, or of rows that are not listed, whatever is more."""
    return max(categories.distinct, categories.other) / categories.rows if categories.rows else 0.0


_WORDS: Final = {
    "number": "a number",
    "category": "a text",
    "time": "a time",
    "empty": "always missing",
    "other": "nested or binary",
}
