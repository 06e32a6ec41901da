"""CSV and CSV.gz: blocks cut where records end, each parsed by Arrow; line numbers are those of the file."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from trivium.facts.charges import AMOUNTS
from trivium.facts.problem import refuse
from trivium.intake.focus.blocks import Block
from trivium.intake.focus.names import known_columns, layout_of
from trivium.intake.focus.octets import Octets

BLOCK: Final = 16 << 20
"""Read at first; then as many bytes as ROWS rows take, at most twice as many."""
ROWS: Final = 60_000
SLICE: Final = 2 << 20
START: Final = 1 << 20
"""The header is looked for in so many bytes."""
FREE: Final = 4 * BLOCK
LONGEST: Final = 64 << 20
"""A single record longer than this is refused with the file."""
BROKEN: Final = 100_000
"""A file with so many broken rows in one block is refused."""
DELIMITERS: Final = (",", ";", "\t", "|")
_COSTLY: Final = frozenset(name for name in AMOUNTS if name.endswith(("Cost", "Quantity")))


class CsvRows:
    """The rows of a CSV file: any of four delimiters, quotes doubled, line ends of any kind, with or without a BOM."""

    format = "csv"

    def __init__(self, octets: Octets) -> None:
        self._octets = octets
        self.format = "csv.gz" if octets.zipped else "csv"
        self._text = _Utf8()
        self._pending = b""
        self._line = 1
        self._wanted = BLOCK
        self._delimiter, self._headers = self._read_header()

    @property
    def replaced_bytes(self) -> int:
        """How many undecodable bytes were replaced so far."""
        return self._text.replaced

    def headers(self) -> tuple[str, ...]:
        """Give the header."""
        return self._headers

    def position(self) -> int:
        """Say how many bytes of the file have been read."""
        return self._octets.position()

    def blocks(self) -> Iterator[Callable[[], Block]]:
        """Cut the file into blocks of whole records."""
        columns = layout_of(self._headers).columns
        costly = {f"{columns[name]}" for name in _COSTLY if name in columns}
        while True:
            data, end = self._records()
            if not end:
                return
            lines = data.count(b"\n", 0, end)
            first, self._line = self._line, self._line + lines
            self._wanted = min(max(end * ROWS // max(lines, 1), BLOCK // 4), 2 * BLOCK)
            yield _Parse(data, end, first, self._delimiter, self._headers, costly)

    def _fill(self, wanted: int) -> bool:
        """Read on until about `wanted` bytes are pending; False at the end of the file."""
        parts, length = [self._pending], len(self._pending)
        ended = False
        while length < wanted and not ended:
            chunk = self._octets.read(min(wanted - length, 1 << 20))
            ended = not chunk
            text = self._text.decode(chunk)
            parts.append(text)
            length += len(text)
        self._pending = b"".join(parts)
        return not ended

    def _records(self) -> tuple[bytes, int]:
        """Take bytes from the front: the bytes, and where the last whole record among them ends."""
        wanted = self._wanted
        while self._fill(wanted):
            end = _last_end(self._pending)
            if end:
                data, self._pending = self._pending, self._pending[end:]
                return data, end
            wanted *= 2
            if wanted > LONGEST:
                title = f"A record is longer than {LONGEST >> 20} MiB, from line {self._line} on."
                raise refuse("record_too_long", title, status=413, fix="Look for a quote that is never closed.")
        data, self._pending = self._pending, b""
        return data, len(data)

    def _read_header(self) -> tuple[str, tuple[str, ...]]:
        self._fill(START)
        skipped = len(self._pending) - len(self._pending.lstrip(b"\r\n \t"))
        self._skip(skipped)
        if self._pending[:4].lower() == b"sep=":
            self._skip(self._pending.find(b"\n") + 1 or len(self._pending))
        end = _first_end(self._pending)
        text = self._pending[:end].decode("utf-8", "replace").strip("\r\n")
        self._skip(end)
        splits = [(delimiter, _split(text, delimiter)) for delimiter in DELIMITERS]
        delimiter, headers = max(splits, key=lambda split: (known_columns(split[1]), len(split[1])))
        return delimiter, headers

    def _skip(self, count: int) -> None:
        self._line += self._pending[:count].count(b"\n")
        self._pending = self._pending[count:]


class _Parse:
    """Parses one block when called: the first `end` bytes of `data`, which begin on line `first` of the file."""

    def __init__(
        self, data: bytes, end: int, first: int, delimiter: str, headers: tuple[str, ...], costly: set[str]
    ) -> None:
        self._data, self._end, self._first = data, end, first
        self._delimiter, self._headers, self._costly = delimiter, headers, costly

    def __call__(self) -> Block:
        wrong: list[tuple[int, str]] = []
        try:
            table = self._table(SLICE, wrong)
        except pa.ArrowInvalid:
            wrong.clear()
            table = self._table(self._end + 1, wrong)
        lines = self._lines(table.num_rows + len(wrong))
        numbers = np.array([number - 1 for number, _ in wrong], np.int64)
        refused = [(int(lines[number - 1]), "column_count", text) for number, text in wrong]
        arrays = [_one(column) for column in table.columns]
        return Block(self._headers, arrays, np.delete(lines, numbers), refused)

    def _table(self, slice_bytes: int, wrong: list[tuple[int, str]]) -> pa.Table:
        """Parse in slices that fit the processor's cache; texts become dictionaries over all of them.

        Arrow refuses a record longer than a slice; in one slice, only what is no CSV.
        """

        def skip(row: pcsv.InvalidRow) -> str:
            wrong.append((row.number, row.text))
            return "skip" if len(wrong) < BROKEN else "error"

        names = [f"{index}" for index in range(len(self._headers))]
        try:
            table = pcsv.read_csv(
                pa.py_buffer(memoryview(self._data)[: self._end]),
                read_options=pcsv.ReadOptions(use_threads=False, column_names=names, block_size=slice_bytes),
                parse_options=pcsv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=skip
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
                title = f"{BROKEN:,} rows from line {self._first} on have more or fewer fields than the header."
                raise refuse("bad_csv", title, fix="Quote fields that hold the delimiter.") from fault
            if slice_bytes <= self._end:
                raise
            title = f"The CSV cannot be read from line {self._first} on: {str(fault)[:200]}."
            raise refuse("bad_csv", title, fix="Look for a quote that is never closed.") from fault
        return pa.table(
            [table[name] if name in self._costly else pc.dictionary_encode(table[name]) for name in names], names=names
        )

    def _lines(self, records: int) -> npt.NDArray[np.int64]:
        """Give for each record the line on which it begins."""
        ends = self._data.count(b"\n", 0, self._end) + (self._data[self._end - 1] != ord("\n"))
        if ends == records:
            return np.arange(self._first, self._first + records, dtype=np.int64)
        return _begun_lines(self._data[: self._end], self._first, records)


def _begun_lines(data: bytes, first: int, records: int) -> npt.NDArray[np.int64]:
    """Find the lines on which records begin, for a block with line ends inside quotes, or with blank lines."""
    held = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(held == ord("\n"))
    quotes = np.flatnonzero(held == ord('"'))
    begins = np.append(0, ends[np.searchsorted(quotes, ends) % 2 == 0] + 1)
    begins = begins[begins < len(data)]
    closed = held[begins] == ord("\r")
    closed[closed] = held[np.minimum(begins[closed] + 1, len(data) - 1)] == ord("\n")
    begins = begins[(held[begins] != ord("\n")) & ~closed]
    lines = first + np.searchsorted(ends, begins)
    last = lines[-1] if len(lines) else first
    return np.append(lines, np.full(max(records - len(lines), 0), last)).astype(np.int64)[:records]


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    """Split a header; a text that is none gives nothing."""
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter), []))
    except csv.Error:
        return ()


def _last_end(data: bytes) -> int:
    """Find where the last whole record ends: after the last line end with an even number of quotes before it.

    In more than FREE bytes without one, a stray quote is likelier than such a record: then after the last line end.
    """
    last = end = data.rfind(b"\n")
    held = np.frombuffer(data, np.uint8, end + 1)
    odd = sum(int(np.count_nonzero(held[at : at + SLICE] == ord('"'))) for at in range(0, end + 1, SLICE)) % 2
    while end >= 0 and odd:
        before = data.rfind(b"\n", 0, end)
        odd ^= data.count(b'"', before + 1, end + 1) % 2
        end = before
    return (end if end >= 0 or len(data) < FREE else last) + 1


def _first_end(data: bytes) -> int:
    """Find where the first record ends."""
    end = data.find(b"\n")
    while end >= 0 and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end + 1)
    return end + 1 if end >= 0 else len(data)


class _Utf8:
    """Makes sure that bytes are UTF-8: drops a BOM, decodes UTF-16 by its BOM, replaces what cannot be decoded."""

    def __init__(self) -> None:
        self.replaced = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._encoding = ""
        self._rest = b""

    def decode(self, chunk: bytes) -> bytes:
        """Give the chunk as UTF-8; an empty chunk ends the text."""
        if not self._encoding:
            self._encoding = _encoding(chunk)
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
            if self._encoding != "utf-8":
                self._decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        if self._decoder is not None:
            return self._counted(self._decoder.decode(chunk, not chunk))
        if chunk.isascii() and not self._rest:
            return chunk
        whole = self._rest + chunk
        keep = 0 if not chunk else _partial(whole)
        self._rest, whole = whole[len(whole) - keep :], whole[: len(whole) - keep]
        try:
            codecs.utf_8_decode(whole, "strict", True)
        except UnicodeDecodeError:
            return self._counted(whole.decode("utf-8", "replace"), whole.decode("utf-8", "ignore"))
        return whole

    def _counted(self, text: str, without: str | None = None) -> bytes:
        if without is not None:
            self.replaced += len(text) - len(without)
        return text.encode("utf-8", "replace")


def _encoding(start: bytes) -> str:
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"


def _partial(data: bytes) -> int:
    """Count the bytes at the end that may be the beginning of one character."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            wanted = 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
            return back if wanted > back else 0
    return 0
