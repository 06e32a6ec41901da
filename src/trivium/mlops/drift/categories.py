"""Which values a column of categories has, and how often: the most frequent are kept, how many differ is estimated."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from trivium.mlops.drift.fingerprints import Prints, fingerprints

LISTED: Final = 1000
"""Values that are kept with their counts."""
_LETTERS: Final = 200
_SMALLEST: Final = 512
"""Fingerprints kept, of which the number of different values is estimated, right to about 4 %."""


class Categories(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Counts of the most frequent values, the most frequent first, of equals the first in the alphabet.

    `rows` have a value; `other` of them have one that is not listed, of which none has more than `unlisted_at_most`
    rows. While all values are listed, `other` is 0. `smallest` are the smallest fingerprints where they are not.
    """

    rows: int
    counts: dict[str, int] = {}
    other: int = 0
    unlisted_at_most: int = 0
    smallest: tuple[int, ...] = ()

    @property
    def distinct(self) -> int:
        """Say how many values differ: exact up to 1,000, else estimated (k minimum values, Bar-Yossef 2002)."""
        if not self.other:
            return len(self.counts)
        if len(self.smallest) < _SMALLEST:
            return max(len(self.smallest), len(self.counts))
        return max(len(self.counts) + 1, round((_SMALLEST - 1) / ((self.smallest[-1] + 1) / 2**64)))

    def lengths(self) -> dict[int, int]:
        """Count the listed values' lengths in characters; all of them where no other is."""
        found: Counter[int] = Counter()
        for name, count in self.counts.items():
            found[len(name)] += count
        return dict(sorted(found.items()))

    def with_others(self) -> dict[str, int]:
        """Give the counts, and under the empty name, which no other may have here, those that are not listed."""
        return self.counts | ({"": self.counts.get("", 0) + self.other} if self.other else {})


def categories_of(texts: Any) -> Categories:
    """Count the values of a pyarrow array of strings (or of a dictionary of them) without nulls."""
    import pyarrow as pa

    if not pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_encode()
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    merged: Counter[str] = Counter()
    for chunk in chunks:
        if len(chunk):
            merged.update(_counted(chunk))
    return kept_counts(merged)


def kept_counts(counts: Mapping[str, int], listed: int = LISTED) -> Categories:
    """Keep the most frequent of counted values."""
    shortened: Counter[str] = Counter()
    for name, count in counts.items():
        shortened[_short(name)] += count
    rows = sum(shortened.values())
    if len(shortened) <= listed:
        return Categories(rows=rows, counts=dict(_ordered(shortened)))
    return _cut(shortened, rows, 0, 0, _least(_prints(shortened)), listed)


def united_counts(parts: Sequence[Categories], listed: int = LISTED) -> Categories:
    """Unite the counts of parts to those of the whole, whatever their order; exact while all values are listed."""
    whole: Counter[str] = Counter()
    for part in parts:
        whole.update(part.counts)
    rows, other = sum(part.rows for part in parts), sum(part.other for part in parts)
    unknown = sum(part.unlisted_at_most for part in parts)
    if not other and len(whole) <= listed:
        return Categories(rows=rows, counts=dict(_ordered(whole)))
    told = [np.asarray(part.smallest, np.uint64) if part.other else _prints(part.counts) for part in parts]
    return _cut(whole, rows, other, unknown, _least(np.concatenate(told)), listed)


def _cut(
    whole: Mapping[str, int], rows: int, other: int, unknown: int, least: tuple[int, ...], listed: int
) -> Categories:
    ordered = _ordered(whole)
    dropped = ordered[listed:]
    most = dropped[0][1] if dropped else 0
    return Categories(
        rows=rows,
        counts=dict(ordered[:listed]),
        other=other + sum(count for _, count in dropped),
        unlisted_at_most=most + unknown,
        smallest=least,
    )


def _counted(texts: Any) -> dict[str, int]:
    names = texts.dictionary.to_pylist()
    counts = np.bincount(texts.indices.to_numpy(zero_copy_only=False), minlength=len(names))
    return {str(name): int(count) for name, count in zip(names, counts.tolist(), strict=True) if count}


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _prints(names: Iterable[str]) -> Prints:
    import pyarrow as pa

    return fingerprints(pa.array(list(names), pa.large_string()))


def _least(prints: Prints) -> tuple[int, ...]:
    return tuple(np.unique(prints)[:_SMALLEST].tolist())


def _short(name: str) -> str:
    """Shorten a long value, with its hash, so that different ones stay different."""
    if len(name) <= _LETTERS:
        return name
    return f"{name[:_LETTERS]}… {hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
