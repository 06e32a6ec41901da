"""CSV and CSV.gz: a header, and blocks cut where records end, each parsed by Arrow."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Final

from trivium.intake.files.blocks import Block, Form
from trivium.intake.files.csv_block import Parse, Shape
from trivium.intake.files.csv_pieces import Pieces, first_end
from trivium.intake.files.octets import Octets

BLOCK: Final = 16 << 20
"""Read at first; then as many bytes as ROWS rows take, at most twice as many."""
ROWS: Final = 30_000
START: Final = 1 << 20
"""The header is looked for in so many bytes."""
DELIMITERS: Final = (",", ";", "\t", "|")


class CsvRows:
    """The rows of a CSV file: any of four delimiters, quotes doubled, with or without a BOM.

    Records end with LF or CRLF; a carriage return alone ends none.
    """

    def __init__(self, octets: Octets, form: Form) -> None:
        self.format = "csv.gz" if octets.zipped else "csv"
        self._octets, self._form = octets, form
        self._pieces = Pieces(octets)
        self._delimiter, self._headers = self._read_header()

    @property
    def replaced_bytes(self) -> int:
        """How many undecodable bytes were replaced so far."""
        return self._pieces.replaced_bytes

    def headers(self) -> tuple[str, ...]:
        """Give the header."""
        return self._headers

    def position(self) -> int:
        """Say how many bytes of the file have been read."""
        return self._octets.position()

    def digest(self) -> tuple[str, int]:
        """Give the SHA-256 and the size of the file."""
        return self._octets.digest()

    def blocks(self) -> Iterator[Callable[[], Block]]:
        """Cut the file into blocks of whole records."""
        shape = Shape(self._headers, self._delimiter, self._form.seldom(self._headers))
        wanted = BLOCK
        while piece := self._pieces.take(wanted):
            wanted = min(max(piece.end * ROWS // max(piece.lines, 1), BLOCK // 4), 2 * BLOCK)
            yield Parse(piece, shape)

    def _read_header(self) -> tuple[str, tuple[str, ...]]:
        pieces = self._pieces
        start = pieces.peek(START)
        pieces.skip(len(start) - len(start.lstrip(b"\r\n \t")))
        if pieces.peek(4)[:4].lower() == b"sep=":
            start = pieces.peek(0)
            pieces.skip(start.find(b"\n") + 1 or len(start))
        start = pieces.peek(0)
        end = first_end(start)
        text = start[:end].decode("utf-8", "replace").strip("\r\n")
        pieces.skip(end)
        splits = [(delimiter, _split(text, delimiter)) for delimiter in DELIMITERS]
        delimiter, headers = max(splits, key=lambda split: (self._form.known(split[1]), len(split[1])))
        return delimiter, headers


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    """Split a header; a text that is none gives nothing."""
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter), []))
    except csv.Error:
        return ()
