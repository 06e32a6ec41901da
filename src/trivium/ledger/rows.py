"""Facts as rows: how a row of the table `facts` reads back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trivium.facts.fact import Fact, RecordedFact
from trivium.facts.kinds import Kind
from trivium.facts.problem import refuse, shown

_KINDS = {str(kind): kind for kind in Kind}


def fact_of(row: Any) -> RecordedFact:
    """Read a row whose columns stand in the table's order (`tables.FACT_COLUMNS`)."""
    sequence, recorded_at, happened_at, kind, subject, actor, source, key, _, body = row
    known = _KINDS.get(kind)
    if known is None:
        title = f"Fact {sequence} is of kind {shown(kind)}, which this version does not know."
        raise refuse("unknown_kind", title, status=409, where="ledger.db", fix="Run `trivium ledger verify`.")
    fact = Fact(kind=known, subject=subject, happened_at=happened_at, source=source, key=key, body=body, actor=actor)
    return RecordedFact(sequence=sequence, recorded_at=recorded_at, fact=fact)


def facts_of(rows: Iterable[Any]) -> list[RecordedFact]:
    """Read many rows."""
    return [fact_of(row) for row in rows]
