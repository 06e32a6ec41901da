"""Lays records out: as a table where it fits the width, else one below the other; no name is ever cut.

On a terminal sentences wrap between words; in a pipe every line is as long as it needs to be.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from trivium.entrypoints.cli.cells import NOTHING, UNKNOWN, Column, cell, columns_of, is_empty, line, value_of

_GAP: Final = "   "
_INDENT: Final = "  "
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
COPIED: Final = frozenset({"line", "next_line"})
"""Fields that people copy: they are never broken."""
_PROSE_LEAST: Final = 24
"""A column of sentences is at least this wide, or the records stand one below the other."""


@dataclass(frozen=True)
class Sheet:
    """Where lines go: `width` is how many columns a table may have; `wraps` says that sentences are broken at it."""

    screen: Console
    width: int
    wraps: bool

    def put(self, text: str = "", style: str = "") -> None:
        """Write one line as it is."""
        self.screen.print(Text(text.rstrip(), style=style), soft_wrap=True)

    def pair(self, column: Column, text: str, gap: int, indent: str = "") -> None:
        """Write a name and its value; the value's further lines stand below its first, a line to copy is not broken."""
        label, wide = column.label, 10_000 if column.name in COPIED else self.width
        before = indent + label + " " * (gap - cell_len(label)) + _INDENT
        for number, part in enumerate(self._lines(text, wide - cell_len(before))):
            head = Text(before, style="dim") if number == 0 else Text(" " * cell_len(before))
            self.screen.print(Text.assemble(head, part.rstrip()), soft_wrap=True)

    def _lines(self, text: str, room: int) -> list[str]:
        wide = max(room, _PROSE_LEAST)
        return [part for whole in text.split("\n") for part in (wrapped(whole, wide) if self.wraps else [whole])]


def wrapped(text: str, width: int) -> list[str]:
    """Break a text between words; a word that is longer than the width keeps its length, and spaces in it count."""
    if cell_len(text) <= width or text.startswith(" "):
        return [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def put_rows(sheet: Sheet, rows: Sequence[Any]) -> None:
    """Write records as a table if it fits, else each below the other; what no record says has no column."""
    columns = [one for one in columns_of(rows) if any(not is_empty(value_of(row, one)) for row in rows)]
    grid = [[cell(value_of(row, one), one) for one in columns] for row in rows]
    widths = _widths(sheet, columns, grid)
    if widths is None:
        _put_records(sheet, rows, columns)
    else:
        _put_table(sheet, columns, grid, widths)


def _widths(sheet: Sheet, columns: Sequence[Column], grid: Sequence[Sequence[str]]) -> list[int] | None:
    """Find how wide each column is; None where they do not fit, or a cell has lines of its own."""
    if any("\n" in text for row in grid for text in row):
        return None
    widths = [_width(column, [row[place] for row in grid]) for place, column in enumerate(columns)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - sheet.width
    if over <= 0 or not sheet.wraps:
        return widths if over <= 0 else None
    prose = [place for place in range(len(widths)) if _is_prose([row[place] for row in grid])]
    for place in sorted(prose, key=lambda one: -widths[one]):
        least = max(_PROSE_LEAST, *(cell_len(word) for row in grid for word in row[place].split()), 0)
        cut = min(over, max(0, widths[place] - least))
        widths[place] -= cut
        over -= cut
    return widths if over <= 0 else None


def _width(column: Column, texts: Sequence[str]) -> int:
    return max(cell_len(column.label), *map(cell_len, _aligned(texts)))


def _is_prose(texts: Sequence[str]) -> bool:
    return any(text.count(" ") > 2 for text in texts)


def _put_table(sheet: Sheet, columns: Sequence[Column], grid: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    cells = list(zip(*(_aligned([row[place] for row in grid]) for place in range(len(columns))), strict=True))
    right = [_are_numbers([row[place] for row in grid]) for place in range(len(columns))]
    heads = [_padded(one.label, width, side) for one, width, side in zip(columns, widths, right, strict=True)]
    sheet.put(_GAP.join(heads), "bold")
    sheet.put("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    for row in cells:
        parts = [wrapped(text, width) if sheet.wraps else [text] for text, width in zip(row, widths, strict=True)]
        for number in range(max(map(len, parts))):
            texts = [part[number] if number < len(part) else "" for part in parts]
            sheet.put(_GAP.join(map(_padded, texts, widths, right)))


def _aligned(texts: Sequence[str]) -> list[str]:
    """Put decimal points below each other in a column of numbers."""
    if not _are_numbers(texts):
        return list(texts)
    tails = [len(text) - len(text.partition(".")[0]) for text in texts if _NUMBER.fullmatch(text)]
    most = max(tails)
    return [
        text + " " * (most - len(text) + len(text.partition(".")[0])) if _NUMBER.fullmatch(text) else text
        for text in texts
    ]


def _are_numbers(texts: Sequence[str]) -> bool:
    """Say whether a column holds numbers, beside cells in which nothing is known."""
    found = [bool(_NUMBER.fullmatch(text)) for text in texts]
    return any(found) and all(is_one or text in {NOTHING, UNKNOWN} for is_one, text in zip(found, texts, strict=True))


def _padded(text: str, width: int, right: bool) -> str:
    room = " " * (width - cell_len(text))
    return room + text if right else text + room


def _put_records(sheet: Sheet, rows: Sequence[Any], columns: Sequence[Column]) -> None:
    """Write each record as a heading, its first field, with the others below it."""
    first, *others = columns
    gap = max((cell_len(one.label) for one in others), default=0)
    for row in rows:
        head = cell(value_of(row, first), first)
        sheet.put(f"{_INDENT}{first.label} {head}" if _NUMBER.fullmatch(head) else f"{_INDENT}{head}")
        for one in others:
            value = value_of(row, one)
            if not is_empty(value) or one.absent:
                sheet.pair(one, line(value, one), gap, _INDENT * 2)
