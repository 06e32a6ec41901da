"""A 64-bit number for each text of an Arrow array, the same in every process, thousands at a time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Prints = NDArray[np.uint64]

_BLOCK: Final = 65_536
_FACTOR: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


def fingerprints(texts: Any) -> Prints:
    """Give a fingerprint of each text of a pyarrow array of strings without nulls."""
    import pyarrow as pa

    wide = texts.cast(pa.large_string())
    found = [_block(wide.slice(start, _BLOCK)) for start in range(0, len(wide), _BLOCK)]
    return np.concatenate(found) if found else np.empty(0, np.uint64)


def _block(texts: Any) -> Prints:
    """Read the bytes as the digits of a number to a large base, then mix its bits."""
    _, offsets, data = texts.buffers()
    edges = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    sizes = np.diff(edges)
    letters = np.frombuffer(data, np.uint8)[edges[0] : edges[-1]] if data else np.empty(0, np.uint8)
    starts = edges[:-1] - edges[0]
    place = np.arange(len(letters)) - np.repeat(starts, sizes)
    powers = np.cumprod(np.full(int(sizes.max(initial=0)) + 1, _FACTOR))
    sums = np.concatenate(
        (np.zeros(1, np.uint64), np.cumsum((letters.astype(np.uint64) + np.uint64(1)) * powers[place]))
    )
    return _mixed(sums[starts + sizes] - sums[starts] + sizes.astype(np.uint64))


def _mixed(number: Prints) -> Prints:
    """Spread every bit over all others (the finaliser of splitmix64, Steele 2014)."""
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return number ^ (number >> np.uint64(31))
