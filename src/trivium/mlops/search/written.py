"""How a person writes a list in one line: orderings and names of columns, separated by commas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_QUOTES: Final = "`\"'"


def parts_of(text: str) -> tuple[str, ...]:
    """Split a line at its commas, but for those between quotes or back-ticks; empty parts are left out."""
    return tuple(part for part in (one.strip() for one in _split(text)) if part)


def _split(text: str) -> Iterator[str]:
    begun, quote = 0, ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter == ",":
            yield text[begun:place]
            begun = place + 1
    yield text[begun:]
