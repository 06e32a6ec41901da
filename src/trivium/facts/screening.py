"""Is a stranger's JSON text within bounds and free of known secrets? Asked once for each of its pieces, not each time.

Events repeat themselves: a run's end says again what its start said, and schemas stay. A text is cut at its opening
braces; pieces that were looked at before are known to be sound, and only the others are looked at. A text that has a
piece which is not sound by itself goes through `check_bounds` and `redact` as a whole, and they alone refuse and cut.
"""

from __future__ import annotations

from typing import Final

from trivium.facts.bounds import MAX_DEPTH, check_bounds, is_strange, is_too_deep, without_escapes
from trivium.facts.redaction import redact

LONGEST: Final = 64 * 1024
"""Bytes of a text that is cut; longer ones are looked at as a whole."""
KEPT_BYTES: Final = 8 * 1024 * 1024
"""Bytes of pieces that are remembered at most; then all are forgotten."""
_PIECE_COST: Final = 120
"""Bytes that the memory of a piece takes beside its text."""


class Screen:
    """Remembers sound pieces; what is refused or cut does not depend on what it remembers."""

    def __init__(self) -> None:
        self._sound: set[bytes] = set()
        self._bytes = 0

    def __call__(self, raw: bytes) -> bytes:
        """Refuse what is out of bounds (`check_bounds`) and cut known secrets (`redact`); gives `raw` when all is well.

        What is no JSON may pass: whoever decodes it refuses it.
        """
        if len(raw) <= LONGEST:
            pieces = raw.split(b"{")
            sound = self._sound
            new = [piece for piece in pieces if piece not in sound]
            if (not new or self._learn(new)) and not _is_deep(raw, len(pieces)):
                return raw
        check_bounds(raw)
        return redact(raw)

    def _learn(self, new: list[bytes]) -> bool:
        """Look at new pieces, and remember them when all are sound."""
        if not _are_sound(new):
            return False
        if self._bytes > KEPT_BYTES:
            self._sound.clear()
            self._bytes = 0
        self._bytes += sum(map(len, new)) + _PIECE_COST * len(new)
        self._sound.update(new)
        return True


def _is_deep(raw: bytes, pieces: int) -> bool:
    """Say whether a text nests too deep; few brackets cannot."""
    return pieces - 1 + raw.count(b"[") > MAX_DEPTH and is_too_deep(raw)


def _are_sound(pieces: list[bytes]) -> bool:
    """Say whether nothing in these pieces can be refused or cut, wherever they stand.

    The first piece of a text begins outside of strings. A piece with an even number of quotes ends where it began, so
    with sound pieces alone every string is whole in its piece, and so is every key with its colon, every number with
    what stands before it, and every secret.
    """
    if any(without_escapes(piece).count(b'"') & 1 for piece in pieces):
        return False
    text = b",".join(pieces)
    return _is_utf8(text) and not is_strange(text) and redact(text) == text


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
