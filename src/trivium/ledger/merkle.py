"""The tree that makes the ledger tamper-evident: RFC 6962 §2.1, with SHA-256, over one leaf per fact.

A leaf's bytes, in this order (integers big-endian, texts UTF-8):

| bytes | what |
|---|---|
| 16 | `trivium fact v1` and one zero byte |
| 8 | sequence, unsigned |
| 8 | recorded_at, signed, microseconds since 1970 UTC |
| 8 | happened_at, signed, microseconds since 1970 UTC |
| 4 + n | kind: length in bytes, unsigned, then the text |
| 4 + n | subject, the same |
| 4 + n | actor, the same |
| 4 + n | source, the same |
| 4 + n | key, the same |
| 8 | length of the body in bytes, unsigned |
| 32 | SHA-256 of the body |

The leaf's hash is SHA-256 of one byte 0x00 and these bytes; a node's hash is SHA-256 of one byte 0x01 and both
children's hashes. The body enters by its own hash, so that a proof need not show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import Final

from trivium.facts.fact import Fact

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962 §2.1)."""
HASH_SIZE: Final = 32

_MARK: Final = b"\x00trivium fact v1\x00"
_FIXED = Struct(">Qqq")
_LENGTH = Struct(">I")
_BODY = Struct(">Q")


def leaf_hash(sequence: int, recorded_at: int, fact: Fact, body_hash: bytes) -> bytes:
    """Hash the leaf of one recorded fact; `body_hash` is the SHA-256 of its body."""
    assert len(body_hash) == HASH_SIZE, "the body enters by its SHA-256"
    leaf = b"".join(
        (
            _MARK,
            _FIXED.pack(sequence, recorded_at, fact.happened_at),
            _often(fact.kind),
            _text(fact.subject),
            _often(fact.actor),
            _often(fact.source),
            _text(fact.key),
            _BODY.pack(len(fact.body)),
            body_hash,
        )
    )
    return sha256(leaf).digest()


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


_often = lru_cache(maxsize=1024)(_text)
"""Texts that most facts share are encoded once."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that a tree consists of, from the largest: all that appending needs.

    A tree of `size` leaves has one peak per set bit of `size`.
    """

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        assert len(peaks) == size.bit_count() * HASH_SIZE, "a frontier has one peak per set bit of its size"
        self.size = size
        self._peaks = [peaks[start : start + HASH_SIZE] for start in range(0, len(peaks), HASH_SIZE)]

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes, in order."""
        peaks = self._peaks
        for leaf in leaves:
            size, node = self.size, leaf
            while size & 1:
                node = node_hash(peaks.pop(), node)
                size >>= 1
            peaks.append(node)
            self.size += 1
        assert len(peaks) == self.size.bit_count(), "a frontier has one peak per set bit of its size"

    def root(self) -> bytes:
        """Give the tree's root."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def peaks(self) -> bytes:
        """Give the peaks as one byte string, for keeping."""
        return b"".join(self._peaks)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Hash a whole tree from its leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """List the hashes that lead from leaf `index` (from 0) to the root, lowest first (RFC 6962 §2.1.1)."""
    assert 0 <= index < len(leaves), "the leaf is in the tree"
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_path(leaves[:split], index), tree_root(leaves[split:])]
    return [*inclusion_path(leaves[split:], index - split), tree_root(leaves[:split])]


def consistency_path(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """List the hashes that show that the first `first` leaves' tree is a beginning of this one (RFC 6962 §2.1.2)."""
    assert 0 < first <= len(leaves), "the older tree has leaves and is not larger"
    return _subproof(leaves, first, whole=True)


def _split(size: int) -> int:
    """Give the largest power of two that is smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [tree_root(leaves)]
    split = _split(len(leaves))
    if first <= split:
        return [*_subproof(leaves[:split], first, whole=whole), tree_root(leaves[split:])]
    return [*_subproof(leaves[split:], first - split, whole=False), tree_root(leaves[:split])]
