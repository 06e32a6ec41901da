"""Writes an answer on a terminal or into a pipe: its figures as lines, its lists as tables, its trees indented."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from rich.cells import cell_len
from rich.console import Console

from trivium.entrypoints.cli.cells import Column, column_of, is_empty, line, printable
from trivium.entrypoints.cli.layout import Sheet, put_rows
from trivium.entrypoints.cli.trees import put_tree

__all__ = ["console", "printable", "show"]
_PIPE_WIDTH: Final = 10_000
_PIPE_TABLE: Final = 160
"""How wide a table may be in a pipe; wider records stand one below the other. $COLUMNS says otherwise."""
_TREE: Final = frozenset({"parts", "charges"})


def console(*, error: bool = False) -> Console:
    """Open the terminal; in a pipe lines are as long as they need to be, so that no name is cut."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


def sheet_of(screen: Console) -> Sheet:
    """Say how wide tables may be there."""
    if screen.is_terminal:
        return Sheet(screen, screen.width, wraps=True)
    asked = os.environ.get("COLUMNS", "")
    return Sheet(screen, int(asked) if asked.isdecimal() and len(asked) < 6 else _PIPE_TABLE, wraps=False)


def show(answer: Any) -> None:
    """Write an answer: first what is single, then each list under its name."""
    sheet = sheet_of(console())
    pairs: list[tuple[Column, str]] = []
    lists: list[tuple[str, Any]] = []
    for label, value, column in _walk(answer, ""):
        if _is_rows(value):
            lists.append((label, value))
        elif not (value == "" and not column.absent):
            pairs.append((Column(column.name, label), line(value, column)))
    gap = max((cell_len(column.label) for column, _ in pairs), default=0)
    for column, text in pairs:
        sheet.pair(column, text, gap)
    if hasattr(answer, "parts"):
        sheet.put()
        put_tree(sheet, answer.parts, answer.charges)
    for number, (label, rows) in enumerate(lists):
        if pairs or number:
            sheet.put()
        sheet.put(label, "bold")
        put_rows(sheet, rows)


def _walk(record: Any, before: str) -> Iterator[tuple[str, Any, Column]]:
    """List the fields of a record, those of a record within it under both names; trees are left out."""
    for field in msgspec.structs.fields(type(record)):
        value = getattr(record, field.name)
        column = column_of(field)
        label = f"{before}{column.label}"
        if field.name in _TREE and not before and hasattr(record, "parts"):
            continue
        if isinstance(value, msgspec.Struct):
            yield from _walk(value, f"{label}: ")
        else:
            yield label, value, column


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and not is_empty(value) and not isinstance(value[0], str | int)
