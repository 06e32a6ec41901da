"""Columns of text as dictionaries: every distinct value is looked at once, however many rows have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

TEXT: Final = pa.dictionary(pa.int32(), pa.string())
Mask = npt.NDArray[np.bool_]
_encode = msgspec.json.Encoder(order="deterministic").encode


def as_text(array: pa.Array) -> pa.DictionaryArray:
    """Give any column as a dictionary of texts: numbers by their plain text, maps and lists as JSON."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        if kind == TEXT:
            return array
        values = pc.cast(as_text(array.dictionary), pa.string())
        return recode(pa.DictionaryArray.from_arrays(pc.cast(array.indices, pa.int32()), values))
    if pa.types.is_null(kind):
        return nothing(len(array))
    if pa.types.is_map(kind):
        return pc.dictionary_encode(_map_text(array))
    if pa.types.is_nested(kind):
        texts = [None if value is None else _encode(value).decode() for value in array.to_pylist()]
        return pc.dictionary_encode(pa.array(texts, pa.string()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        texts = [None if value is None else value.decode("utf-8", "replace") for value in array.to_pylist()]
        return pc.dictionary_encode(pa.array(texts, pa.string()))
    return pc.dictionary_encode(pc.cast(array, pa.string()))


def encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Give the chunks of a column of texts as one dictionary; a column of one value is seen by comparing neighbours."""
    length = len(column)
    if column.null_count == length:
        return nothing(length)
    if column.slice(0, length - 1).equals(column.slice(1)):
        return pa.DictionaryArray.from_arrays(_zeros(length), pa.array([column[0].as_py()], pa.string()))
    found = pc.dictionary_encode(column)
    return found.chunk(0) if found.num_chunks == 1 else found.combine_chunks()


def clean(array: pa.DictionaryArray) -> tuple[pa.DictionaryArray, Mask | None]:
    """Trim texts and turn blank ones and the literal NULL into null; also says which rows had the literal."""
    values = array.dictionary
    trimmed = pc.utf8_trim_whitespace(values)
    literal = pc.equal(pc.utf8_upper(trimmed), "NULL")
    gone = pc.or_(pc.equal(trimmed, ""), literal)
    if not pc.any(gone).as_py() and trimmed.equals(values):
        return array, None
    kept = pc.if_else(gone, pa.scalar(None, pa.string()), trimmed)
    cleaned = recode(pa.DictionaryArray.from_arrays(array.indices, kept))
    return cleaned, picked(array, literal) if pc.any(literal).as_py() else None


def recode(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """Make a dictionary whose values are distinct and not null, whatever the one given has."""
    again = pc.dictionary_encode(array.dictionary)
    return pa.DictionaryArray.from_arrays(again.indices.take(array.indices), again.dictionary)


def remade(array: pa.DictionaryArray, read: Callable[[str], str | None]) -> pa.DictionaryArray:
    """Map each distinct text to another, or to none."""
    values = pa.array([read(text) for text in array.dictionary.to_pylist()], pa.string())
    return recode(pa.DictionaryArray.from_arrays(array.indices, values))


def picked(array: pa.DictionaryArray, hits: pa.Array | Sequence[bool]) -> Mask:
    """Spread a truth about each distinct value over the rows; null rows are false."""
    flags = hits if isinstance(hits, pa.Array) else pa.array(hits, pa.bool_())
    rows: Mask = pc.fill_null(flags.take(array.indices), False).to_numpy(zero_copy_only=False)
    return rows


def where(array: pa.DictionaryArray, rows: Mask) -> pa.DictionaryArray:
    """Keep the texts of some rows and make the others null."""
    indices = pc.if_else(pa.array(rows), array.indices, pa.scalar(None, pa.int32()))
    return pa.DictionaryArray.from_arrays(indices, array.dictionary)


def filled(array: pa.DictionaryArray, other: pa.DictionaryArray) -> pa.DictionaryArray:
    """Take the other column's text where this one has none."""
    if array.null_count == 0:
        return array
    if array.null_count == len(array):
        return other
    return pc.dictionary_encode(pc.coalesce(pc.cast(array, pa.string()), pc.cast(other, pa.string())))


def codes(array: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """Give the place of each row's value in the dictionary; -1 for null."""
    indices = array.indices if array.indices.null_count == 0 else pc.fill_null(array.indices, -1)
    places: npt.NDArray[np.int64] = indices.to_numpy(zero_copy_only=False)
    return places


@lru_cache(maxsize=8)
def _zeros(length: int) -> pa.Array:
    return pa.array(np.zeros(length, np.int32))


@lru_cache(maxsize=8)
def nothing(length: int) -> pa.DictionaryArray:
    """Make a column of nulls."""
    return pa.DictionaryArray.from_arrays(pa.nulls(length, pa.int32()), pa.array([], pa.string()))


def _map_text(array: pa.MapArray) -> pa.Array:
    """Write maps as JSON objects; each distinct key and value is escaped once."""
    names = pc.cast(remade(as_text(array.keys), _quoted), pa.string())
    values = pc.fill_null(pc.cast(remade(as_text(array.items), _quoted), pa.string()), "null")
    pairs = pc.binary_join_element_wise(names, values, ":")
    joined = pc.binary_join(pa.ListArray.from_arrays(array.offsets, pairs), ",")
    written = pc.binary_join_element_wise("{", joined, "}", "")
    return pc.if_else(array.is_valid(), written, pa.scalar(None, pa.string()))


def _quoted(text: str) -> str:
    return _encode(text).decode()
