"""JSON lines: one object a line, numbers kept as the text they are written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from trivium.facts.problem import refuse
from trivium.intake.files.blocks import Block, Form
from trivium.intake.files.octets import Octets

BLOCK: Final = 8 << 20
LONGEST: Final = 16 << 20
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=str)
_encode = msgspec.json.Encoder(order="deterministic").encode


class JsonRows:
    """The rows of a JSON lines file, plain or gzip; the first line's names are its columns, later ones may add."""

    format = "jsonl"
    replaced_bytes = 0

    def __init__(self, octets: Octets, form: Form) -> None:
        self._octets, self._form = octets, form
        self.format = "jsonl.gz" if octets.zipped else "jsonl"
        self._pending = b""
        self._line = 1
        self._headers = self._read_headers()

    def headers(self) -> tuple[str, ...]:
        """Give the names in the first object."""
        return self._headers

    def position(self) -> int:
        """Say how many bytes of the file have been read."""
        return self._octets.position()

    def digest(self) -> tuple[str, int]:
        """Give the SHA-256 and the size of the file."""
        return self._octets.digest()

    def blocks(self) -> Iterator[Callable[[], Block]]:
        """Cut the file into blocks of whole lines."""
        while data := self._lines():
            first, self._line = self._line, self._line + data.count(b"\n")
            yield _Parse(data, first, self._form)

    def _lines(self) -> bytes:
        while True:
            chunk = self._octets.read(BLOCK)
            data = self._pending + chunk
            cut = data.rfind(b"\n") + 1 if chunk else len(data)
            self._pending = data[cut:]
            if cut or not chunk:
                return data[:cut]
            if len(data) > LONGEST:
                title = f"Line {self._line} is longer than {LONGEST >> 20} MiB."
                raise refuse("record_too_long", title, status=413, fix="Write one JSON object a line.")

    def _read_headers(self) -> tuple[str, ...]:
        self._pending = self._octets.read(BLOCK).removeprefix(b"\xef\xbb\xbf")
        for line in self._pending.splitlines():
            if line.strip():
                found = _read(line)
                return tuple(found) if found is not None else ()
        return ()


class _Parse:
    """Reads one block of lines when called."""

    def __init__(self, data: bytes, first: int, form: Form) -> None:
        self._data, self._first, self._form = data, first, form

    def __call__(self) -> Block:
        rows, lines, refused = [], [], []
        for number, line in enumerate(self._data.split(b"\n"), self._first):
            if not line.strip():
                continue
            row = _read(line)
            if row is None:
                refused.append((number, "bad_json", line[:120].decode("utf-8", "replace")))
            else:
                rows.append(row)
                lines.append(number)
        headers = tuple(dict.fromkeys(name for row in rows for name in row))
        self._form.check(headers)
        arrays = [pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in headers]
        return Block(headers, arrays, np.array(lines, np.int64), refused)


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _text(value: Any) -> str | None:
    """Give a JSON value as text: numbers as they were written, objects and lists as JSON."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _encode(value).decode()
