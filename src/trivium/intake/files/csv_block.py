"""One piece of a CSV as a block: parsed by Arrow, line numbers those of the file."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pcsv

from trivium.facts.problem import refuse
from trivium.intake.files.blocks import Block
from trivium.intake.files.columns import encoded
from trivium.intake.files.csv_pieces import NEWLINE, QUOTE, Piece

SLICE: Final = 1 << 20
"""Arrow parses so many bytes at once: they and what comes of them fit the processor's cache."""
BROKEN: Final = 100_000
"""A file with so many broken rows in one piece is refused."""


class Shape(msgspec.Struct, frozen=True):
    """What the pieces of a file share: its columns, and the places of those whose values seldom repeat."""

    headers: tuple[str, ...]
    delimiter: str
    seldom: frozenset[int]


class Parse:
    """Parses one piece when called, once; its memory is free then."""

    def __init__(self, piece: Piece, shape: Shape) -> None:
        self._piece = piece
        self._shape = shape

    def __call__(self) -> Block:
        """Give the piece's rows: texts as dictionaries, each broken row with its line."""
        wrong: list[tuple[int, str]] = []
        try:
            table = self._table(SLICE, wrong)
        except pa.ArrowInvalid:
            wrong.clear()
            table = self._table(self._piece.end + 1, wrong)
        lines = self._lines(table.num_rows + len(wrong))
        broken = np.array([number - 1 for number, _ in wrong], np.int64)
        refused = [(int(lines[number - 1]), "column_count", text) for number, text in wrong]
        if self._piece.nul:
            hits = np.setdiff1d(self._with_nul(lines), broken)
            refused += [(line, "nul", "\\0") for line in lines[hits].tolist()]
            table = table.filter(pa.array(np.delete(~np.isin(np.arange(len(lines)), hits), broken)))
            broken = np.union1d(broken, hits)
        self._piece.release()
        return Block(self._shape.headers, self._arrays(table), np.delete(lines, broken), refused)

    def _table(self, slice_bytes: int, wrong: list[tuple[int, str]]) -> pa.Table:
        """Parse in slices; Arrow refuses a record longer than a slice, and in one slice only what is no CSV."""

        def skip(row: pcsv.InvalidRow) -> str:
            wrong.append((row.number, row.text))
            return "skip" if len(wrong) < BROKEN else "error"

        piece = self._piece
        names = [f"{index}" for index in range(len(self._shape.headers))]
        try:
            return pcsv.read_csv(
                pa.py_buffer(piece.text()),
                read_options=pcsv.ReadOptions(use_threads=False, column_names=names, block_size=slice_bytes),
                parse_options=pcsv.ParseOptions(
                    delimiter=self._shape.delimiter, newlines_in_values=True, invalid_row_handler=skip
                ),
                convert_options=pcsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=True,
                    null_values=[""],
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid as fault:
            if len(wrong) >= BROKEN:
                title = f"{BROKEN:,} rows from line {piece.first} on have more or fewer fields than the header."
                raise refuse("bad_csv", title, fix="Quote fields that hold the delimiter.") from fault
            if slice_bytes <= piece.end:
                raise
            title = f"The CSV cannot be read from line {piece.first} on: {str(fault)[:200]}."
            raise refuse("bad_csv", title, fix="Look for a quote that is never closed.") from fault

    def _arrays(self, table: pa.Table) -> list[pa.Array]:
        """Give what seldom repeats as texts and all else as dictionaries; columns that say the same are one array."""
        arrays: list[pa.Array] = []
        seen: dict[tuple[bool, int], list[tuple[pa.ChunkedArray, pa.Array]]] = {}
        for index, column in enumerate(table.columns):
            seldom = index in self._shape.seldom
            alike = seen.setdefault((seldom, column.nbytes), [])
            same = next((array for other, array in alike if other.equals(column)), None)
            if same is None:
                same = _one(column) if seldom else encoded(column)
                alike.append((column, same))
            arrays.append(same)
        return arrays

    def _lines(self, records: int) -> npt.NDArray[np.int64]:
        """Give for each record the line on which it begins."""
        piece = self._piece
        ends = piece.lines + (piece.data[piece.end - 1] != NEWLINE)
        if ends == records:
            return np.arange(piece.first, piece.first + records, dtype=np.int64)
        return begun_lines(np.frombuffer(piece.text(), np.uint8), piece.first, records)

    def _with_nul(self, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Find the records in which a NUL stands, by the lines on which all records begin."""
        held = np.frombuffer(self._piece.text(), np.uint8)
        ends = np.flatnonzero(held == NEWLINE)
        at = self._piece.first + np.searchsorted(ends, np.flatnonzero(held == 0))
        records = np.searchsorted(lines, np.unique(at), "right") - 1
        return np.unique(records[records >= 0])


def begun_lines(held: npt.NDArray[np.uint8], first: int, records: int) -> npt.NDArray[np.int64]:
    """Find the lines on which records begin, for a piece with line ends inside quotes, or with blank lines."""
    ends = np.flatnonzero(held == NEWLINE)
    quotes = np.flatnonzero(held == QUOTE)
    begins = np.append(0, ends[np.searchsorted(quotes, ends) % 2 == 0] + 1)
    begins = begins[begins < len(held)]
    closed = held[begins] == ord("\r")
    closed[closed] = held[np.minimum(begins[closed] + 1, len(held) - 1)] == NEWLINE
    begins = begins[(held[begins] != NEWLINE) & ~closed]
    lines = first + np.searchsorted(ends, begins)
    last = lines[-1] if len(lines) else first
    return np.append(lines, np.full(max(records - len(lines), 0), last)).astype(np.int64)[:records]


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
