"""Exact amounts from text and from Parquet types: DECIMAL(38,18), never through a binary fraction."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trivium.facts.money import DIGITS, SCALE
from trivium.intake.files.columns import as_text

DECIMAL: Final = pa.decimal128(DIGITS, SCALE)
Mask = npt.NDArray[np.bool_]

NOT_A_NUMBER: Final = "not_a_number"
TOO_LARGE: Final = "too_large"
ROUNDED: Final = "rounded"
NULL_TEXT: Final = "null_text"
BINARY: Final = "binary_fraction"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")
_PLAIN = r"^-?[0-9]{1,20}(\.[0-9]{1,18})?$"
_LARGE = r"^[+-]?[0-9]{21}"
_LIMIT = Decimal(10) ** (DIGITS - SCALE)
_LONGEST = 400
_UNIT = Decimal(1).scaleb(-SCALE)
_WIDE = Context(prec=1000, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)
_NULLS = frozenset({"", "NULL"})


class Amounts:
    """One column of amounts: `values` is null where nothing was readable; `faults` says where and why."""

    def __init__(self, values: pa.Array, faults: dict[str, Mask]) -> None:
        self.values = values
        self.faults = faults

    def mask(self, reason: str) -> Mask | None:
        """Say which rows have a fault, if any has."""
        return self.faults.get(reason)


def amounts(array: pa.Array) -> Amounts:
    """Read a column of amounts: text in plain or E-notation, DECIMAL, whole numbers, or DOUBLE by its shortest text.

    Finer than 18 decimal places is rounded half to even and counted; what does not fit 20 places before the point,
    and what is no number, becomes null and is counted.
    """
    kind = array.type
    if pa.types.is_floating(kind):
        read = amounts(pc.cast(array, pa.string()))
        read.faults[BINARY] = _mask(pc.is_valid(array))
        return read
    if not (pa.types.is_string(kind) or pa.types.is_decimal(kind) or pa.types.is_integer(kind)):
        array = as_text(array)
    try:
        return Amounts(_cast(array), {})
    except pa.ArrowInvalid:
        return _carefully(array)


def read_amount(text: str) -> tuple[Decimal | None, str]:
    """Read one text; gives the amount, or None, and the fault, or nothing."""
    text = text.strip()
    if text.upper() in _NULLS:
        return None, NULL_TEXT if text else ""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None, NOT_A_NUMBER
    amount = Decimal(text)
    if amount and amount.adjusted() >= DIGITS - SCALE:
        return None, TOO_LARGE
    rounded = amount.quantize(_UNIT, context=_WIDE) if amount.adjusted() > -2 * DIGITS else Decimal(0).scaleb(-SCALE)
    if rounded and rounded.adjusted() >= DIGITS - SCALE:
        return None, TOO_LARGE
    return rounded, "" if rounded == amount else ROUNDED


def _cast(array: pa.Array) -> pa.Array:
    """Cast by Arrow what Arrow casts rightly: an amount that does not fit wraps around there without a word."""
    if pa.types.is_dictionary(array.type):
        return _cast(array.dictionary).take(array.indices)
    if pa.types.is_string(array.type) and _is_risky(array):
        raise pa.ArrowInvalid("needs a closer look")
    if pa.types.is_decimal(array.type) and array.type.precision - array.type.scale > DIGITS - SCALE:
        bounds = pc.min_max(array).as_py()
        if any(bound is not None and abs(bound) >= _LIMIT for bound in bounds.values()):
            raise pa.ArrowInvalid("needs a closer look")
    return pc.cast(array, DECIMAL)


def _is_risky(texts: pa.StringArray) -> bool:
    """Say whether some text has an exponent, more than 38 characters, or more than 20 digits before the point."""
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    data = texts.buffers()[2]
    if longest > DIGITS or data is None:
        return bool(longest)
    held = data.to_pybytes()
    if b"e" in held or b"E" in held:
        return True
    return longest > DIGITS - SCALE and bool(pc.any(pc.match_substring_regex(texts, _LARGE)).as_py())


def _carefully(array: pa.Array) -> Amounts:
    """Read a column in which some value needs a closer look: each distinct value once, plain ones by Arrow."""
    if not pa.types.is_dictionary(array.type):
        array = pc.dictionary_encode(pc.cast(array, pa.string()))
    texts = pc.cast(array.dictionary, pa.string())
    plain = pc.match_substring_regex(texts, _PLAIN).to_numpy(zero_copy_only=False).astype(bool)
    pairs = [read_amount(text) for text in texts.filter(pa.array(~plain)).to_pylist()]
    read = pa.array([amount for amount, _ in pairs], DECIMAL)
    places = np.empty(len(texts), np.int64)
    places[plain] = np.arange(plain.sum())
    places[~plain] = np.arange(len(pairs)) + plain.sum()
    values = pa.concat_arrays([pc.cast(texts.filter(pa.array(plain)), DECIMAL), read]).take(pa.array(places))
    faults = {}
    for reason in {fault for _, fault in pairs if fault}:
        hits = np.zeros(len(texts), bool)
        hits[~plain] = [fault == reason for _, fault in pairs]
        faults[reason] = _mask(pa.array(hits).take(array.indices))
    return Amounts(values.take(array.indices), faults)


def _mask(array: pa.Array) -> Mask:
    """Turn a boolean column into a numpy mask; null is false."""
    mask: Mask = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask
