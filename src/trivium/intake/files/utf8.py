"""Makes sure that bytes are UTF-8: drops a BOM, decodes UTF-16 by its BOM, replaces what cannot be decoded."""

from __future__ import annotations

import codecs


class Utf8:
    """Turns chunks of a file, given one after the other, into UTF-8; `replaced` counts undecodable bytes."""

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
