"""Proofs that anybody can check without the ledger: short lists of hashes that lead to a Merkle root.

As the verifier, the checks use the standard library only and share no code with what makes the proofs (`proving.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Proof:
    """A fact without its body, and the path to the root of the tree of `size` facts; hashes in hexadecimal."""

    home_id: str
    size: int
    root: str
    sequence: int
    recorded_at: int
    happened_at: int
    kind: str
    subject: str
    actor: str
    source: str
    key: str
    body_bytes: int
    body_sha256: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class ConsistencyProof:
    """That the first `first` facts are the beginning of the `size` facts; hashes in hexadecimal (RFC 6962 §2.1.2)."""

    home_id: str
    first: int
    first_root: str
    size: int
    root: str
    path: tuple[str, ...]


def check_proof(made: Proof, root: str | None = None) -> bool:
    """Say whether a proof holds; `root` is the one to trust (a checkpoint's), else the proof's own."""
    body = made.body_bytes.to_bytes(8, "big") + bytes.fromhex(made.body_sha256)
    texts = [text.encode() for text in (made.kind, made.subject, made.actor, made.source, made.key)]
    content = b"trivium fact v1\x00" + made.sequence.to_bytes(8, "big")
    content += made.recorded_at.to_bytes(8, "big", signed=True) + made.happened_at.to_bytes(8, "big", signed=True)
    content += b"".join(len(text).to_bytes(4, "big") + text for text in texts) + body
    value = sha256(b"\x00" + content).digest()
    place, last = made.sequence - 1, made.size - 1
    if not 0 <= place <= last:
        return False
    for step in map(bytes.fromhex, made.path):
        if last == 0:
            return False
        if place % 2 or place == last:
            value = _node(step, value)
            while place and place % 2 == 0:
                place, last = place // 2, last // 2
        else:
            value = _node(value, step)
        place, last = place // 2, last // 2
    return last == 0 and value.hex() == (root or made.root)


def check_consistency(made: ConsistencyProof, first_root: str, root: str) -> bool:
    """Say whether a consistency proof leads from a root that was seen earlier to one that is seen now."""
    path = [bytes.fromhex(step) for step in made.path]
    if made.first == made.size:
        return not path and first_root == root
    if not 0 < made.first < made.size:
        return False
    if made.first & (made.first - 1) == 0:
        path.insert(0, bytes.fromhex(first_root))
    place, last = made.first - 1, made.size - 1
    while place % 2:
        place, last = place // 2, last // 2
    if not path:
        return False
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            old, new = _node(step, old), _node(step, new)
            while place and place % 2 == 0:
                place, last = place // 2, last // 2
        else:
            new = _node(new, step)
        place, last = place // 2, last // 2
    return last == 0 and old.hex() == first_root and new.hex() == root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
