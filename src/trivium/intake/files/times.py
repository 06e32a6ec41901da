"""Points in time from text and from Parquet types: microseconds in UTC."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trivium.facts.instants import FIRST, LAST, parse_instant
from trivium.facts.problem import ProblemError
from trivium.intake.files.columns import as_text, codes

Mask = npt.NDArray[np.bool_]
Instants = npt.NDArray[np.int64]

NO_ZONE: Final = "no_zone"
BAD_TIME: Final = "bad_time"
NONE: Final = np.iinfo(np.int64).min
"""Stands for an absent time in an array of instants."""
_ZONE = re.compile(r"(?:[zZ]|[+-]\d\d(?::?\d\d)?)$")
_UTC = re.compile(r"\s*(?:UTC|GMT)$")


class Times:
    """One column of instants, `NONE` where nothing was readable; masks say which had no zone, and which were bad.

    A mask is None where it would be false in every row. `gaps` says that some row has no instant; `first` and `last`
    bound those that there are, 0 where there are none.
    """

    def __init__(self, values: Instants, present: Instants, no_zone: Mask | None, bad: Mask | None) -> None:
        self.values = values
        self.no_zone = no_zone
        self.bad = bad
        self.gaps = len(present) == 0 or bool((values == NONE).any())
        self.first, self.last = (int(present.min()), int(present.max())) if len(present) else (0, 0)


def times(array: pa.Array) -> Times:
    """Read a column of times; a text or a timestamp without a zone is taken as UTC and counted."""
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return _of_stamps(array)
    array = as_text(array)
    read = [*(read_time(text) for text in array.dictionary.to_pylist()), (NONE, "")]
    instants = np.array([instant for instant, _ in read], np.int64)
    places = codes(array)

    def rows(wanted: str) -> Mask | None:
        hits = np.array([fault == wanted for _, fault in read])
        return hits[places] if hits.any() else None

    return Times(instants[places], instants[instants != NONE], rows(NO_ZONE), rows(BAD_TIME))


def absent(length: int) -> Times:
    """Give the times of a column that is not there."""
    return Times(np.full(length, NONE), np.array([], np.int64), None, None)


def _of_stamps(array: pa.Array) -> Times:
    """Read timestamps or dates; what leaves the years 1 to 9999 is bad."""
    zoned = pa.types.is_timestamp(array.type) and array.type.tz is not None
    whole = pc.cast(pc.cast(array, pa.timestamp("us", "UTC" if zoned else None), safe=False), pa.int64())
    values = pc.fill_null(whole, NONE).to_numpy(zero_copy_only=False)
    bad = (values != NONE) & ((values < FIRST) | (values > LAST))
    values = np.where(bad, NONE, values)
    present = values != NONE
    return Times(values, values[present], None if zoned else present, bad if bad.any() else None)


@lru_cache(maxsize=65_536)
def read_time(text: str | None) -> tuple[int, str]:
    """Read one text; gives the instant, or `NONE`, and the fault, or nothing."""
    if text is None:
        return NONE, ""
    text = _UTC.sub("Z", text.strip())
    if text.upper() in {"", "NULL"}:
        return NONE, ""
    try:
        instant = parse_instant(text)
    except ProblemError:
        return NONE, BAD_TIME
    return instant, "" if "T" in text.replace(" ", "T") and _ZONE.search(text) else NO_ZONE
