"""Points in time from text and from Parquet types: microseconds in UTC."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trivium.facts.instants import parse_instant
from trivium.facts.problem import ProblemError

Mask = npt.NDArray[np.bool_]
Instants = npt.NDArray[np.int64]

NO_ZONE: Final = "no_zone"
BAD_TIME: Final = "bad_time"
NONE: Final = np.iinfo(np.int64).min
"""Stands for an absent time in an array of instants."""
_ZONE = re.compile(r"(?:[zZ]|[+-]\d\d(?::?\d\d)?)$")
_UTC = re.compile(r"\s*(?:UTC|GMT)$")


class Times:
    """One column of instants, `NONE` where nothing was readable; masks say which had no zone, and which were bad."""

    def __init__(self, values: Instants, no_zone: Mask, bad: Mask) -> None:
        self.values = values
        self.no_zone = no_zone
        self.bad = bad


def times(array: pa.Array) -> Times:
    """Read a column of times; a text or a timestamp without a zone is taken as UTC and counted."""
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        zoned = pa.types.is_timestamp(array.type) and array.type.tz is not None
        whole = pc.cast(pc.cast(array, pa.timestamp("us", "UTC" if zoned else None), safe=False), pa.int64())
        values = pc.fill_null(whole, NONE).to_numpy(zero_copy_only=False)
        present = values != NONE
        return Times(values, present & (not zoned), np.zeros(len(values), bool))
    if not pa.types.is_dictionary(array.type):
        array = pc.dictionary_encode(pc.cast(array, pa.string()))
    read = [read_time(text) for text in array.dictionary.to_pylist()] + [(NONE, "")]
    places = pc.fill_null(array.indices, len(read) - 1).to_numpy(zero_copy_only=False)
    values = np.array([value for value, _ in read], np.int64)[places]
    no_zone = np.array([fault == NO_ZONE for _, fault in read])[places]
    bad = np.array([fault == BAD_TIME for _, fault in read])[places]
    return Times(values, no_zone, bad)


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
