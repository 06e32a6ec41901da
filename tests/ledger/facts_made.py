"""Facts for tests: numbered, distinct, deterministic."""

from __future__ import annotations

from trivium.facts.fact import Fact
from trivium.facts.kinds import Kind


def fact(number: int, *, source: str = "test", body: bytes = b"", kind: Kind = Kind.LINEAGE_EVENT) -> Fact:
    """Make the fact of a number; the same number gives the same fact."""
    return Fact(
        kind=kind,
        subject=f"run:{number % 7}",
        happened_at=1_700_000_000_000_000 + number,
        source=source,
        key=f"key-{number}",
        body=body or b'{"number":%d}' % number,
        actor="tester",
    )
