"""In which order whole numbers stand: faster than NumPy's own, for a sort of values beats a sort of places."""

from __future__ import annotations

import numpy as np

from trivium.finops.network import Bool, Int64

_BITS = 62


def order_of(key: Int64) -> Int64:
    """Give the places of the keys from the least to the greatest, ties by place, as a stable argsort does.

    Key and place are packed into one number where they fit: half the time of an argsort of millions.
    """
    if not len(key):
        return np.zeros(0, dtype=np.int64)
    least, place_bits = int(key.min()), len(key).bit_length()
    if (int(key.max()) - least).bit_length() + place_bits > _BITS:
        return np.asarray(np.argsort(key, kind="stable"), dtype=np.int64)
    packed = ((key - least) << place_bits) | np.arange(len(key), dtype=np.int64)
    packed.sort()
    return np.asarray(packed & ((1 << place_bits) - 1), dtype=np.int64)


def changes(column: Int64) -> Bool:
    """Mark the first of each row of equals in a column."""
    return np.append(True, column[1:] != column[:-1])[: len(column)]
