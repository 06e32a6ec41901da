"""A long table in parts: what is shown of how many, and the way to the rest, its place in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from starlette.requests import Request

from trivium.entrypoints.web.addresses import address
from trivium.facts.problem import refuse, shown

Row = TypeVar("Row")
PAGE: Final = 100
"""How many rows a page shows at once."""
_FROM: Final = "from"


def start_of(request: Request, name: str = _FROM) -> int:
    """Read where the shown part begins; refuses what is no whole number."""
    return whole(request.query_params.get(name, ""), name)


def part_of(rows: Sequence[Row], request: Request, name: str = _FROM) -> tuple[Sequence[Row], dict[str, Any] | None]:
    """Give the part of some rows that the address asks for, and the ways to the others."""
    start = start_of(request, name)
    shown_rows = rows[start : start + PAGE]
    return shown_rows, ways(request, start, len(shown_rows), len(rows), name)


def ways(request: Request, start: int, count: int, total: int, name: str = _FROM) -> dict[str, Any] | None:
    """Say which part is shown and link the parts before and after it; None where everything is."""
    if start == 0 and count == total:
        return None
    path, query = request.url.path, request.url.query
    before, after = max(0, start - PAGE), start + count
    text = f"{start + 1:,} to {after:,} of {total:,}" if count else f"none beyond {total:,}"
    return {
        "text": text,
        "before": address(path, query, **{name: str(before) if before else None}) if start else None,
        "after": address(path, query, **{name: str(after)}) if after < total else None,
    }


def whole(text: str, name: str) -> int:
    """Read a whole number out of an address; empty is 0."""
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise refuse("bad_parameter", f"{shown(text)} is no whole number.", where=name, fix="Follow a link instead.")
    return int(text or 0)
