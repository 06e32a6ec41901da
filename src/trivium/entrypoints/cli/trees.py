"""Writes an explanation below its total: parts of parts indented, charges of one resource in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from trivium.entrypoints.cli.cells import printable
from trivium.entrypoints.cli.layout import Sheet
from trivium.facts.money import add, plain


def put_tree(sheet: Sheet, parts: Sequence[Any], charges: Sequence[Any], depth: int = 1) -> None:
    """Write what an amount is made of: the parts, each with its own, then the charges."""
    indent = "  " * depth
    for part in parts:
        basis = f"  ({part.basis})" if part.basis else ""
        sheet.put(f"{indent}{part.amount}  {printable(part.asset)}{basis}")
        put_tree(sheet, part.parts, part.charges, depth + 1)
    for text in charge_lines(charges):
        sheet.put(f"{indent}{text}")


def charge_lines(charges: Sequence[Any]) -> Iterator[str]:
    """Write charges, those of one resource, service and basis in one line with their sum and their time."""
    for key, group in groupby(sorted(charges, key=_what), key=_what):
        alike = list(group)
        resource, service, category, basis, late = key
        what = " ".join(text for text in (service or category or "charges", resource) if text)
        first, last = min(one.start for one in alike)[:10], max(one.start for one in alike)[:10]
        time = first if first == last else f"{first} to {last}"
        rows = sum(one.rows for one in alike)
        amount = plain(add(*(Decimal(one.amount) for one in alike)))
        said = ", ".join((basis, time, f"{rows} {'row' if rows == 1 else 'rows'}", *(("late",) if late else ())))
        yield f"{amount}  {printable(what)}, {said}"


def _what(one: Any) -> tuple[str, str, str, str, bool]:
    """Give what charges of one line have in common."""
    return one.resource or "", one.service or "", one.category or "", one.basis, one.late
