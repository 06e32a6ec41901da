"""The bytes of a file, unzipped while they are read, with a limit on what they may unfold to."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path
from typing import Final

from trivium.facts.problem import refuse

GZIP: Final = b"\x1f\x8b"
_FREE: Final = 32 << 20
"""So much may unfold from any file, whatever the ratio."""
_RATIO: Final = 200
_CHUNK: Final = 1 << 18


class Octets:
    """Reads a plain or gzip file front to back; gzip members that follow one another are one stream.

    The file is hashed while it is read, so that the hash is that of the bytes that were taken.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.zipped = self._file.read(2) == GZIP
        self._file.seek(0)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        self._digest = hashlib.sha256()
        self._unzip = zlib.decompressobj(wbits=31)
        self._rest = b""
        self._out = 0

    def position(self) -> int:
        """Say how many bytes of the file itself have been read."""
        return self._file.tell()

    def read(self, wanted: int) -> bytes:
        """Give up to `wanted` decoded bytes; nothing at the end."""
        return self._read_zipped(wanted) if self.zipped else self._taken(wanted)

    def digest(self) -> tuple[str, int]:
        """Give the SHA-256 and the size of the whole file; what is left of it is read."""
        while self._taken(_CHUNK):
            pass
        return self._digest.hexdigest(), self._file.tell()

    def _taken(self, wanted: int) -> bytes:
        data = self._file.read(wanted)
        self._digest.update(data)
        return data

    def _read_zipped(self, wanted: int) -> bytes:
        while True:
            if self._unzip.eof:
                start = (self._unzip.unused_data or self._taken(_CHUNK)).lstrip(b"\0")
                if not start:
                    return b""
                self._unzip, self._rest = zlib.decompressobj(wbits=31), start
            data = self._rest or self._taken(_CHUNK)
            try:
                text = self._unzip.decompress(data, wanted)
            except zlib.error as fault:
                raise refuse("bad_gzip", f"The gzip data is damaged: {fault}.", fix="Fetch the file again.") from fault
            self._rest = self._unzip.unconsumed_tail
            self._check(len(text))
            if text:
                return text
            if not data and not self._unzip.eof:
                raise refuse("bad_gzip", "The gzip data ends in the middle.", fix="Fetch the file again.")

    def _check(self, count: int) -> None:
        self._out += count
        read = self._file.tell()
        if self._out > _FREE and self._out > _RATIO * read:
            title = f"{read:,} bytes of gzip unfold to more than {self._out:,}: more than {_RATIO} to 1."
            raise refuse("gzip_bomb", title, status=413, fix="Unpack the file first if it is meant.")
