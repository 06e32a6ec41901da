"""Tables as CSV: numbers stay numbers, and no text becomes a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from trivium.facts.money import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Cell = Decimal | int | str | None


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write a table as CSV (RFC 4180, UTF-8): Decimals and ints as plain digits, None as an empty cell.

    Text that a spreadsheet would read as a formula gets a leading apostrophe (OWASP, "CSV injection").
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return written.getvalue().encode()


def _cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return plain(cell)
        case int():
            return str(cell)
        case str():
            return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
