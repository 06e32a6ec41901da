"""Writes an answer on a terminal: its figures as lines, its lists as tables, its trees indented."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_NUMBERS: Final = frozenset(
    {"amount", "carried", "billed", "total", "rows", "count", "sequence", "distance", "imported", "refused", "repaired",
     "bytes", "cost", "money", "statements", "facts", "spent"}
)  # fmt: skip
_PIPE_WIDTH: Final = 10_000


def console(*, error: bool = False) -> Console:
    """Open the terminal; in a pipe lines are as long as they need to be, so that no name is cut."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


def show(answer: Any) -> None:
    """Write an answer: first what is single, then each list as a table."""
    screen = console()
    fields = msgspec.structs.fields(type(answer))
    single = [(one.name, getattr(answer, one.name)) for one in fields]
    lists = [(name, value) for name, value in single if isinstance(value, list | tuple)]
    plain = [(name, value) for name, value in single if not isinstance(value, list | tuple)]
    plain += [(name, "none") for name, value in lists if not value]
    _lines(screen, plain)
    for name, value in lists:
        if value and name in {"parts", "charges"}:
            _tree(screen, name, value, 0)
        elif value:
            screen.print()
            screen.print(Text(_title(name), style="bold"))
            _table(screen, value)


def _lines(screen: Console, pairs: Sequence[tuple[str, Any]]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if isinstance(value, msgspec.Struct):
            inner = msgspec.structs.asdict(value)
            text = ", ".join(f"{_title(key)} {_cell(item)}" for key, item in inner.items() if not _long(item))
            grid.add_row(_title(name), text)
        elif value not in (None, "", {}):
            grid.add_row(_title(name), _cell(value))
    screen.print(grid)


def _table(screen: Console, rows: Sequence[Any]) -> None:
    """Write records as a table, other values one a line."""
    if isinstance(rows[0], str | int):
        for row in rows:
            screen.print(Text(f"  {row}"))
        return
    plain = [row if isinstance(row, dict) else msgspec.structs.asdict(row) for row in rows]
    names = [name for name in plain[0] if any(not _empty(row.get(name)) for row in plain)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in names:
        number = name in _NUMBERS
        table.add_column(_title(name), justify="right" if number else "left", no_wrap=number, overflow="fold")
    for row in plain:
        table.add_row(*(_cell(row.get(name)) for name in names))
    screen.print(table)


def _tree(screen: Console, name: str, rows: Sequence[Any], depth: int) -> None:
    """Write parts below each other, each with its own parts and charges indented."""
    for row in rows:
        indent = "  " * (depth + 1)
        if name == "charges":
            what = " ".join(text for text in (row.service or "charges", row.resource) if text)
            screen.print(Text(f"{indent}{row.amount}  {what}, {row.basis}, {row.start[:10]}, {row.rows} rows"))
            continue
        screen.print(Text(f"{indent}{row.amount}  {row.asset}" + (f"  ({row.basis})" if row.basis else "")))
        _tree(screen, "parts", row.parts, depth + 1)
        _tree(screen, "charges", row.charges, depth + 1)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items() if not _empty(item))
    if isinstance(value, msgspec.Struct):
        return _cell(msgspec.structs.asdict(value))
    if isinstance(value, list | tuple):
        return ", ".join(_cell(one) for one in value)
    return printable(str(value))


def printable(text: str) -> str:
    """Replace what would move the cursor or hide in a terminal; lines stay lines, so that they can be copied."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\n" else f"\\x{ord(letter):02x}" for letter in text)


def _empty(value: Any) -> bool:
    return value is None or value in ("", (), [], {})


def _long(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _title(name: str) -> str:
    return name.replace("_", " ")
