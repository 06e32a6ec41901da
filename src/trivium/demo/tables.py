"""Tables on a terminal: names and figures are never cut, words are folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

Answer = dict[str, Any]
_WORDS: Final = frozenset({"why", "most of it", "answer", "of", "what it says"})
"""Columns of words; what stands first in a row is a name, all else is a figure."""
_CENT: Final = Decimal("0.01")


class Page:
    """A screen for tables."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table below its title."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for number, name in enumerate(columns):
            words, figure = name in _WORDS, number > 0 and name not in _WORDS
            table.add_column(name, justify="right" if figure else "left", no_wrap=not words, overflow="fold")
        for row in rows:
            table.add_row(*row)
        self._screen.print(Text(f"\n{title}", style="bold"))
        self._screen.print(table)


def money(amount: object) -> str:
    """Write an amount to the cent, grouped; exact amounts are a question away."""
    return f"{Decimal(str(amount)).quantize(_CENT):,}" if amount is not None else "unknown"
