"""Making proofs from a home's files: that a fact stands in the ledger, that an older ledger is its beginning."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

from trivium.facts.problem import ProblemError, refuse
from trivium.ledger.merkle import consistency_path, inclusion_path, tree_root
from trivium.ledger.proof import ConsistencyProof, Proof, check_proof
from trivium.ledger.verify import reading

_FACT = (
    "SELECT sequence, recorded_at, happened_at, kind, subject, actor, source, key, body FROM facts WHERE sequence = ?"
)


def proof(home: Path, sequence: int) -> Proof:
    """Prove that a fact stands in a home's ledger, reading its files only; the proof is checked before it is given.

    Refuses a sequence that the ledger does not have (404), and a ledger that is damaged (409). Raises
    FileNotFoundError when there is no ledger.
    """
    home_id, root, leaves, row = _read(home, sequence)
    if row is None:
        title = f"There is no fact {sequence}; the newest is {len(leaves)}."
        raise refuse("no_such_fact", title, status=404, where="sequence")
    *columns, body = row
    path = tuple(step.hex() for step in inclusion_path(leaves, sequence - 1)) if sequence <= len(leaves) else ()
    values: list[Any] = [home_id, len(leaves), root, *columns, len(body), sha256(body).hexdigest(), path]
    made = Proof(*values)
    if not check_proof(made):
        raise _damaged(f"Fact {sequence} cannot be proved: the ledger is not as it was recorded.")
    return made


def consistency(home: Path, first: int) -> ConsistencyProof:
    """Prove that a home's ledger begins with its own first `first` facts, for who has seen their root."""
    home_id, root, leaves, _ = _read(home, 0)
    if not 0 < first <= len(leaves):
        title = f"There are {len(leaves)} facts, so none can be proved for {first}."
        raise refuse("no_such_fact", title, status=404, where="first")
    path = tuple(step.hex() for step in consistency_path(leaves, first))
    assert first < len(leaves) or not path, "a tree is its own beginning without proof"
    return ConsistencyProof(home_id, first, tree_root(leaves[:first]).hex(), len(leaves), root, path)


def _read(home: Path, sequence: int) -> tuple[str, str, list[bytes], tuple[Any, ...] | None]:
    """Read the head, every leaf hash, and one fact."""
    try:
        with reading(home) as connection:
            home_id, root = connection.execute("SELECT home_id, root FROM head").fetchone()
            leaves = [leaf for (leaf,) in connection.execute("SELECT leaf FROM facts ORDER BY sequence")]
            row = connection.execute(_FACT, (sequence,)).fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError, TypeError) as fault:
        raise _damaged(f"The ledger's file cannot be read: {fault}.") from fault
    return home_id, root.hex(), leaves, row


def _damaged(title: str) -> ProblemError:
    return refuse("damaged", title, status=409, where="ledger.db", fix="Run `trivium ledger verify`.")
