"""What a field is called in a terminal, and how its value reads in a line: nothing is left blank, nothing hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import msgspec

from trivium.entrypoints.answers.terms import spread_fields

NOTHING: Final = "—"
"""Stands in a table's cell that has nothing to say."""
UNKNOWN: Final = "unknown"
_NONE: Final = "none"
_PERCENT: Final = frozenset({"basis"})
"""Fields that map a name to its part of one."""


@dataclass(frozen=True)
class Column:
    """One field: its name, what a terminal calls it, and what stands where its value is null or empty."""

    name: str
    label: str
    absent: str = ""
    within: str = ""
    """The field of the record that maps this name to a value; empty where it is a field itself."""


def columns_of(rows: Sequence[Any]) -> list[Column]:
    """Give the columns of rows of one kind: the fields of a record, or all keys of mappings, in order."""
    if isinstance(rows[0], msgspec.Struct):
        spread = spread_fields(type(rows[0]))
        found: list[Column] = []
        for field in msgspec.structs.fields(type(rows[0])):
            keys = (
                dict.fromkeys(key for row in rows for key in getattr(row, field.name)) if field.name in spread else ()
            )
            found += (
                [Column(key, key, within=field.name) for key in keys] if field.name in spread else [column_of(field)]
            )
        return found
    return [Column(name, _title(name)) for name in dict.fromkeys(key for row in rows for key in row)]


def column_of(field: msgspec.structs.FieldInfo) -> Column:
    """Read what a field's annotation says of it (`answers.terms.words`)."""
    metas = [meta.extra or {} for meta in _metas(field.type)]
    said = {name: text for extra in metas for name, text in extra.items()}
    return Column(field.name, said.get("label") or _title(field.name), said.get("absent", ""))


def value_of(row: Any, column: Column) -> Any:
    """Take a field out of a record or a mapping."""
    if column.within:
        return getattr(row, column.within).get(column.name)
    return row.get(column.name) if isinstance(row, dict) else getattr(row, column.name)


def is_empty(value: Any) -> bool:
    """Say whether a value says nothing: null, or an empty text, list or mapping."""
    return value is None or value in ("", (), [], {})


def line(value: Any, column: Column) -> str:
    """Write a value on a line of its own: what is not known says so."""
    if is_empty(value):
        return column.absent or (_NONE if isinstance(value, list | tuple | dict) else UNKNOWN)
    return "\n".join(map(plain, value)) if _is_names(value) else plain(value, column)


def cell(value: Any, column: Column) -> str:
    """Write a value in a table's cell."""
    if is_empty(value):
        return column.absent or (UNKNOWN if value is None else NOTHING)
    return plain(value, column)


def plain(value: Any, column: Column | None = None) -> str:
    """Write a value: lists and records as words after each other."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        percent = column is not None and column.name in _PERCENT
        return ", ".join(
            f"{printable(str(key))} {_part(item) if percent else plain(item)}" for key, item in value.items()
        )
    if isinstance(value, msgspec.Struct):
        return " ".join(plain(item) for item in msgspec.structs.astuple(value) if not is_empty(item))
    if isinstance(value, list | tuple):
        return ", ".join(plain(one) for one in value)
    return UNKNOWN if value is None else printable(str(value))


def printable(text: str) -> str:
    """Replace what would move the cursor or hide in a terminal; lines stay lines, so that they can be copied."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\n" else f"\\x{ord(letter):02x}" for letter in text)


def _is_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _part(value: Any) -> str:
    """Write a part of one in per cent; one that is small is not written as none."""
    rounded = round(100 * value, 2)
    return f"{rounded:g} %" if rounded or not value else "under 0.01 %"


def _metas(kind: Any) -> list[msgspec.Meta]:
    """List the words of an annotated type, the outermost last."""
    if not hasattr(kind, "__metadata__"):
        return []
    inner = get_args(kind)[0]
    return [*_metas(inner), *(one for one in kind.__metadata__ if isinstance(one, msgspec.Meta))]


def _title(name: str) -> str:
    return name.replace("_", " ")
