"""What a table's columns look like, in a record that is small, can be kept, and can be united with others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
import numpy as np

from trivium.mlops.drift.categories import LISTED, Categories, categories_of, kept_counts, united_counts
from trivium.mlops.drift.counting import ranks_of_counts, sketch, sketch_whole
from trivium.mlops.drift.ranks import Floats, Ranks, thinned, united

Shape = Literal["number", "category", "time", "empty", "other"]
"""`category` is text or truth, `time` counts microseconds since 1970 UTC, `empty` has no value, `other` is not told."""

KEPT_POINTS: Final = 1024
"""Values of a column's sketch in a profile that is kept as a fact."""
_BLOCK: Final = 32_768
"""Numbers that are looked at together, so that they stay in the processor's cache."""
REPEATED: Final = 10
"""Rows that a value must have, and a kept number must stand for, before it may stand in a fact: one person is none."""


class Column(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One column: how many rows it has, how many lack a value and why, and how its values are distributed.

    Null, NaN and infinite are told apart; none of them is part of `ranks`, `mean` and `deviation` (the population's).
    `lengths` are those of texts, in characters, where not all values are listed; `text_lengths` gives them in any case.
    """

    name: str
    shape: Shape
    rows: int
    nulls: int = 0
    nans: int = 0
    infinities: int = 0
    ranks: Ranks | None = None
    mean: float | None = None
    deviation: float | None = None
    categories: Categories | None = None
    lengths: Ranks | None = None

    @property
    def missing(self) -> int:
        """Count the rows without a value that can be compared."""
        return self.nulls + self.nans + self.infinities

    @property
    def missing_share(self) -> float:
        """Give the share (0 to 1) of rows without a value that can be compared."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def text_lengths(self) -> Ranks | None:
        """Give the lengths of a category's texts, in characters (of long ones shortened)."""
        if self.lengths is not None or self.categories is None:
            return self.lengths
        found = self.categories.lengths()
        return ranks_of_counts(np.asarray([*found], np.float64), np.asarray([*found.values()], np.int64))


class Profile(msgspec.Struct, frozen=True):
    """A table's columns, in order of their names, and its rows."""

    rows: int
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """Find a column by its name."""
        return next((column for column in self.columns if column.name == name), None)


def profile_of(table: Any, names: Sequence[str] | None = None) -> Profile:
    """Profile the columns of a pyarrow table, or those named."""
    wanted = sorted(table.column_names if names is None else names)
    return Profile(table.num_rows, tuple(column_of(name, table.column(name)) for name in wanted))


def column_of(name: str, values: Any) -> Column:
    """Profile one column, given as a pyarrow array of any type, chunked or not; nested values are only counted."""
    import pyarrow as pa

    rows, nulls, kind = len(values), values.null_count, values.type
    if rows == nulls:
        return Column(name=name, shape="empty", rows=rows, nulls=nulls)
    present = values.drop_null() if nulls else values
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_integer(plain) or pa.types.is_floating(plain) or pa.types.is_decimal(plain):
        return _of_numbers(name, rows, nulls, present)
    if pa.types.is_boolean(plain) or _is_text(plain):
        return _of_texts(name, rows, nulls, present)
    if pa.types.is_timestamp(plain) or pa.types.is_date(plain):
        instants = present.cast(pa.timestamp("us", getattr(plain, "tz", None)), safe=False).cast(pa.int64())
        return Column(name=name, shape="time", rows=rows, nulls=nulls, ranks=sketch_whole(_array(instants)))
    return Column(name=name, shape="other", rows=rows, nulls=nulls)


def united_profiles(parts: Sequence[Profile]) -> Profile:
    """Unite profiles of parts of a table to that of the whole; a column that a part lacks is missing in its rows."""
    rows = sum(part.rows for part in parts)
    columns: dict[str, list[Column]] = {}
    for part in parts:
        for column in part.columns:
            columns.setdefault(column.name, []).append(column)
    return Profile(rows, tuple(united_columns(columns[name], rows) for name in sorted(columns)))


def united_columns(parts: Sequence[Column], rows: int | None = None) -> Column:
    """Unite one column's profiles; of different shapes it is `other`. `rows` are those of the whole table."""
    whole = sum(part.rows for part in parts) if rows is None else rows
    absent = whole - sum(part.rows for part in parts)
    assert absent >= 0, "a whole has at least the rows of its parts"
    shapes = {part.shape for part in parts} - {"empty"}
    numbers = Column(
        name=parts[0].name,
        shape="empty" if not shapes else shapes.pop() if len(shapes) == 1 else "other",
        rows=whole,
        nulls=sum(part.nulls for part in parts) + absent,
        nans=sum(part.nans for part in parts),
        infinities=sum(part.infinities for part in parts),
    )
    if numbers.shape in {"empty", "other"}:
        return numbers
    mean, deviation = _united_moments(parts)
    told = [part.categories for part in parts if part.categories]
    categories = united_counts(told) if told else None
    return msgspec.structs.replace(
        numbers,
        mean=mean,
        deviation=deviation,
        ranks=_united_ranks([part.ranks for part in parts]),
        categories=categories,
        lengths=_united_ranks([part.text_lengths for part in parts]) if categories and categories.other else None,
    )


def keepable(profile: Profile) -> Profile:
    """Make the form of a profile that may stand in a fact: numbers each for ten rows, values only if they repeat.

    The smallest and the greatest number stay. A value of fewer than ten rows is counted under other values. The more
    columns, the fewer numbers and values are kept of each.
    """
    columns = max(1, len(profile.columns))
    points, listed = (max(64, KEPT_POINTS * 100 // max(columns, 100)), max(20, LISTED * 20 // max(columns, 20)))
    return Profile(profile.rows, tuple(_keepable(column, points, listed) for column in profile.columns))


def _keepable(column: Column, points: int, listed: int) -> Column:
    categories = _repeated(column.categories, listed) if column.categories else None
    lengths = column.text_lengths if categories and categories.other else None
    return msgspec.structs.replace(
        column,
        ranks=thinned(column.ranks, points, REPEATED) if column.ranks else None,
        lengths=thinned(lengths, points, REPEATED) if lengths else None,
        categories=categories,
    )


def _repeated(categories: Categories, listed: int) -> Categories:
    frequent = list(categories.counts.items())[:listed]
    told = {name: count for name, count in frequent if count >= REPEATED}
    if len(told) == len(categories.counts):
        return categories
    hidden = [count for name, count in categories.counts.items() if name not in told]
    whole = kept_counts(categories.counts, 0)
    return msgspec.structs.replace(
        categories,
        counts=told,
        other=categories.other + sum(hidden),
        unlisted_at_most=max(categories.unlisted_at_most, *hidden),
        smallest=categories.smallest or whole.smallest,
    )


def _of_numbers(name: str, rows: int, nulls: int, present: Any) -> Column:
    import pyarrow as pa

    if pa.types.is_dictionary(present.type):
        present = present.cast(present.type.value_type)
    if pa.types.is_integer(present.type) and present.type != pa.uint64():
        whole = _array(present.cast(pa.int64()))
        ranks = sketch_whole(whole)
        mean, deviation = _moments(whole.astype(np.float64)) if ranks.gap else _moments_of(ranks)
        return Column(name=name, shape="number", rows=rows, nulls=nulls, ranks=ranks, mean=mean, deviation=deviation)
    numbers = _array(present.cast(pa.float64(), safe=False))
    finite = np.isfinite(numbers)
    usual = int(np.count_nonzero(finite))
    nans = int(np.count_nonzero(np.isnan(numbers))) if usual < len(numbers) else 0
    strange = len(numbers) - usual - nans
    if usual < len(numbers):
        numbers = numbers[finite]
    if not usual:
        return Column(name=name, shape="empty", rows=rows, nulls=nulls, nans=nans, infinities=strange)
    mean, deviation = _moments(numbers)
    return Column(
        name=name,
        shape="number",
        rows=rows,
        nulls=nulls,
        nans=nans,
        infinities=strange,
        ranks=sketch(numbers),
        mean=mean,
        deviation=deviation,
    )


def _of_texts(name: str, rows: int, nulls: int, present: Any) -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_boolean(present.type):
        present = present.cast(pa.string())
    categories = categories_of(present)
    lengths = None
    if categories.other:
        texts = present.cast(present.type.value_type) if pa.types.is_dictionary(present.type) else present
        lengths = sketch_whole(_array(pc.utf8_length(texts)).astype(np.int64))
    return Column(name=name, shape="category", rows=rows, nulls=nulls, categories=categories, lengths=lengths)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _array(values: Any) -> Any:
    """Give numpy's view of a pyarrow array without nulls, copied only where it is in chunks."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        if values.num_chunks != 1:
            return np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in values.chunks])
        values = values.chunk(0)
    return values.to_numpy(zero_copy_only=False)


def _moments(numbers: Floats) -> tuple[float | None, float | None]:
    """Give mean and standard deviation (the population's); None where they exceed all floats."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(numbers.mean())
        squares = 0.0
        for start in range(0, len(numbers), _BLOCK):
            apart = numbers[start : start + _BLOCK] - mean
            apart *= apart
            squares += float(apart.sum())
    return _finite(mean), _finite(math.sqrt(squares / len(numbers))) if math.isfinite(squares) else None


def _moments_of(ranks: Ranks) -> tuple[float | None, float | None]:
    """Give the moments of a column of which every value is kept."""
    counts = ranks.counts_upto - ranks.counts_below
    mean = float(counts @ ranks.places) / ranks.rows
    return _finite(mean), _finite(math.sqrt(float(counts @ (ranks.places - mean) ** 2) / ranks.rows))


def _united_moments(parts: Sequence[Column]) -> tuple[float | None, float | None]:
    """Unite means and deviations, exactly summed, so that the order of parts does not matter (Chan 1979)."""
    told = [part for part in parts if part.ranks and part.ranks.rows]
    if not told or any(part.mean is None for part in told):
        return None, None
    rows = [part.ranks.rows for part in told if part.ranks]
    means = [part.mean or 0.0 for part in told]
    mean = math.fsum(count / sum(rows) * one for count, one in zip(rows, means, strict=True))
    if any(part.deviation is None for part in told):
        return _finite(mean), None
    spreads = zip(rows, means, [part.deviation or 0.0 for part in told], strict=True)
    try:
        square = math.fsum(count / sum(rows) * (spread**2 + (one - mean) ** 2) for count, one, spread in spreads)
    except OverflowError:
        return _finite(mean), None
    return _finite(mean), _finite(math.sqrt(square))


def _united_ranks(parts: Sequence[Ranks | None]) -> Ranks | None:
    found = [part for part in parts if part is not None]
    return united(found) if found else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
